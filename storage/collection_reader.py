"""What is in a collection, for everybody who asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import redis

from storage.commands import Hash, commands_of
from storage.errors import RecordError
from storage.fields import Raw, reading
from storage.identity_record import Identity, Sighting
from storage.keys import Keys
from storage.sample_record import BareSample, FaceSample
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord

_log = logging.getLogger(__name__)

# Keys read in one round trip.
_CHUNK = 500

Record = TypeVar("Record")


class CollectionReader:
    """Sources, tracks, samples and people of one collection, as they are stored.

    A record that can't be read is an error where it was asked for by itself. Where many are read, it is left
    out with a warning in the log that names its key: one damaged record must not hide all others.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    @property
    def keys(self) -> Keys:
        """Key names of the collection."""
        return self._keys

    def meta(self) -> dict[str, str]:
        """Facts of the collection: schema, model_id, pack, licence, created_at_s."""
        raw = self._client.hgetall(self._keys.meta)
        return {name.decode(): value.decode() for name, value in raw.items()}

    # People ------------------------------------------------------------------------------------------------

    def people(self) -> list[Identity]:
        """All people, the oldest first; damaged records are left out with a warning."""
        ids = [member.decode() for member in self._client.zrange(self._keys.identities, 0, -1)]
        found: list[Identity] = []
        for chunk in _chunks(ids):
            for identity_id, (raw, members) in zip(chunk, self._identities(chunk), strict=True):
                try:
                    person = self._identity(identity_id, raw, members)
                except RecordError as error:
                    _leave_out(error)
                    continue
                # Who was merged or vanished since the list was read is nobody any more.
                if person.tracks:
                    found.append(person)
        return found

    def person(self, identity_id: str) -> Identity | None:
        """One identity as it is stored, or None if there never was one with this id.

        Also one that was merged into another (`merged_into`), or of which nothing is left (no tracks).

        Raises:
            RecordError: If the record is damaged; names the key.
        """
        ((raw, members),) = self._identities([identity_id])
        return self._identity(identity_id, raw, members) if raw else None

    def _identities(self, ids: Sequence[str]) -> list[tuple[Hash, list[bytes]]]:
        # In one transaction: hash and sightings of a person belong to the same moment.
        with self._client.pipeline(transaction=True) as pipe:
            for identity_id in ids:
                pipe.hgetall(self._keys.identity(identity_id))
                pipe.zrange(self._keys.identity_sightings(identity_id), 0, -1)
            replies = pipe.execute()
        return list(zip(replies[::2], replies[1::2], strict=True))

    def _identity(self, identity_id: str, raw: Raw, members: Iterable[bytes]) -> Identity:
        key = self._keys.identity_sightings(identity_id)
        with reading(key):
            sightings = tuple(Sighting.decode(member) for member in members)
        with reading(self._keys.identity(identity_id)):
            return Identity.decode(raw, sightings)

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

    def sources(self) -> list[SourceRecord]:
        """All sources, sorted by path; damaged records are left out with a warning."""
        ids = sorted(member.decode() for member in self._client.smembers(self._keys.sources))
        found = self._records((self._keys.source(source_id) for source_id in ids), SourceRecord.decode)
        return sorted(found, key=lambda source: (source.path, source.source_id))

    # Tracks and samples ------------------------------------------------------------------------------------

    def track_ids(self, source_id: str | None = None) -> list[str]:
        """Ids of all tracks, or of one source's, sorted."""
        key = self._keys.tracks if source_id is None else self._keys.source_tracks(source_id)
        return sorted(member.decode() for member in self._client.smembers(key))

    def tracks(self, track_ids: Iterable[str]) -> Iterator[TrackRecord]:
        """Tracks by id; unknown ids are left out, damaged records as well, with a warning."""
        return self._records((self._keys.track(track_id) for track_id in track_ids), TrackRecord.decode)

    def samples(self, sample_ids: Iterable[str]) -> Iterator[FaceSample]:
        """Samples by id; unknown ids are left out, damaged records as well, with a warning."""
        return self._records((self._keys.sample(sample_id) for sample_id in sample_ids), FaceSample.decode)

    def bare_samples(self, sample_ids: Iterable[str]) -> Iterator[BareSample]:
        """Samples by id without their crops, which are nine tenths of their bytes; else as `samples`."""
        for chunk in _chunks([self._keys.sample(sample_id) for sample_id in sample_ids]):
            with self._client.pipeline(transaction=False) as pipe:
                for key in chunk:
                    pipe.hmget(key, list(BareSample.FIELDS))
                    pipe.hstrlen(key, "crop_jpeg")
                replies = pipe.execute()
            for key, values, crop_bytes in zip(chunk, replies[::2], replies[1::2], strict=True):
                raw = {
                    name.encode(): value
                    for name, value in zip(BareSample.FIELDS, values, strict=True)
                    if value is not None
                }
                sample = _read_or_leave_out(key, raw, partial(BareSample.decode, has_crop=crop_bytes > 0))
                if sample is not None:
                    yield sample

    def crop(self, sample_id: str) -> bytes | None:
        """JPEG of a sample's crop, or None if there is none."""
        return self._client.hget(self._keys.sample(sample_id), "crop_jpeg") or None

    def _records(self, keys: Iterable[str], decode: Callable[[Raw], Record]) -> Iterator[Record]:
        for chunk in _chunks(list(keys)):
            with self._client.pipeline(transaction=False) as pipe:
                for key in chunk:
                    pipe.hgetall(key)
                replies = pipe.execute()
            for key, raw in zip(chunk, replies, strict=True):
                record = _read_or_leave_out(key, raw, decode)
                if record is not None:
                    yield record


def _read_or_leave_out(key: str, raw: Raw, decode: Callable[[Raw], Record]) -> Record | None:
    """The record, or None where there is none or it is damaged."""
    if not raw:
        return None
    try:
        with reading(key):
            return decode(raw)
    except RecordError as error:
        _leave_out(error)
        return None


def _leave_out(error: RecordError) -> None:
    _log.warning("%s It is left out until then.", error)


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
