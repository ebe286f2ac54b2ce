"""Who is in a collection and where they were seen, for everybody who asks.

Nothing here needs NumPy, whose import takes as long as a list of thousands of people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from storage.collection_facts import CollectionFacts
from storage.commands import Hash
from storage.data_keys import crop_context
from storage.decision_record import Decision
from storage.errors import RecordError
from storage.fields import Raw, reading
from storage.identity_record import Identity, number_of
from storage.older_ids import older_ids
from storage.sighting_record import Moment, Sighting
from storage.source_record import SourceRecord

_log = logging.getLogger(__name__)

# Keys read in one round trip.
_CHUNK = 500
# Fields of a large hash read in one.
_PAGE = 5000
# Fields of a track that say whose it is and where it begins.
_MOMENT = ("identity_id", "source_id", "first_s")

Record = TypeVar("Record")


class _Facts(NamedTuple):
    """What stands in different keys of people: values of `people`, names, who is ignored, what is unsure."""

    rows: Hash
    names: dict[str, str]
    ignored: set[str]
    unsure: dict[str, tuple[Moment, ...]]


class PeopleReader(CollectionFacts):
    """People and sources of one collection, as they are stored.

    A record that can't be read is an error where it was asked for by itself. Where many are read, it is left
    out with a warning in the log that names its key: one damaged record must not hide all others.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
        data_keys: What opens vectors and pictures, where the collection is encrypted.
    """

    # People ------------------------------------------------------------------------------------------------

    def people(self, identity_ids: Collection[str] | None = None) -> list[Identity]:
        """All people, or those of the ids that are there; the oldest first.

        Damaged records are left out with a warning.
        """
        if identity_ids is None:
            return self._made(*self._everybody())
        ids = sorted(identity_ids, key=lambda i: int(i[1:]))
        return self._made(ids, self._facts_of(ids))

    def _everybody(self) -> tuple[list[str], _Facts]:
        """Ids of all people, and what stands in the keys of all of them.

        It takes several round trips. Who got tracks from others meanwhile is read once more, and those others
        as well, so that nobody's sightings are with two of them, or with none.
        """
        changes = self._keys.changes
        latest = self._client.xrevrange(changes, count=1)
        since = latest[0][0] if latest else b"0-0"
        ids = {member.decode() for member in self._client.zrange(self._keys.identities, 0, -1)}
        facts = self._facts_of_all()
        moved: set[str] = set()
        while page := self._client.xrange(changes, b"(" + since, b"+", count=_PAGE):
            told = (raw.get(name) for _, raw in page if raw for name in (b"identity_id", b"other_id"))
            moved |= {identity_id.decode() for identity_id in told if identity_id}
            since = page[-1][0]
        if moved:
            now = self._facts_of(sorted(moved))
            for identity_id in moved:
                facts.rows.pop(identity_id.encode(), None)
                facts.unsure.pop(identity_id, None)
            facts.rows.update(now.rows)
            facts.names.update(now.names)
            facts.unsure.update(now.unsure)
            facts = facts._replace(ignored=(facts.ignored - moved) | now.ignored)
        return sorted(ids | moved, key=number_of), facts

    def _facts_of_all(self) -> _Facts:
        rows, names, ignored = self._whole_hash(self._keys.people), self.names(), self.ignored()
        # At rest there are none, and nothing is to be read.
        return _Facts(rows, names, ignored, self._unsure(self.provisional()))

    def _facts_of(self, ids: Sequence[str]) -> _Facts:
        keys = self._keys
        facts = _Facts({}, {}, set(), {})
        unsure: set[bytes] = set()
        # At rest there are none; whoever gets one in this moment is told of, and read again.
        any_unsure = self._client.exists(keys.provisional)
        for chunk in chunks(ids):
            # In one transaction: all that is told of somebody belongs to the same moment.
            with self._client.pipeline(transaction=True) as pipe:
                pipe.hmget(keys.people, [*chunk])
                pipe.hmget(keys.names, [*chunk])
                pipe.execute_command("SMISMEMBER", keys.ignored, *chunk)
                for identity_id in chunk if any_unsure else ():
                    pipe.execute_command("SINTER", keys.provisional, keys.identity_tracks(identity_id))
                rows, names, ignored, *provisional = pipe.execute()
            for identity_id, row, name, is_ignored in zip(chunk, rows, names, ignored, strict=True):
                if row is not None:
                    facts.rows[identity_id.encode()] = row
                facts.names[identity_id] = (name or b"").decode("utf-8", "replace")
                if is_ignored:
                    facts.ignored.add(identity_id)
            unsure.update(*provisional)
        return facts._replace(unsure=self._unsure(member.decode() for member in unsure))

    def _made(self, ids: Iterable[str], facts: _Facts) -> list[Identity]:
        rows, names, ignored, unsure = facts
        found: list[Identity] = []
        person: Identity | None
        for identity_id in ids:
            try:
                row = rows.get(identity_id.encode(), b"")
                person = Identity.decode_overview(
                    identity_id,
                    names.get(identity_id, ""),
                    row,
                    ignored=identity_id in ignored,
                    unsure=unsure.get(identity_id, ()),
                )
            except RecordError:
                person = self._person_or_leave_out(identity_id)
            # Who was merged or vanished since the list was read is nobody any more.
            if person is None or not person.tracks:
                continue
            if person.sightings:
                found.append(person)
            else:
                leave_out(self.without_sightings(identity_id))
        return found

    def without_sightings(self, identity_id: str) -> RecordError:
        """What there is to say of a person who has tracks and was never seen."""
        error = RecordError("somebody with tracks has no sightings", field="sightings")
        return error.at(self._keys.identity_sightings(identity_id))

    def _person_or_leave_out(self, identity_id: str) -> Identity | None:
        try:
            return self.person(identity_id)
        except RecordError as error:
            leave_out(error)
            return None

    def person(self, identity_id: str) -> Identity | None:
        """One identity as it is stored, or None if there never was one with this id.

        Also one that was merged into another (`merged_into`), or of which nothing is left (no tracks).

        Raises:
            RecordError: If the record is damaged; names the key.
        """
        key, sightings_key = self._keys.identity(identity_id), self._keys.identity_sightings(identity_id)
        # In one transaction: hash and sightings of a person belong to the same moment.
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(key)
            pipe.zrange(sightings_key, 0, -1)
            pipe.execute_command("SINTER", self._keys.provisional, self._keys.identity_tracks(identity_id))
            raw, members, provisional = pipe.execute()
        if not raw:
            return None
        unsure = self._unsure(member.decode() for member in provisional)
        with reading(sightings_key):
            sightings = tuple(Sighting.decode(member) for member in members)
        with reading(key):
            return Identity.decode(raw, sightings, unsure=unsure.get(identity_id, ()))

    def names(self) -> dict[str, str]:
        """Name of each person who has one."""
        found = self._whole_hash(self._keys.names)
        return {i.decode(): name.decode("utf-8", "replace") for i, name in found.items() if name}

    def names_of(self, identity_ids: Collection[str]) -> dict[str, str]:
        """Name of each of these people who has one."""
        ids = sorted(identity_ids)
        found = self._client.hmget(self._keys.names, ids) if ids else []
        return {i: name.decode("utf-8", "replace") for i, name in zip(ids, found, strict=True) if name}

    def ignored(self) -> set[str]:
        """Ids of the people whom lists leave out."""
        return {member.decode() for member in self._client.smembers(self._keys.ignored)}

    def provisional(self) -> set[str]:
        """Ids of the tracks of which nobody has confirmed yet whose they are."""
        return {member.decode() for member in self._client.smembers(self._keys.provisional)}

    def _unsure(self, track_ids: Iterable[str]) -> dict[str, tuple[Moment, ...]]:
        """Where tracks begin, by who has them; damaged ones are left out with a warning."""
        found: dict[str, list[Moment]] = {}
        for chunk in chunks(sorted(track_ids)):
            with self._client.pipeline(transaction=False) as pipe:
                for track_id in chunk:
                    pipe.hmget(self._keys.track(track_id), [*_MOMENT])
                rows: list[list[bytes | None]] = pipe.execute()
            for track_id, values in zip(chunk, rows, strict=True):
                raw = {name.encode(): value for name, value in zip(_MOMENT, values, strict=True) if value}
                begins = read_or_leave_out(self._keys.track(track_id), raw, Moment.decode)
                if begins is not None and b"identity_id" in raw:
                    found.setdefault(raw[b"identity_id"].decode(), []).append(begins)
        return {owner: tuple(sorted(moments)) for owner, moments in found.items()}

    def decisions(self) -> list[Decision]:
        """What people decided, by number; damaged entries are left out with a warning."""
        found = []
        for number, row in self._whole_hash(self._keys.decisions).items():
            try:
                with reading(self._keys.decisions):
                    found.append(Decision.decode(number, row))
            except RecordError as error:
                leave_out(error)
        return sorted(found, key=lambda decision: decision.number)

    def aliases(self, *identity_ids: str) -> set[str]:
        """Ids that were merged into these, directly or by way of others."""
        return older_ids(self.merged(), identity_ids)

    def merged(self) -> dict[str, str]:
        """Who was taken over, and by whom; asks about every id that was ever given."""
        newest = int(self._client.get(self._keys.next_identity) or 0)
        into: dict[str, str] = {}
        for chunk in chunks([f"p{number}" for number in range(1, newest + 1)]):
            with self._client.pipeline(transaction=False) as pipe:
                for other in chunk:
                    pipe.hget(self._keys.identity(other), "merged_into")
                for other, successor in zip(chunk, pipe.execute(), strict=True):
                    if successor:
                        into[other] = successor.decode()
        return into

    # Sources -----------------------------------------------------------------------------------------------

    def source(self, source_id: str) -> SourceRecord | None:
        """One source, or None if it is unknown.

        Raises:
            RecordError: If the record is damaged; names the key.
        """
        key = self._keys.source(source_id)
        raw = self._client.hgetall(key)
        with reading(key):
            return SourceRecord.decode(raw) if raw else None

    def sources(self, source_ids: Collection[str] | None = None) -> list[SourceRecord]:
        """All sources, or those of the ids that are known; sorted by path.

        Damaged records are left out with a warning.
        """
        if source_ids is None:
            source_ids = [member.decode() for member in self._client.smembers(self._keys.sources)]
        ids = sorted(source_ids)
        found = self._records((self._keys.source(source_id) for source_id in ids), SourceRecord.decode)
        return sorted(found, key=lambda source: (source.path, source.source_id))

    # Pictures -------------------------------------------------------------------------------------

    def crops(self, sample_ids: Iterable[str]) -> Iterator[bytes | None]:
        """JPEG of the crop of each sample, or None where there is none."""
        for chunk in chunks(list(sample_ids)):
            with self._client.pipeline(transaction=False) as pipe:
                for sample_id in chunk:
                    pipe.hget(self._keys.sample(sample_id), "crop_jpeg")
                for sample_id, crop in zip(chunk, pipe.execute(), strict=True):
                    yield self._opened_crop(sample_id, crop) if crop else None

    def _opened_crop(self, sample_id: str, crop: bytes) -> bytes | None:
        """A picture, or None where what is sealed is damaged."""
        try:
            with reading(self._keys.sample(sample_id)):
                return self._data_keys.open(crop, crop_context(sample_id))
        except RecordError as error:
            leave_out(error)
            return None

    def overview_ids(self) -> set[str]:
        """Ids of the people whom the overview holds."""
        return {member.decode() for member in self._client.hkeys(self._keys.people)}

    def _whole_hash(self, key: str) -> Hash:
        """A large hash, page by page, so that the server is never held up."""
        found: Hash = {}
        cursor = 0
        while True:
            cursor, page = self._client.hscan(key, cursor, count=_PAGE)
            found.update(page)
            if cursor == 0:
                return found

    def _records(self, keys: Iterable[str], decode: Callable[[Raw], Record]) -> Iterator[Record]:
        for chunk in chunks(list(keys)):
            with self._client.pipeline(transaction=False) as pipe:
                for key in chunk:
                    pipe.hgetall(key)
                replies = pipe.execute()
            for key, raw in zip(chunk, replies, strict=True):
                record = read_or_leave_out(key, raw, decode)
                if record is not None:
                    yield record


def read_or_leave_out(key: str, raw: Raw, decode: Callable[[Raw], Record]) -> Record | None:
    """The record, or None where there is none or it is damaged."""
    if not raw:
        return None
    try:
        with reading(key):
            return decode(raw)
    except RecordError as error:
        leave_out(error)
        return None


def leave_out(error: RecordError) -> None:
    """Say that a damaged record is passed over."""
    _log.warning("%s It is left out until then.", error)


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many keys at a time as are read in one round trip."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
