"""Videos and photos that were uploaded into a collection, to be deleted with what was seen in them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from facestream.jobs.uploads import Uploads
from facestream.wiring import open_folder, uploads_folder
from storage.job_record import JOB_ID_PREFIX


class UploadedFiles:
    """Those in this data folder, also where the server was called by another address when they came.

    Attributes:
        deleted: How many were deleted.

    Args:
        place: Where the collection is.
    """

    def __init__(self, place: Place) -> None:
        self.deleted = 0
        self._root = (open_folder(place).path / "uploads").resolve()
        self._collection = place.collection
        self._own = Uploads(uploads_folder(place), 0)

    def holds(self, path: Path) -> bool:
        """Whether a path is that of such a file, if it is still there."""
        # A record may say anything.
        job = path.resolve().parent
        folder = job.parent
        return (
            job.name.startswith(JOB_ID_PREFIX)
            and folder.name == self._collection
            and self._root in (folder.parent, folder.parent.parent)
        )

    def jobs(self) -> set[str]:
        """Ids of the jobs that files came for, under the address of now."""
        return {folder.name for folder in self._own.folder.glob(f"{JOB_ID_PREFIX}*")}

    def is_own(self, path: Path) -> bool:
        """Whether it is under the address of now; another address may be another server."""
        return self._own.folder.resolve() == path.resolve().parent.parent and self.holds(path)

    def remove(self, path: Path) -> None:
        """Delete one; nothing happens if it is none, or is gone.

        Raises:
            FacestreamError: If it can't be deleted.
        """
        path = path.resolve()
        if not self.holds(path) or not path.exists():
            return
        Uploads(path.parent.parent, 0).remove(path)
        if path.exists():
            raise FacestreamError(
                f"{path}: this file, which was uploaded, can't be deleted: look who owns it, and whether its "
                "disk can be written to. Then run the command again."
            )
        self.deleted += 1

    def clear(self, but: Collection[str] = ()) -> None:
        """Delete all under the address of now, whether or not something still tells of them.

        Args:
            but: Ids of jobs whose files stay.

        Raises:
            FacestreamError: If one can't be deleted.
        """
        self.deleted += self._own.clear(but)
