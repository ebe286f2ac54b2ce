"""Sources, tracks, faces and pictures of a collection, from Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.errors import NotFoundError
from facestream.people.person import Face
from facestream.people.seen_people import SeenPeople
from storage.source_record import SourceRecord

if TYPE_CHECKING:
    from facestream.clusters.recluster import Recluster
    from facestream.people.track import Track
    from facestream.recorded.file_presence import SourceFile


@dataclass(slots=True, eq=False)
class FollowedFaces(SeenPeople):
    """An open collection that tells what people are made of."""

    def thumbnail(self, sample_id: str) -> bytes | None:
        """JPEG of a face with margin, at most 256 px, or None if there is none."""
        return next(self.thumbnails([sample_id]))

    def thumbnails(self, sample_ids: Iterable[str]) -> Iterator[bytes | None]:
        """JPEG of each face, as `thumbnail` gives it."""
        with self._errors():
            yield from self._reader.crops(sample_ids)

    def sources(self) -> list[SourceRecord]:
        """All sources, sorted by path."""
        with self._errors():
            return self._reader.sources()

    def source_files(self) -> list[SourceFile]:
        """All sources, sorted by path, with how many people were seen in each and what became of its file.

        Files are looked for on this machine: those of another one that uses the same server are away here.
        """
        from facestream.recorded.file_presence import SourceFile, file_presences

        sources = self.sources()
        people = Counter(
            source_id for person in self._everybody() for source_id in {s.source_id for s in person.sightings}
        )
        return [
            SourceFile(source, presence, people[source.source_id])
            for source, presence in zip(sources, file_presences(sources), strict=True)
        ]

    def tracks(self, person_id: str | None = None, source_id: str | None = None) -> Iterator[Track]:
        """Tracks in the order of their ids: all, or those of a person, or of a source.

        Raises:
            NotFoundError: If there is no such person.
        """
        from facestream.people.track import track_of

        with self._errors():
            owner = self._identity(person_id).identity_id if person_id else None
            ids = self._identities.track_ids(source_id, owner)
            sources = {source.source_id: source for source in self._reader.sources()}
            unsure = self._reader.provisional()
            for record in self._identities.tracks(ids):
                if source_id in (None, record.source_id):
                    source, provisional = sources.get(record.source_id), record.track_id in unsure
                    yield track_of(record, source, provisional=provisional)

    def track(self, track_id: str) -> Track:
        """One track, with its samples.

        Raises:
            NotFoundError: If there is none with this id.
        """
        from facestream.people.track import track_of

        with self._errors():
            record = next(self._identities.tracks([track_id]), None)
            if record is None:
                raise NotFoundError(
                    f"no track {track_id!r} in collection {self.collection!r}. "
                    f"`{self.hint('tracks', 'list')}` and `{self.hint('export')}` show the ids.",
                    what=track_id,
                )
            samples = list(self._identities.bare_samples(record.sample_ids))
            source, unsure = self._reader.source(record.source_id), self._reader.provisional()
            return track_of(record, source, samples, provisional=track_id in unsure)

    def provisional_tracks(self) -> set[str]:
        """Ids of the tracks of which a re-cluster may still correct whose they are."""
        with self._errors():
            return self._reader.provisional()

    def track_thumbnails(self, track_ids: Iterable[str]) -> Iterator[bytes | None]:
        """JPEG of the best face of each track, as `thumbnail` gives it; None for a track without one."""
        for track_id in track_ids:
            with self._errors():
                record = next(self._identities.tracks([track_id]), None)
                samples = self._identities.bare_samples(record.sample_ids if record else ())
                best = max(
                    (sample for sample in samples if sample.has_crop),
                    key=lambda sample: sample.quality,
                    default=None,
                )
            yield self.thumbnail(best.sample_id) if best else None

    def faces(self, source_id: str | Collection[str] | None = None) -> Iterator[Face]:
        """Every face of every sampled frame, source by source in order of time.

        Args:
            source_id: Only this source, or these.
        """
        from facestream.people.track import track_of

        wanted = {source_id} if isinstance(source_id, str) else source_id
        with self._errors():
            sources = [s for s in self._reader.sources() if wanted is None or s.source_id in wanted]
            unsure = self._reader.provisional()
        for source in sources:
            with self._errors():
                ids = self._identities.track_ids(source.source_id)
                tracks = [
                    track_of(record, source, provisional=record.track_id in unsure)
                    for record in self._identities.tracks(ids)
                ]
            rows = [face for track in tracks for face in track.faces]
            yield from sorted(rows, key=lambda face: (face.frame, face.box_xyxy))

    def reclusters(self, limit: int | None = None) -> list[Recluster]:
        """What re-clusters did to the people, the last one first.

        Args:
            limit: At most so many; None is all that are kept.
        """
        from facestream.clusters.recluster import Recluster

        with self._errors():
            return [Recluster.of(record) for record in self._identities.reclusters(limit)]
