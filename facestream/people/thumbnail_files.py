"""Files of people's best faces, for whoever looks at them on this machine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from facestream.client import Store
from facestream.errors import FacestreamError
from facestream.people.person import Person

LEFT_OVER_S = 60.0
"""A temporary file that is so old has no writer any more."""


def write_thumbnails(store: Store, people: Sequence[Person], folder: Path) -> dict[str, Path]:
    """Write the best face of each person as a JPEG file, and none of whom is forgotten meanwhile.

    Args:
        store: Where the faces are.
        people: Whose faces to write.
        folder: Where the collection has them on this machine; made if it isn't there.

    Returns:
        The file of each person who has one. None of an encrypted collection: a picture that is sealed is
        for nobody to look at, and one that is not would give away what is.

    Raises:
        FacestreamError: If a file can't be written.
    """
    if store.is_encrypted:
        return {}
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shown = [person for person in people if person.thumbnails]
    written: dict[str, Path] = {}
    erased_at_s = store.meta().get("erased_at_s")
    try:
        for person, data in zip(shown, store.thumbnails([p.thumbnails[0] for p in shown]), strict=True):
            if data is not None:
                written[person.id] = write_picture(folder / f"{person.id}.jpg", data)
    finally:
        # Pictures are read ahead: whoever erased some may have looked here before they were written.
        if store.meta().get("erased_at_s") != erased_at_s or store.is_encrypted:
            store.drop_stale_pictures()
            written = {person_id: path for person_id, path in written.items() if path.exists()}
    return written


def write_picture(path: Path, data: bytes) -> Path:
    """Write a file that is whole at any moment, private to its user.

    Raises:
        FacestreamError: If it can't be written.
    """
    with _writing(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            return Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say which picture can't be written or deleted, and that nothing else is lost by it."""
    try:
        yield
    except OSError as error:
        raise FacestreamError(
            f"{path}: pictures of people can't be written there ({error.strerror}). The people are stored; "
            "when that is mended, a list of people (`people`) writes them."
        ) from error


def remove_thumbnails(
    folder: Path, gone: Collection[str] | None = None, *, left_over_s: float = LEFT_OVER_S
) -> None:
    """Delete the files of people who are no more, or were merged into others.

    Args:
        folder: Where `write_thumbnails` wrote.
        gone: Ids of those whose files go; None for all.
        left_over_s: Temporary files that are older go as well.

    Raises:
        FacestreamError: If one can't be deleted.
    """
    with _writing(folder):
        for path in folder.glob("p*.jpg"):
            if gone is None or path.stem in gone:
                path.unlink(missing_ok=True)
        # What a process left that was killed while it wrote; one that is at work is done within moments.
        for path in folder.glob("tmp*.tmp"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= time.time() - left_over_s:
                    path.unlink()
