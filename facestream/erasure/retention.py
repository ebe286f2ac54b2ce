"""How long a collection keeps what was found: said once, kept with it, required for cameras."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import click

from facestream.configuration.given_settings import settings
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.hint import command_line
from facestream.wiring import make_store
from storage.collection_reader import TrackFacts
from storage.connection import RedisHandle
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.requests import EraseRequest, Extent
from storage.retention_policy import DAYS, FOREVER, RetentionPolicy, days_of, written_days
from workers.expiry import Due, SeenTrack, due

UNNAMED_DAYS, NAMED_DAYS = 30.0, 365.0
"""What is proposed to whoever is asked."""


def given_policy() -> RetentionPolicy:
    """What the settings say."""
    table = settings().retention
    said = {name: getattr(table, name) for name in DAYS}
    days = {name: None if written is None else days_of(str(written)) for name, written in said.items()}
    return RetentionPolicy(**days, files=table.files)


def require_policy(handle: RedisHandle, keys: Keys, place: Place, *, began: str = "") -> None:
    """Refuse to look at cameras while nobody said how long people are kept; takes over what is set.

    Args:
        handle: The server.
        keys: Keys of the collection.
        place: Where it is, for messages.
        began: As for `IdentityStore.claim_model`.

    Raises:
        UsageError: If nobody did.
        CollectionGoneError: If the collection that is meant is no more.
    """
    store = make_store(handle, keys)
    policy = given_policy().over(store.retention())
    if not policy.is_said:
        missing = [name for name in ("unnamed", "named") if getattr(policy, name) is None]
        says = " and ".join(f"retention.{name}" for name in missing)
        variables = " and ".join(f"FACESTREAM_RETENTION_{name.upper()}" for name in missing)
        command = command_line(place, "retention", "--unnamed", "30", "--named", "365")
        raise UsageError(
            f"nobody has said yet how long people are kept whom cameras find. Set {says} to a number of days "
            f"or to {FOREVER!r}, in the table [retention] of the settings file or as {variables}; or say it "
            f"once for this collection: {command}"
        )
    store.keep_retention(policy, began=began)


def settle_policy(handle: RedisHandle, keys: Keys, place: Place, *, began: str = "") -> None:
    """The same, but on a terminal whoever sits there is asked, once for a collection."""
    store = make_store(handle, keys)
    policy = given_policy().over(store.retention())
    if not policy.is_said and sys.stdin.isatty():
        store.keep_retention(_asked(policy, place), began=began)
    require_policy(handle, keys, place, began=began)


def _asked(policy: RetentionPolicy, place: Place) -> RetentionPolicy:
    click.echo(
        "Cameras find people all day, and faces are biometric data. How long are they to be kept after they "
        f"were last seen? A number of days, or {FOREVER!r}. This is asked once and stays with collection "
        f"{place.collection!r}; `{command_line(place, 'retention')}` shows and changes it.",
        err=True,
    )

    def ask(question: str, said: float | None, usual: float) -> float:
        if said is not None:
            return said
        answer: float = click.prompt(
            question, default=written_days(usual), err=True, value_proc=_days_answered
        )
        return answer

    unnamed = ask("People without a name, days", policy.unnamed, UNNAMED_DAYS)
    named = ask("People with a name, days", policy.named, NAMED_DAYS)
    return RetentionPolicy(unnamed=unnamed, named=named).over(policy)


def _days_answered(written: str) -> float:
    try:
        return days_of(written.strip())
    except ValueError as error:
        raise click.BadParameter(f"write a number of days such as 30, or {FOREVER}.") from error


@dataclass(frozen=True, slots=True)
class Expected:
    """What an erasure would delete.

    Attributes:
        tracks: Tracks, with their vectors and pictures.
        people: People of whom nothing would be left.
        pictures: Tracks of which the pictures alone would go.
    """

    tracks: int
    people: int
    pictures: int


def expected(store: IdentityStore, request: EraseRequest, policy: RetentionPolicy | None = None) -> Expected:
    """What an erasure would delete now; nothing is changed.

    Args:
        store: The collection.
        request: What is to go.
        policy: How long is kept what, for `Extent.RETENTION`; default: what the collection says.
    """
    by_age = request.extent is Extent.RETENTION
    policy = policy or store.retention()
    if by_age and not policy.ends:
        return Expected(0, 0, 0)
    facts = list(store.track_facts())
    sources = {source.source_id: source for source in store.sources()}
    tracks = [SeenTrack(f.track_id, f.source_id, f.last_s, f.identity_id, pictured=True) for f in facts]
    named = set(store.names()) if by_age else set()
    found = due(request, policy, tracks, sources, named, time.time())
    return Expected(len(found.tracks), _whole(found, tracks), _pictured(store, found, facts_of=facts))


def _whole(found: Due, tracks: list[SeenTrack]) -> int:
    """How many people lose all of their tracks."""
    gone = set(found.tracks)
    losing = {track.identity_id for track in tracks if track.track_id in gone}
    staying = {track.identity_id for track in tracks if track.track_id not in gone}
    return len(losing - staying - {None})


def _pictured(store: IdentityStore, found: Due, facts_of: list[TrackFacts]) -> int:
    """Of how many tracks there are pictures that would go."""
    bare = set(found.pictures)
    sample_ids = {fact.track_id: fact.sample_ids for fact in facts_of if fact.track_id in bare}
    pictured = store.pictured([i for ids in sample_ids.values() for i in ids])
    return sum(not pictured.isdisjoint(ids) for ids in sample_ids.values())
