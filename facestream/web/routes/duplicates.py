"""Routes of duplicates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from facestream.search.search import in_words, there
from facestream.web.context import Context
from facestream.web.person_answers import person_answer
from facestream.web.schemas import Page
from facestream.web.scopes import needs_read
from facestream.web.search_schemas import DuplicatePair

router = APIRouter(tags=["duplicates"])

_PATIENCE_S = 10.0


@router.get("/duplicates", dependencies=[needs_read])
def duplicates(
    context: Context,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[DuplicatePair]:
    """Pairs who are likely one person twice, the likeliest first.

    Without pairs that a decision says are two, who were seen at the same time, or one of whom is ignored.
    """
    pairs = context.search.people.duplicates(_PATIENCE_S)
    answers = []
    for pair in pairs[offset : offset + limit]:
        first, second = (there(person, context.store.person) for person in (pair.first, pair.second))
        # Merged or forgotten in this very moment, they are no pair any more.
        if first is None or second is None or first.id == second.id:
            continue
        answers.append(
            DuplicatePair(
                first=person_answer(first),
                second=person_answer(second),
                similarity=pair.similarity,
                sureness=pair.sureness,
                verdict=in_words(pair.sureness),
            )
        )
    return Page[DuplicatePair](items=answers, total=len(pairs), offset=offset, limit=limit)
