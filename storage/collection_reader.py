"""What is in a collection, for everybody who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from storage.commands import Hash
from storage.data_keys import kept_out_context, template_context
from storage.erasure_record import ErasureRecord
from storage.errors import RecordError
from storage.fields import Raw, number, reading, text
from storage.kept_out_record import KeptOut, ids_of_field
from storage.people_reader import PeopleReader, chunks, read_or_leave_out
from storage.recluster_record import ReclusterRecord
from storage.retention_policy import RetentionPolicy
from storage.sample_record import BareSample, FaceSample
from storage.template_record import TemplateTable
from storage.track_record import TrackRecord

# Entries of a stream read in one round trip.
_PAGE = 5000
_TRACK_FACTS = ("track_id", "source_id", "last_s", "identity_id", "sample_ids")


class TrackFacts(NamedTuple):
    """What tells the age of a track.

    Attributes:
        track_id: The track.
        source_id: Where it was seen.
        last_s: Media time of its last face.
        identity_id: Whose it is, or None.
        sample_ids: Its embedded faces.
    """

    track_id: str
    source_id: str
    last_s: float
    identity_id: str | None
    sample_ids: tuple[str, ...]

    @classmethod
    def decode(cls, raw: Raw) -> TrackFacts:
        """Read the fields of a track.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            text(raw, "track_id"),
            text(raw, "source_id"),
            number(raw, "last_s"),
            text(raw, "identity_id", "") or None,
            tuple(text(raw, "sample_ids", "").split()),
        )


