"""Deciding about people: what can be decided, and how it comes about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from facestream.decision import Decision, decisions_of
from facestream.errors import DecisionError, NotFoundError, UsageError
from facestream.settings import Place
from facestream.wiring import keys_of, make_calibration, make_cluster_worker, make_log, make_queue, make_store
from storage.connection import RedisHandle
from storage.decision_record import Decision as Record
from storage.decision_record import DecisionKind, Side
from storage.errors import OvertakenError
from storage.identity_record import Identity
from workers.rulings import contradicted, ignored_after, in_force, name_after, own_tracks

if TYPE_CHECKING:
    from storage.track_record import TrackRecord

Log = Sequence[Record]

_TRIES = 50
# A cluster worker that has to read a large collection first, or is in the middle of a re-cluster.
_PATIENCE_S = 600.0
# By way of the cluster worker, which alone may change who has which track.
_CARRIED_OUT = frozenset({DecisionKind.MERGE, DecisionKind.SPLIT, DecisionKind.DIFFERS, DecisionKind.COVER})


class Deciding:
    """Makes decisions about the people of one collection.

    Args:
        handle: The server.
        place: Where the collection is.
        identity: Gives the record of a person there is by id or name; raises `NotFoundError` or `UsageError`.
        models: Model pack of the collection.
    """

    def __init__(
        self, handle: RedisHandle, place: Place, identity: Callable[[str], Identity], models: str
    ) -> None:
        keys = keys_of(place)
        self._place = place
        self._handle = handle
        self._keys = keys
        self._identity = identity
        self._models = models
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
            sides = tuple(Side(p.identity_id, own_tracks(log, self._tracks(p))) for p in people)
            moved = next((p.name for p in people[1:] if p.name), "")
            return Record(DecisionKind.MERGE, sides, name="" if first.name else moved)

        return self._decide(make)

    def split(self, who: str, track_ids: Sequence[str]) -> Decision:
        """Make tracks of a person somebody else."""
        new_id = ""

        def make(_log: Log) -> Record:
            nonlocal new_id
            person = self._identity(who)
            moving = tuple(dict.fromkeys(self._track(person, track_id).track_id for track_id in track_ids))
            rest = tuple(t for t in self._tracks(person) if t not in set(moving))
            if not moving:
                raise UsageError(f"no track of {person.identity_id} was named. {_where_tracks(person)}")
            if not rest:
                raise UsageError(
                    f"these are all tracks of {person.identity_id}: nothing would be left. Leave out those "
                    f"that stay. {_where_tracks(person)}"
                )
            new_id = new_id or self._store.new_identity_id()
            return Record(DecisionKind.SPLIT, (Side(person.identity_id, rest), Side(new_id, moving)))

        return self._decide(make)

    def differs(self, first: str, second: str) -> Decision:
        """Keep two people two."""

        def make(_log: Log) -> Record:
            people = [self._identity(who) for who in (first, second)]
            if people[0].identity_id == people[1].identity_id:
                raise UsageError(
                    f"{first} and {second} are one person, {people[0].identity_id}. Split tracks off "
                    f"instead: facestream people split {people[0].identity_id} TRACK..."
                )
            return Record(
                DecisionKind.DIFFERS, tuple(Side(p.identity_id, tuple(self._tracks(p))) for p in people)
            )

        return self._decide(make)

    def cover(self, who: str, track_id: str) -> Decision:
        """Show a person by the best face of a track."""

        def make(_log: Log) -> Record:
            person = self._identity(who)
            track = self._track(person, track_id)
            if not any(sample.has_crop for sample in self._store.bare_samples(track.sample_ids)):
                raise UsageError(f"there is no picture of track {track_id}. Choose another one.")
            return Record(DecisionKind.COVER, (Side(person.identity_id, (track.track_id,)),))

        return self._decide(make)

    def ignore(self, who: str, *, on: bool) -> Decision:
        """Leave a person out of lists, or no longer."""

        def make(_log: Log) -> Record:
            person = self._identity(who)
            if person.ignored == on:
                raise UsageError(f"{person.identity_id} is {'ignored already' if on else 'not ignored'}.")
            return Record(
                DecisionKind.IGNORE, (Side(person.identity_id, tuple(self._tracks(person))),), on=on
            )

        return self._decide(make)

    def undo(self, number: int | None) -> Decision:
        """Take a decision back."""

        def make(log: Log) -> Record:
            return Record(DecisionKind.UNDO, undoes=_to_undo(log, number).number)

        return self._decide(make)

    # How it comes about --------------------------------------------------------------------------------

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
                    raise _contradiction(log, earlier)
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
            # Whoever took the person over may be called something else.
            if name is not None and person is not None and person.name == told.name:
                return self._log.append_name(decision, size, person.identity_id, name)
        return self._log.append_note(decision, size)

    def _carried_out(self, decision: Record, size: int, there: Sequence[str]) -> int:
        # With all that groups faces: names and who is ignored need none of it.
        from facestream.background import Background

        manifest, calibration = make_calibration(self._models, self._place.data_dir)
        self._store.check_model(manifest.model_id, self._models)
        make_queue(self._handle, self._keys).prepare()
        number = self._log.append(decision, size, there)
        worker = make_cluster_worker(self._handle, self._keys, manifest, calibration)
        with Background(worker, self._handle) as background:
            background.wait_until(lambda: self._log.applied() >= number, _PATIENCE_S)
        return number

    def _made(self, number: int) -> Decision:
        log, _ = self._log.read()
        return next(decision for decision in decisions_of(log) if decision.number == number)

    def _bearer(self, identity_id: str) -> Identity | None:
        try:
            return self._identity(identity_id)
        except NotFoundError:
            return None

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
            raise NotFoundError(
                f"no track {track_id!r} in collection {self._keys.collection!r}. {_where_tracks(person)}",
                what=track_id,
            )
        if record.identity_id != person.identity_id:
            whose = f"{record.identity_id}'s" if record.identity_id else "nobody's"
            raise UsageError(
                f"track {record.track_id} is {whose}, not {person.identity_id}'s. {_where_tracks(person)}"
            )
        return record


def _where_tracks(person: Identity) -> str:
    return f"`facestream tracks list --person {person.identity_id}` lists the tracks of {person.identity_id}."


def _contradiction(log: Log, earlier: Record) -> DecisionError:
    decision = decisions_of(log)[[d.number for d in log].index(earlier.number)]
    when = decision.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return DecisionError(
        f"that contradicts decision {earlier.number} of {when}: {decision}. Nothing was done. "
        f"`facestream people undo {earlier.number}` takes that one back; then run the command again.",
        earlier=earlier.number,
    )


def _to_undo(log: Log, number: int | None) -> Record:
    """The decision that is to be taken back: the last one that counts, unless one is named.

    Raises:
        NotFoundError: If there is no such decision.
        UsageError: If it can't be taken back, or there is none that could.
    """
    counting = in_force(log)
    if number is None:
        if not counting:
            raise UsageError(
                "nothing was decided that could be taken back. `facestream people log` lists it."
            )
        return counting[-1]
    record = next((d for d in log if d.number == number), None)
    if record is None:
        raise NotFoundError(
            f"there is no decision {number}. `facestream people log` lists them.", what=str(number)
        )
    if record in counting:
        return record
    if record.kind is DecisionKind.UNDO:
        raise UsageError(
            f"decision {number} took decision {record.undoes} back; that can't be undone. Decide anew."
        )
    if record.redacted:
        raise UsageError(
            f"decision {number} was about somebody who was forgotten; there is nothing left to take back."
        )
    by = next(d.number for d in log if d.kind is DecisionKind.UNDO and d.undoes == number)
    raise UsageError(f"decision {number} was taken back already, by decision {by}.")
