"""The Python client: the people of a collection, to be asked for, named, searched and forgotten."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.bounds import check_number
from facestream.configuration.settings import AUTO_DEVICE, Place
from facestream.erasure.erasable import ErasableCollection
from facestream.errors import FacestreamError
from facestream.people.people_filter import PeopleFilter, sorted_people
from facestream.people.person import Person
from storage.identity_record import is_identity_id

if TYPE_CHECKING:
    from facestream.decisions.enrolling import Enrolled
    from facestream.erasure.forgetting import Forgotten
    from facestream.exports.clip import PersonClips
    from facestream.exports.person_export import PersonExport
    from facestream.search.search import FoundFace
    from facestream.search.search_photo import Photo
    from storage.template_record import TemplateTable
    from workers.models.pack import Pack


@dataclass(slots=True, eq=False, repr=False)
class Store(ErasableCollection):
    """An open collection; a context manager that closes it.

    Made by `facestream.connect`. Methods raise `storage.errors.StorageError` when Redis fails.
    """

    def collections(self) -> list[str]:
        """Names of all collections of this server."""
        from facestream.wiring import make_catalogue

        with self._errors():
            return make_catalogue(self._handle).names()

    def check_there(self) -> None:
        """Refuse a collection that isn't there: a misspelt name must not look like one in which nobody is.

        The default one may always be without anything, as before the first run.

        Raises:
            NotFoundError: If it isn't there; names those that are.
        """
        from facestream.collection.catalogue import check_there

        with self._errors():
            check_there(self._handle, self._place)

    def __repr__(self) -> str:
        """Which collection it is, and where, without secrets."""
        return f"<{type(self).__name__} of collection {self.collection!r} in {self.where}>"

    # People ------------------------------------------------------------------------------------------------

    def people(
        self, where: PeopleFilter | None = None, *, sort: str = "seconds", reverse: bool = False
    ) -> list[Person]:
        """Everybody but those who are ignored, or those who match.

        Args:
            where: Who is meant, and which of their sightings.
            sort: One of `facestream.people.people_filter.SORTS`; by default those seen longest come first.
            reverse: The other way round.
        """
        people = self._everybody()
        return sorted_people((where or PeopleFilter()).apply(people), sort, reverse=reverse)

    def person(self, person_id: str) -> Person:
        """One person; an id that was merged into another gives the other.

        Args:
            person_id: Such as "p3", or the whole name of somebody. So it is wherever somebody is asked for.

        Raises:
            NotFoundError: If nobody has or had this id, or its bearer is no more, or nobody is called so.
            UsageError: If more than one person is called so.
        """
        return self._one(person_id)

    def forget(
        self,
        person_id: str,
        *,
        models: str | None = None,
        and_ignore_return: bool = False,
        exactly: bool = False,
    ) -> Forgotten:
        """Delete every trace of a person: records, vectors, faces, events, thumbnails, older ids.

        Somebody who was forgotten already may be forgotten again: templates that were kept go, and where that
        ended early, as on a full disk, what was left in files. Of somebody who vanished, as their tracks are
        others' now, what was decided about them goes.

        Args:
            person_id: Who.
            models: Model pack; default: the collection's own.
            and_ignore_return: Keep at most five templates of the face, by which tracks of theirs that come
                later are left out.
            exactly: Whether nobody is to be forgotten where this one, if given by their id, has become part
                of somebody else; else that one is.

        Raises:
            NotFoundError: If there never was such a person.
            FacestreamError: If they are part of somebody else, and `exactly` is set.
            UsageError: If more than one person is called so, or templates are to be kept of somebody who was
                forgotten already.
            WorkerError: If the cluster worker fails.
        """
        from facestream.erasure.forgetting import forget

        with self._errors():
            identity = self._identity(person_id, also_gone=True)
            asked = person_id.strip().lower()
            if exactly and is_identity_id(asked) and identity.identity_id != asked:
                raise FacestreamError(
                    f"{person_id} is part of {identity.identity_id} by now, and nobody was forgotten. Look "
                    "who that is first."
                )
            return forget(
                self._handle,
                self._place,
                self._identities,
                identity,
                models,
                ignore_return=and_ignore_return,
                exactly=exactly,
            )

    def kept_out(self) -> list[tuple[str, ...]]:
        """All ids of each person who was forgotten and of whom templates are kept, to leave them out."""
        with self._errors():
            return self._identities.kept_out_ids()

    def is_forgotten(self, person_id: str) -> bool:
        """Whether an id is one of somebody who was forgotten.

        Raises:
            NotFoundError: If nobody ever had it.
            UsageError: If it is a name, and more than one person is called so.
        """
        with self._errors():
            return self._identity(person_id, also_gone=True).forgotten

    def find(
        self,
        photo: Photo,
        *,
        models: str | None = None,
        device: str = AUTO_DEVICE,
        limit: int = 5,
    ) -> list[FoundFace]:
        """Search for the faces of a photo among everybody.

        Args:
            photo: Path of the photo, its bytes, a file that is open for reading bytes, or an image as a NumPy
                array: BGR, uint8, (H, W, 3). It is not stored.
            models: Model pack; default: the collection's own.
            device: What its models run on: "auto", "cpu", "cuda:0" and the like.
            limit: Most people for each face, 1 to 1,000.

        Returns:
            The faces of the photo, the largest first, each with the people it may be.

        Raises:
            StreamError: If the photo can't be read.
            UsageError: If it is none of these, or the limit can't be.
            NoFaceError: If there is no face in it.
            ModelConflictError: If the collection was made with other models.
            WorkerError: If the models can't be loaded.
        """
        from facestream.search.search import TemplateSearch, faces_of
        from facestream.search.search_photo import frame_of

        check_number(limit, "limit", 1, 1000, whole=True)
        # What is wrong with the photo is said before the models are loaded.
        frame = frame_of(photo)
        pack = self._pack(models, device)
        with self._errors():
            faces = faces_of(frame, pack)
            search = TemplateSearch(self._identities.templates(pack.manifest.embedder.dimension), pack)
            return [search.found(face, limit, self._one) for face in faces]

    def _pack(self, models: str | None, device: str) -> Pack:
        """The models that faces are compared with, loaded once."""
        from facestream.wiring import make_pack

        fitting = self.models_for(models)
        wanted = (fitting, device)
        pack = self._packs.get(wanted) or self._packs.setdefault(
            wanted, make_pack(fitting, self._place.data_dir, device)
        )
        with self._errors():
            self._identities.check_model(pack.manifest.model_id, fitting)
        return pack

    def enroll(
        self,
        folder: str | os.PathLike[str],
        *,
        dry_run: bool = False,
        models: str | None = None,
        device: str = AUTO_DEVICE,
    ) -> list[Enrolled]:
        """Give names by photos: FOLDER/NAME.jpg, and all in FOLDER/NAME/.

        Who was seen before gets the name, where that is almost certain. Photos that nobody is like are
        processed, so that there is somebody with that name whom later sightings join.

        Args:
            folder: With the photos.
            dry_run: Only say what would be done.
            models: Model pack; default: the collection's own.
            device: What its models run on: "auto", "cpu", "cuda:0" and the like.

        Returns:
            What became of each name.

        Raises:
            UsageError: If there are no photos, or a name can't be one.
            ModelConflictError: If the collection was made with other models.
            WorkerError: If the models can't be loaded, or the cluster worker fails.
        """
        from facestream.decisions.enrolling import Enrolling, named_photos
        from facestream.search.search import TemplateSearch, faces_of, read_photo

        photos = named_photos(Path(folder))
        pack = self._pack(models, device)
        with self._errors():
            search = TemplateSearch(self._identities.templates(pack.manifest.embedder.dimension), pack)

            def find(path: Path) -> list[FoundFace]:
                return [search.found(face, 1, self._one) for face in faces_of(read_photo(path), pack)]

            enrolling = Enrolling(self, self._place, find, models, device)
            return enrolling.enroll(photos, dry_run=dry_run)

    def export_person(self, person_id: str, out: str | os.PathLike[str]) -> PersonExport:
        """Write everything that is held on a person, and nothing of anybody else, as JSON and JPEG files.

        Args:
            person_id: Who.
            out: A ZIP file, if it ends in .zip, or a folder that is empty or not there yet.

        Raises:
            NotFoundError: If there is no such person.
            UsageError: If the folder holds something.
            FacestreamError: If a file can't be written.
        """
        from facestream.exports.person_export import export_person

        with self._errors():
            return export_person(self, self._identities, person_id, Path(out))

    def clips(
        self,
        person_id: str,
        out: str | os.PathLike[str],
        *,
        sources: Sequence[str] = (),
        margin_s: float = 0.5,
    ) -> PersonClips:
        """Cut the moments of a person out of the videos, from keyframes on, without encoding anything anew.

        What is wrong with a video is in the answer, and the others are cut.

        Args:
            person_id: Who.
            out: A file that ends in .mp4, .m4v, .mov or .mkv, where it is one video; else a folder, which is
                made.
            sources: Only of these videos: their ids, parts of their paths, or patterns with * and ?; all if
                empty.
            margin_s: So much more before and after each sighting, s.

        Raises:
            NotFoundError: If there is no such person, or no video to cut, or they were not seen in those.
            UsageError: If one file was asked for, and there are more videos; or a video would be lost; or the
                margin can't be.
            FacestreamError: If a file can't be written, or each video has other content now.
            StreamError: If no video is where it was, or one can't be cut without encoding it.
        """
        from facestream.exports.clip import person_clips

        check_number(margin_s, "margin_s", 0, 600)
        return person_clips(self, self.person(person_id), Path(out), sources=sources, margin_s=margin_s)

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


def open_store(place: Place) -> Store:
    """Open the collection of a place, to be closed by the caller.

    Raises:
        StorageError: If the folder or the server can't be used, another version of facestream wrote the
            collection, a change of its models was stopped half way, or the key of an encrypted collection is
            not here.
        UsageError: If the collection's name can't be one.
    """
    from facestream.wiring import keys_of, make_reader, open_handle

    keys = keys_of(place)
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        reader = make_reader(handle, keys)
        with handle.errors():
            reader.check_usable()
            reader.check_key()
        stack.pop_all()
    return Store(handle, reader, place)
