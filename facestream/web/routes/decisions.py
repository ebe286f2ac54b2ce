"""Routes of decisions: who is called what, who is whom, and who is shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from facestream.decisions.decision import Decision
from facestream.web import schemas
from facestream.web.context import Context, WebContext
from facestream.web.queries import Limit, Offset, PersonPath
from facestream.web.scopes import needs_read, needs_write

router = APIRouter(tags=["decisions"])

Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/decisions", dependencies=[needs_read])
def decisions(context: Context, offset: Offset = 0, limit: Limit = 50) -> schemas.Page[schemas.Decision]:
    """What was decided, the latest first."""
    log = context.store.decisions()[::-1]
    items = [_answer(decision) for decision in log[offset : offset + limit]]
    return schemas.Page(items=items, total=len(log), offset=offset, limit=limit)


@router.post("/people/{person_id}/name", dependencies=[needs_write])
def name(context: Context, person_id: PersonPath, body: schemas.NewName) -> schemas.Decided:
    """Say what people call somebody; an empty name takes it away."""
    with context.deciding.taken():
        decision = context.store.name(person_id, body.name)
    return _decided(context, decision)


@router.post("/people/merge", dependencies=[needs_write])
def merge(context: Context, body: schemas.Merge) -> schemas.Decided:
    """Say that people are one: `keep` takes over what the others have."""
    with context.deciding.taken():
        decision = context.store.merge(body.keep, *body.others)
    return _decided(context, decision)


@router.post("/people/{person_id}/split", dependencies=[needs_write])
def split(context: Context, person_id: PersonPath, body: schemas.Split) -> schemas.Decided:
    """Say that some tracks are somebody else, whose new id comes last in `people`."""
    with context.deciding.taken():
        decision = context.store.split(person_id, body.tracks)
    return _decided(context, decision)


@router.post("/people/differs", dependencies=[needs_write])
def differs(context: Context, body: schemas.Differs) -> schemas.Decided:
    """Say that two people are two, however alike they look."""
    with context.deciding.taken():
        decision = context.store.differs(body.first, body.second)
    return _decided(context, decision)


@router.post("/people/{person_id}/ignore", dependencies=[needs_write])
def ignore(context: Context, person_id: PersonPath, body: schemas.Ignore) -> schemas.Decided:
    """Leave somebody out of lists, or no longer."""
    with context.deciding.taken():
        decision = context.store.ignore(person_id, on=body.ignored)
    return _decided(context, decision)


@router.post("/people/{person_id}/cover", dependencies=[needs_write])
def cover(context: Context, person_id: PersonPath, body: schemas.Cover) -> schemas.Decided:
    """Show somebody by the best face of one of their tracks."""
    with context.deciding.taken():
        decision = context.store.cover(person_id, body.track)
    return _decided(context, decision)


@router.post("/decisions/{number}/undo", dependencies=[needs_write])
def undo(context: Context, number: Number) -> schemas.Decided:
    """Take a decision back."""
    with context.deciding.taken():
        decision = context.store.undo(number)
    told = next((one for one in context.store.decisions() if one.number == decision.undoes), None)
    return _decided(context, decision, told.people if told else ())


def _decided(context: WebContext, decision: Decision | None, people: tuple[str, ...] = ()) -> schemas.Decided:
    """The answer, once the next one of any other route shows what was decided."""
    if decision is None:
        return schemas.Decided(decision=None)
    context.people.refresh([*decision.people, *people])
    return schemas.Decided(decision=_answer(decision))


def _answer(decision: Decision) -> schemas.Decision:
    return schemas.Decision(
        number=decision.number,
        kind=decision.kind,
        made_at=decision.made_at,
        people=list(decision.people),
        tracks=list(decision.tracks),
        name=decision.name,
        name_before=decision.name_before,
        names_before=list(decision.names_before),
        names_dropped=list(decision.names_dropped),
        on=decision.on,
        undoes=decision.undoes,
        undone_by=decision.undone_by,
        about_forgotten=decision.about_forgotten,
        text=str(decision),
    )
