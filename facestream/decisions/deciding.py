"""Deciding about people: what can be decided, and how it comes about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.configuration.settings import Place
from facestream.decisions.decision import Decision, decisions_of
from facestream.decisions.kept_names import KeptNames
from facestream.decisions.refusal import Log, Refusal
from facestream.errors import NotFoundError, UsageError
from facestream.models.own_models import models_for
from facestream.wiring import keys_of, make_calibration, make_log, make_queue, make_store
from storage.connection import RedisHandle
from storage.decision_record import Decision as Record
from storage.decision_record import DecisionKind, Side
from storage.errors import OvertakenError
from storage.identity_record import Identity, is_identity_id
from workers.personal_rulings import covers_of, ignored_after, name_after
from workers.rulings import (
    constraints_of,
    contradicted,
    in_force,
    own_tracks,
)

if TYPE_CHECKING:
    from storage.track_record import TrackRecord

_TRIES = 50
# A cluster worker that has to read a large collection first, or is in the middle of a re-cluster.
_PATIENCE_S = 600.0
# By way of the cluster worker, which alone may change who has which track.
_CARRIED_OUT = frozenset({DecisionKind.MERGE, DecisionKind.SPLIT, DecisionKind.DIFFERS, DecisionKind.COVER})


class _ChangesNothing(Exception):  # noqa: N818 - no error
    """What was to be decided is so already."""


class Deciding:
    """Makes decisions about the people of one collection.

    Args:
        handle: The server.
        place: Where the collection is.
        identity: Gives the record of a person there is by id or name; raises `NotFoundError` or `UsageError`.
        models: Model pack; None for the collection's own.
    """

    def __init__(
        self, handle: RedisHandle, place: Place, identity: Callable[[str], Identity], models: str | None
    ) -> None:
        keys = keys_of(place)
        self._place = place
        self._handle = handle
        self._keys = keys
        self._identity = identity
        self._models = models
        self._refusal = Refusal(place, models)
        self._store = make_store(handle, keys)
        self._log = make_log(handle, keys)

    # What can be decided -------------------------------------------------------------------------------

    def merge(self, keep: str, others: Sequence[str]) -> Decision:
        """Make several people one, the first of them."""

        def make(log: Log) -> Record:
            people = [self._identity(who) for who in (keep, *others)]
            first = people[0]
            asked: dict[str, str] = {}
            for person, who in zip(people, (keep, *others), strict=True):
                if person.identity_id in asked:
                    raise UsageError(
                        f"{asked[person.identity_id]} and {who} are one person already, "
                        f"{person.identity_id}. Name each person once."
                    )
                asked[person.identity_id] = who
            if len(people) < 2:
                raise UsageError(f"{keep} can't be merged with nobody. Name at least two people.")
            own = own_tracks(log, map(self._tracks, people))
            sides = tuple(Side(p.identity_id, tracks) for p, tracks in zip(people, own, strict=True))
            names = tuple(person.name for person in people)
            return Record(
                DecisionKind.MERGE,
                sides,
                name="" if first.name else next(filter(None, names), ""),
                names_before=names if any(names) else (),
            )

        return self._decide(make)

    def split(self, who: str, track_ids: Sequence[str]) -> Decision:
        """Make tracks of a person somebody else."""
        new_id = ""

        def make(_log: Log) -> Record:
            nonlocal new_id
            person = self._identity(who)
            moving = tuple(dict.fromkeys(self._track(person, track_id).track_id for track_id in track_ids))
            rest = tuple(t for t in self._tracks(person) if t not in set(moving))
            if not moving or not rest:
                raise self._refusal.nobody_split(person, moving)
            new_id = new_id or self._store.new_identity_id()
            return Record(DecisionKind.SPLIT, (Side(person.identity_id, rest), Side(new_id, moving)))

        return self._decide(make)

    def differs(self, first: str, second: str) -> Decision | None:
        """Keep two people two; None where that was said of all their tracks already."""

        def make(log: Log) -> Record:
            people = [self._identity(who) for who in (first, second)]
            if people[0].identity_id == people[1].identity_id:
                paths = [self._path(who) for who in (first, second)]
                raise self._refusal.one_person(log, (first, second), people[0], paths)
            one, other = (tuple(self._tracks(person)) for person in people)
            said = constraints_of(log)
            if all(said.against(track_id).issuperset(other) for track_id in one):
                raise _ChangesNothing
            sides = (Side(people[0].identity_id, one), Side(people[1].identity_id, other))
            return Record(DecisionKind.DIFFERS, sides)

        return self._decide_unless_so(make)

    def cover(self, who: str, track_id: str) -> Decision | None:
        """Show a person by the best face of a track; None where they are."""

        def make(log: Log) -> Record:
            person = self._identity(who)
            track = self._track(person, track_id)
            mine = set(self._tracks(person))
            if next((t for t in covers_of(in_force(log)) if t in mine), None) == track.track_id:
                raise _ChangesNothing
            if not any(sample.has_crop for sample in self._store.bare_samples(track.sample_ids)):
                raise UsageError(f"there is no picture of track {track_id}. Choose another one.")
            return Record(DecisionKind.COVER, (Side(person.identity_id, (track.track_id,)),))

        return self._decide_unless_so(make)

    def ignore(self, who: str, *, on: bool) -> Decision | None:
        """Leave a person out of lists, or no longer; None where it is so already."""

        def make(_log: Log) -> Record:
            person = self._identity(who)
            if person.ignored == on:
                raise _ChangesNothing
            return Record(
                DecisionKind.IGNORE, (Side(person.identity_id, tuple(self._tracks(person))),), on=on
            )

        return self._decide_unless_so(make)

    def name(self, who: str, name: str) -> Decision | None:
        """Say what people call somebody; None where they do already."""
        while True:
            person = self._identity(who)
            if person.name == name:
                return None
            number = self._log.rename(person.identity_id, name)
            # Somebody who is merged into another between the two steps is looked up again.
            if number is not None:
                return self._made(number)

    def undo(self, number: int | None) -> Decision:
        """Take a decision back."""

        def make(log: Log) -> Record:
            told = self._refusal.to_undo(log, number)
            undo = Record(DecisionKind.UNDO, undoes=told.number)
            names = KeptNames(self._store, self._bearer, self._refusal)
            names.check(told, [*log, replace(undo, number=log[-1].number + 1)])
            return undo

        return self._decide(make)

    # How it comes about --------------------------------------------------------------------------------

    def _decide_unless_so(self, make: Callable[[Log], Record]) -> Decision | None:
        """The same as `_decide`; None where `make` finds that it would change nothing."""
        try:
            return self._decide(make)
        except _ChangesNothing:
            return None

    def _decide(self, make: Callable[[Log], Record]) -> Decision:
        """Make a decision, and wait until it is carried out.

        Args:
            make: Makes it for a log that it must fit; called again where somebody decided in between.
        """
        for _ in range(_TRIES):
            log, size = self._log.read()
            decision = make(log)
            if decision.kind is not DecisionKind.UNDO:
                earlier = contradicted(log, decision)
                if earlier is not None:
                    raise self._refusal.contradiction(log, earlier)
            try:
                return self._made(self._enter(log, size, decision))
            except OvertakenError as error:
                overtaken = error
        raise overtaken

    def _enter(self, log: Log, size: int, decision: Record) -> int:
        """Add a decision to the log and have it carried out; returns its number."""
        told = decision
        if decision.kind is DecisionKind.UNDO:
            told = next(d for d in log if d.number == decision.undoes)
        if told.kind in _CARRIED_OUT:
            # What a new person's id stands for begins with the decision.
            there = (
                decision.identity_ids[:1] if decision.kind is DecisionKind.SPLIT else decision.identity_ids
            )
            return self._carried_out(decision, size, there)
        person = self._bearer(told.identity_ids[0])
        if told.kind is DecisionKind.IGNORE:
            on = decision.on if told is decision else ignored_after(log, told)
            # Whoever took the person over is ignored or not by what was said of them.
            same = person is not None and person.identity_id == told.identity_ids[0]
            if on is not None and person is not None and same:
                return self._log.append_ignore(decision, size, person.identity_id, on=on)
        elif told.kind is DecisionKind.NAME:
            name = name_after(log, told)
            # Whoever took the person over may be called something else, or be called so by themselves.
            if (
                name is not None
                and person is not None
                and person.name == told.name
                and (name or not self._said_else(log, told, person))
            ):
                return self._log.append_name(decision, size, person.identity_id, name)
        return self._log.append_note(decision, size)

    def _said_else(self, log: Log, told: Record, person: Identity) -> bool:
        """Whether a name that is taken back was given by another decision to somebody who is the same now."""
        others = {
            decision.identity_ids[0]
            for decision in in_force(log)
            if decision.kind is DecisionKind.NAME and decision.name == told.name
        } - set(told.identity_ids)
        bearers = map(self._bearer, others)
        return any(bearer is not None and bearer.identity_id == person.identity_id for bearer in bearers)

    def _carried_out(self, decision: Record, size: int, there: Sequence[str]) -> int:
        # With all that groups faces: names and who is ignored need none of it.
        from facestream.clusters.background import Background

        models = models_for(self._store, self._place, self._models)
        manifest, calibration = make_calibration(models, self._place.data_dir)
        self._store.check_model(manifest.model_id, models)
        make_queue(self._handle, self._keys).prepare()
        number = self._log.append(decision, size, there)
        worker = make_cluster_worker(self._handle, self._keys, manifest, calibration)
        with Background(worker, self._handle) as background:
            background.wait_until(lambda: self._log.applied() >= number, _PATIENCE_S)
        return number

    def _made(self, number: int) -> Decision:
        log, _ = self._log.read()
        made = next((decision for decision in decisions_of(log) if decision.number == number), None)
        if made is None:
            raise NotFoundError(
                f"decision {number} is gone from the log: the collection was deleted or restored meanwhile.",
                what=str(number),
            )
        return made

    def _bearer(self, identity_id: str) -> Identity | None:
        try:
            return self._identity(identity_id)
        except NotFoundError:
            return None

    def _path(self, who: str) -> list[str]:
        """The ids by which an id, or a name, leads to its bearer."""
        asked = who.strip().lower()
        record = self._store.person(asked) if is_identity_id(asked) else self._identity(who)
        found: list[str] = []
        while record is not None and record.identity_id not in found:
            found.append(record.identity_id)
            record = self._store.person(record.merged_into) if record.merged_into else None
        return found

    def _tracks(self, person: Identity) -> list[str]:
        return self._store.track_ids(identity_id=person.identity_id)

    def _track(self, person: Identity, track_id: str) -> TrackRecord:
        """A track of a person.

        Raises:
            NotFoundError: If there is none with this id.
            UsageError: If it is somebody else's.
        """
        record = next(self._store.tracks([track_id.strip()]), None)
        if record is None:
            raise self._refusal.no_track(track_id, person)
        if record.identity_id != person.identity_id:
            raise self._refusal.foreign_track(record, person)
        return record
