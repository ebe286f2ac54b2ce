"""Routes of people."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from facestream.people.people_filter import SORTS
from facestream.people.person import Person
from facestream.web import schemas
from facestream.web.context import Context, WebContext
from facestream.web.person_answers import person_answer, sighting_answer
from facestream.web.queries import Limit, Offset, PersonPath, SeenWhere, Text
from facestream.web.scopes import needs_admin, needs_read
from facestream.web.track_answers import track_answer

router = APIRouter(tags=["people"])

Sort = Annotated[str, Query(pattern=f"^({'|'.join(SORTS)})$", description=f"One of {', '.join(SORTS)}.")]
Ignored = Literal["false", "true", "only"]


@router.get("/people", dependencies=[needs_read])
def people(
    context: Context,
    seen: SeenWhere,
    *,
    sort: Sort = "seconds",
    reverse: bool = False,
    q: Text = "",
    named: bool | None = None,
    ignored: Ignored = "false",
    min_seconds: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0,
    offset: Offset = 0,
    limit: Limit = 50,
) -> schemas.Page[schemas.Person]:
    """List people: those seen longest first, unless `sort` says otherwise.

    With a source, a camera or a time, sightings and seconds are those that match. `q` is a part of the name,
    or an id. `ignored=true` lists those who are ignored as well, `ignored=only` nobody else.
    """
    where = replace(
        seen,
        text=q,
        named=named,
        min_seconds=min_seconds,
        ignored=ignored == "true",
        only_ignored=ignored == "only",
    )
    found, total = context.people.people(where, offset, limit, sort=sort, reverse=reverse)
    return schemas.Page(
        items=[person_answer(person) for person in found], total=total, offset=offset, limit=limit
    )


@router.get("/people/{person_id}", dependencies=[needs_read])
def person(context: Context, person_id: PersonPath) -> schemas.Person:
    """One person; an older id gives whoever took it over: compare `id`."""
    return person_answer(bearer(context, person_id))


@router.delete("/people/{person_id}", dependencies=[needs_admin])
def forget(
    context: Context, person_id: PersonPath, *, and_ignore_return: bool = False, exactly: bool = False
) -> schemas.Forgotten:
    """Forget a person: every trace is deleted, for good.

    With `and_ignore_return`, at most five templates of the face are kept, by which tracks of theirs that come
    later are left out. Forgetting them again deletes these. With `exactly` nobody is forgotten where they
    have become part of somebody else; else that one is.
    """
    with context.deciding.taken():
        done = context.store.forget(person_id, and_ignore_return=and_ignore_return, exactly=exactly)
    context.people.refresh([done.id, *done.older_ids])
    return schemas.Forgotten(
        id=done.id,
        older_ids=list(done.older_ids),
        tracks=done.tracks,
        sources=list(done.sources),
        templates_kept=done.templates_kept,
        templates_deleted=done.templates_deleted,
        history_erased=done.history_erased,
    )


@router.get("/people/{person_id}/sightings", dependencies=[needs_read])
def sightings(
    context: Context,
    person_id: PersonPath,
    where: SeenWhere,
    offset: Offset = 0,
    limit: Limit = 50,
) -> schemas.Page[schemas.Sighting]:
    """When and where a person was seen: what has a date by its date, then the others by their source."""
    seen = bearer(context, person_id).sightings
    if where.narrows:
        seen = tuple(filter(where.holds, seen))
    items = [sighting_answer(one) for one in seen[offset : offset + limit]]
    return schemas.Page(items=items, total=len(seen), offset=offset, limit=limit)


@router.get("/people/{person_id}/tracks", dependencies=[needs_read])
def tracks(
    context: Context, person_id: PersonPath, offset: Offset = 0, limit: Limit = 50
) -> schemas.Page[schemas.Track]:
    """The tracks of a person, by id."""
    page, total = context.store.track_page(person_id, offset, limit)
    return schemas.Page(
        items=[track_answer(track) for track in page], total=total, offset=offset, limit=limit
    )


def bearer(context: WebContext, person_id: str) -> Person:
    """Who has an id now.

    Raises:
        ForgottenError: If they were forgotten.
        NotFoundError: If there is nobody.
    """
    return context.people.person(person_id) or context.store.person(person_id)
