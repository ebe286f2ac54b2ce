"""Routes of sightings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from facestream.web import schemas
from facestream.web.context import Context
from facestream.web.person_answers import person_sighting_answer
from facestream.web.queries import Limit, Offset, SeenWhere
from facestream.web.routes.people import bearer
from facestream.web.scopes import needs_read

router = APIRouter(tags=["sightings"])


@router.get("/sightings", dependencies=[needs_read])
def sightings(
    context: Context,
    where: SeenWhere,
    person: Annotated[str | None, Query(pattern="^p[0-9]{1,18}$")] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> schemas.Page[schemas.PersonSighting]:
    """Who was seen, the newest first; what has no date comes last.

    Who is ignored is left out, unless they are the one who is asked for.
    """
    who = None if person is None else bearer(context, person).id
    found, total = context.people.sightings(where, offset, limit, person_id=who)
    items = [person_sighting_answer(*one) for one in found]
    return schemas.Page(items=items, total=total, offset=offset, limit=limit)