class CollectionReader(PeopleReader):
    """Sources, tracks, samples and people of one collection, as they are stored.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
        data_keys: What opens vectors and pictures, where the collection is encrypted.
    """

    # Tracks and samples ------------------------------------------------------------------------------------

    def track_ids(self, source_id: str | None = None, identity_id: str | None = None) -> list[str]:
        """Ids of all tracks, or of one source's, or of one person's, sorted."""
        key = self._keys.tracks if source_id is None else self._keys.source_tracks(source_id)
        if identity_id is not None:
            key = self._keys.identity_tracks(identity_id)
        return sorted(member.decode() for member in self._client.smembers(key))

    def track_facts(self) -> Iterator[TrackFacts]:
        """What tells the age of each track, without what is large; damaged ones are left out."""
        for chunk in chunks(self.track_ids()):
            with self._client.pipeline(transaction=False) as pipe:
                for track_id in chunk:
                    pipe.hmget(self._keys.track(track_id), [*_TRACK_FACTS])
                rows: list[list[bytes | None]] = pipe.execute()
            for track_id, values in zip(chunk, rows, strict=True):
                raw = {
                    name.encode(): v for name, v in zip(_TRACK_FACTS, values, strict=True) if v is not None
                }
                found = read_or_leave_out(self._keys.track(track_id), raw, TrackFacts.decode)
                if found is not None:
                    yield found

    def pictured(self, sample_ids: Collection[str]) -> set[str]:
        """Those of some samples of which there is a picture."""
        found: set[str] = set()
        for chunk in chunks(sorted(sample_ids)):
            with self._client.pipeline(transaction=False) as pipe:
                for sample_id in chunk:
                    pipe.hstrlen(self._keys.sample(sample_id), "crop_jpeg")
                found.update(i for i, length in zip(chunk, pipe.execute(), strict=True) if length)
        return found

    def tracks(self, track_ids: Iterable[str]) -> Iterator[TrackRecord]:
        """Tracks by id; unknown ids are left out, damaged records as well, with a warning."""
        return self._records((self._keys.track(track_id) for track_id in track_ids), TrackRecord.decode)

    def samples(self, sample_ids: Iterable[str]) -> Iterator[FaceSample]:
        """Samples by id; unknown ids are left out, damaged records as well, with a warning."""
        decode = partial(FaceSample.decode, data_keys=self._data_keys)
        return self._records((self._keys.sample(sample_id) for sample_id in sample_ids), decode)

    def bare_samples(self, sample_ids: Iterable[str]) -> Iterator[BareSample]:
        """Samples by id without their crops, which are nine tenths of their bytes; else as `samples`."""
        for chunk in chunks([self._keys.sample(sample_id) for sample_id in sample_ids]):
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
                decode = partial(BareSample.decode, has_crop=crop_bytes > 0, data_keys=self._data_keys)
                sample = read_or_leave_out(key, raw, decode)
                if sample is not None:
                    yield sample

    def unclaimed(self) -> dict[str, float]:
        """Unix time at which each sample was taken in that no track names yet, by id."""
        rows = self._client.zrange(self._keys.unclaimed, 0, -1, withscores=True)
        return {sample_id.decode(): taken_in_s for sample_id, taken_in_s in rows}

    def unclaimed_of(self, track_ids: Collection[str]) -> set[str]:
        """Ids of the samples of tracks that no track names yet, as where the record of one was put aside."""
        wanted = {track_id.encode() for track_id in track_ids}
        found: set[str] = set()
        for chunk in chunks([*self.unclaimed()] if wanted else []):
            with self._client.pipeline(transaction=False) as pipe:
                for sample_id in chunk:
                    pipe.hget(self._keys.sample(sample_id), "track_id")
                for sample_id, track_id in zip(chunk, pipe.execute(), strict=True):
                    if track_id in wanted:
                        found.add(sample_id)
        return found

    def templates(self, dimension: int) -> TemplateTable:
        """What a search compares: the templates of all tracks that belong to somebody.

        Args:
            dimension: Length of the collection's vectors.
        """
        templates = self._opened(self._whole_hash(self._keys.templates))
        return TemplateTable.of(templates, self._whole_hash(self._keys.assignments), dimension)

    def template_pages(self, dimension: int) -> Iterator[TemplateTable]:
        """The same page by page, so that never more than one is in memory.

        A track that comes or goes meanwhile may be left out, and one may come twice.
        """
        cursor = 0
        while True:
            cursor, page = self._client.hscan(self._keys.templates, cursor, count=_PAGE)
            if page:
                yield self._owned(page, dimension)
            if cursor == 0:
                return

    def templates_of(self, track_ids: Collection[str], dimension: int) -> TemplateTable:
        """The same of some tracks; those that have none, or belong to nobody, are left out."""
        ids = list(track_ids)
        values = self._client.hmget(self._keys.templates, ids) if ids else []
        rows = zip(ids, values, strict=True)
        return self._owned({i.encode(): value for i, value in rows if value is not None}, dimension)

    def _owned(self, templates: Hash, dimension: int) -> TemplateTable:
        ids = [track_id.decode() for track_id in templates]
        values = self._client.hmget(self._keys.assignments, ids) if ids else []
        owners = {i.encode(): value for i, value in zip(ids, values, strict=True) if value is not None}
        return TemplateTable.of(self._opened(templates), owners, dimension)

    def _opened(self, templates: Hash) -> Hash:
        """Templates as they were before they were sealed, each by itself."""
        opened: Hash = {}
        for track_id, row in templates.items():
            try:
                opened[track_id] = self._data_keys.open(row, template_context(track_id.decode()))
            except RecordError:
                # One row more that is damaged: the table leaves it out and says so.
                opened[track_id] = b""
        return opened

    def template_rows(self, track_ids: Collection[str]) -> Hash:
        """Bytes of the templates of some tracks, whoever has them; those that have none are left out."""
        ids = list(track_ids)
        values = self._client.hmget(self._keys.templates, ids) if ids else []
        rows = zip(ids, values, strict=True)
        return self._opened({i.encode(): value for i, value in rows if value is not None})

    def kept_out(self, dimension: int) -> list[KeptOut]:
        """What is kept of people who were forgotten; what is damaged is left out with a warning.

        Args:
            dimension: Length of the collection's vectors.
        """
        key, found = self._keys.kept_out, self._client.hgetall(self._keys.kept_out)

        def decode(raw: Raw) -> KeptOut:
            ((name, row),) = raw.items()
            written = name.decode("utf-8", "replace")
            return KeptOut.decode(written, self._data_keys.open(row, kept_out_context(written)), dimension)

        kept = (read_or_leave_out(key, {name: row}, decode) for name, row in found.items())
        return [one for one in kept if one is not None]

    def kept_out_ids(self) -> list[tuple[str, ...]]:
        """All ids of each person who was forgotten and of whom templates are kept."""
        names = self._client.hkeys(self._keys.kept_out)
        return sorted(ids_of_field(name.decode("utf-8", "replace")) for name in names)

    def template_ids(self) -> set[str]:
        """Ids of the tracks that have a template."""
        return {member.decode() for member in self._client.hkeys(self._keys.templates)}

    def assignments(self) -> dict[str, str]:
        """Person of each track that has one, by track id."""
        found = self._whole_hash(self._keys.assignments)
        return {track_id.decode(): identity_id.decode() for track_id, identity_id in found.items()}

    def reclusters(self, limit: int | None) -> list[ReclusterRecord]:
        """What the latest re-clusters did, the last one first; damaged ones are left out with a warning."""
        key = self._keys.reclusters
        entries = self._client.xrevrange(key, count=limit)
        found = (
            read_or_leave_out(f"{key} {entry_id.decode()}", raw or {}, ReclusterRecord.decode)
            for entry_id, raw in entries
        )
        return [record for record in found if record is not None]

    def settled_by(self) -> str | None:
        """How the last re-cluster grouped tracks; None before the first."""
        last = self.reclusters(1)
        return last[0].clustering if last else None

    # Retention ---------------------------------------------------------------------------------------------

    def retention(self) -> RetentionPolicy:
        """How long what was found is kept.

        Raises:
            RecordError: If the record is damaged; names the key.
        """
        with reading(self._keys.retention):
            return RetentionPolicy.decode(self._client.hgetall(self._keys.retention))

    def owes_rewrite(self) -> bool:
        """Whether something was erased that files may hold still, of the server or beside it."""
        erased, rewritten = self._client.hmget(self._keys.meta, ["erased_at_s", "rewritten_at_s"])
        return erased is not None and float(erased) >= float(rewritten or 0)

    def erasures(self, limit: int | None) -> list[ErasureRecord]:
        """What the latest erasures erased, the last one first; damaged ones are left out with a warning."""
        key = self._keys.erasures
        found = (
            read_or_leave_out(f"{key} {entry_id.decode()}", raw or {}, ErasureRecord.decode)
            for entry_id, raw in self._client.xrevrange(key, count=limit)
        )
        return [record for record in found if record is not None]

    def newest_erasure(self) -> bytes:
        """Id of the newest entry about an erasure; the lowest there is where there is none."""
        newest = self._client.xrevrange(self._keys.erasures, count=1)
        return newest[0][0] if newest else b"0-0"

    def erasures_after(self, entry_id: bytes) -> list[ErasureRecord]:
        """What was erased since then, in order; damaged entries are left out with a warning."""
        key = self._keys.erasures
        found = (
            read_or_leave_out(f"{key} {number.decode()}", raw or {}, ErasureRecord.decode)
            for number, raw in self._client.xrange(key, b"(" + entry_id, b"+")
        )
        return [record for record in found if record is not None]

    # Streams -----------------------------------------------------------------------------------------------

    def stream(self, key: str, after: bytes = b"", below: bytes = b"") -> Iterator[tuple[bytes, Hash]]:
        """Entries of a stream with their ids, oldest first, page by page.

        Args:
            key: The stream.
            after: Only those that came after this id; empty for all.
            below: Only those with an id below this; empty for all.
        """
        first, last = b"(" + after if after else b"-", b"(" + below if below else b"+"
        while page := self._client.xrange(key, first, last, count=_PAGE):
            yield from ((entry_id, raw) for entry_id, raw in page if raw is not None)
            first = b"(" + page[-1][0]
