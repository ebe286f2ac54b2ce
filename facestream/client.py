"""The Python client: the people of a collection, to be asked for, named, searched and forgotten."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.decided_people import DecidedPeople
from facestream.errors import NotFoundError
from facestream.people_filter import PeopleFilter, sorted_people
from facestream.person import Face, Person, person_of
from facestream.settings import AUTO_DEVICE, Place
from storage.source_record import SourceRecord

if TYPE_CHECKING:
    from facestream.forgetting import Forgotten
    from facestream.recluster import Recluster
    from facestream.search import FoundFace
    from facestream.track import Track
    from storage.sample_record import EmbeddedFace
    from storage.template_record import TemplateTable


@dataclass(slots=True, eq=False)
class Store(DecidedPeople):
    """An open collection; a context manager that closes it.

    Made by `facestream.connect`. Methods raise `storage.errors.StorageError` when Redis fails.
    """

    def collections(self) -> list[str]:
        """Names of all collections of this server."""
        from facestream.wiring import make_catalogue

        with self._errors():
            return make_catalogue(self._handle).names()

    # People ------------------------------------------------------------------------------------------------

    def people(
        self, where: PeopleFilter | None = None, *, sort: str = "seconds", reverse: bool = False
    ) -> list[Person]:
        """Everybody but those who are ignored, or those who match.

        Args:
            where: Who is meant, and which of their sightings.
            sort: One of `facestream.people_filter.SORTS`; by default those seen longest come first.
            reverse: The other way round.
        """
        with self._errors():
            sources = {source.source_id: source for source in self._reader.sources()}
            people = [person_of(identity, sources) for identity in self._reader.people()]
        return sorted_people((where or PeopleFilter()).apply(people), sort, reverse=reverse)

    def person(self, person_id: str) -> Person:
        """One person; an id that was merged into another gives the other.

        Args:
            person_id: Such as "p3", or the whole name of somebody. So it is wherever somebody is asked for.

        Raises:
            NotFoundError: If nobody has or had this id, or its bearer is no more, or nobody is called so.
            UsageError: If more than one person is called so.
        """
        with self._errors():
            return self._person(self._identity(person_id))

    def forget(self, person_id: str, *, models: str | None = None) -> Forgotten:
        """Delete every trace of a person: records, vectors, faces, events, thumbnails, older ids.

        Somebody who was forgotten already may be forgotten again: where that ended early, as on a full disk,
        what was left in files goes.

        Args:
            person_id: Who.
            models: Model pack; default: the collection's own.

        Raises:
            NotFoundError: If there is no such person.
            UsageError: If more than one person is called so.
            WorkerError: If the cluster worker fails.
        """
        from facestream.forgetting import forget

        with self._errors():
            identity = self._identity(person_id, also_forgotten=True)
            return forget(self._handle, self._place, self._identities, identity, models)

    def is_forgotten(self, person_id: str) -> bool:
        """Whether an id is one of somebody who was forgotten.

        Raises:
            NotFoundError: If nobody ever had it.
            UsageError: If it is a name, and more than one person is called so.
        """
        with self._errors():
            return self._identity(person_id, also_forgotten=True).forgotten

    def find(
        self,
        photo: str | os.PathLike[str],
        *,
        models: str | None = None,
        device: str = AUTO_DEVICE,
        limit: int = 5,
    ) -> list[FoundFace]:
        """Search for the faces of a photo among everybody.

        Args:
            photo: Path of the photo; it is not stored.
            models: Model pack; default: the collection's own.
            device: What its models run on: "auto", "cpu", "cuda:0" and the like.
            limit: Most people for each face.

        Returns:
            The faces of the photo, the largest first, each with the people it may be.

        Raises:
            StreamError: If the photo can't be read.
            NoFaceError: If there is no face in it.
            ModelConflictError: If the collection was made with other models.
            WorkerError: If the models can't be loaded.
        """
        from facestream.search import TemplateSearch, faces_of, read_photo
        from facestream.wiring import make_pack

        # What is wrong with the photo is said before the models are loaded.
        frame = read_photo(Path(photo))
        fitting = self.models_for(models)
        wanted = (fitting, device)
        pack = self._packs.get(wanted) or self._packs.setdefault(
            wanted, make_pack(fitting, self._place.data_dir, device)
        )
        with self._errors():
            self._identities.check_model(pack.manifest.model_id, fitting)
            faces = faces_of(frame, pack)
            search = TemplateSearch(self._identities.templates(pack.manifest.embedder.dimension), pack)
            return [
                search.found(face, limit, lambda person_id: self._person(self._identity(person_id)))
                for face in faces
            ]

    def thumbnail(self, sample_id: str) -> bytes | None:
        """JPEG of a face with margin, at most 256 px, or None if there is none."""
        return next(self.thumbnails([sample_id]))

    def thumbnails(self, sample_ids: Iterable[str]) -> Iterator[bytes | None]:
        """JPEG of each face, as `thumbnail` gives it."""
        with self._errors():
            yield from self._reader.crops(sample_ids)

    def templates(self, model_id: str, dimension: int) -> TemplateTable:
        """One vector for each track that belongs to somebody: the mean of its embeddings, as arrays.

        Args:
            model_id: Embedding space of the vectors.
            dimension: Their length.

        Raises:
            ModelConflictError: If the collection was made with other models.
        """
        with self._errors():
            self._identities.check_model(model_id)
            return self._identities.templates(dimension)

    # Sources and tracks ------------------------------------------------------------------------------------

    def sources(self) -> list[SourceRecord]:
        """All sources, sorted by path."""
        with self._errors():
            return self._reader.sources()

    def tracks(self, person_id: str | None = None, source_id: str | None = None) -> Iterator[Track]:
        """Tracks in the order of their ids: all, or those of a person, or of a source.

        Raises:
            NotFoundError: If there is no such person.
        """
        from facestream.track import track_of

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
        from facestream.track import track_of

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

    def tracks_by_id(self, track_ids: Sequence[str]) -> list[Track]:
        """Tracks with their samples, in the order given; those that are no more are left out."""
        from facestream.track import track_of

        with self._errors():
            records = list(self._identities.tracks(track_ids))
            sources = {
                source.source_id: source
                for source in self._reader.sources({record.source_id for record in records})
            }
            samples: dict[str, list[EmbeddedFace]] = {}
            for sample in self._identities.bare_samples([i for r in records for i in r.sample_ids]):
                samples.setdefault(sample.track_id, []).append(sample)
            unsure = self._reader.provisional()
            return [
                track_of(
                    record,
                    sources.get(record.source_id),
                    samples.get(record.track_id, ()),
                    provisional=record.track_id in unsure,
                )
                for record in records
            ]

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

    def faces(self, source_id: str | None = None) -> Iterator[Face]:
        """Every face of every sampled frame, source by source in order of time.

        Args:
            source_id: Only this source.
        """
        from facestream.track import track_of

        with self._errors():
            sources = [s for s in self._reader.sources() if source_id in (None, s.source_id)]
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
        from facestream.recluster import Recluster

        with self._errors():
            return [Recluster.of(record) for record in self._identities.reclusters(limit)]


def open_store(place: Place) -> Store:
    """Open the collection of a place, to be closed by the caller.

    Raises:
        StorageError: If the folder or the server can't be used, another version of facestream wrote the
            collection, or a change of its models was stopped half way.
        UsageError: If the collection's name can't be one.
    """
    from facestream.wiring import keys_of, make_reader, open_handle

    keys = keys_of(place)
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        reader = make_reader(handle, keys)
        with handle.errors():
            reader.check_usable()
        stack.pop_all()
    return Store(handle, reader, place)
