"""The collections of a server: which there are, how large they are, and dropping one."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facestream.configuration.settings import DEFAULT_COLLECTION, Place
from facestream.errors import FacestreamError, NotFoundError
from facestream.hint import command_line
from facestream.wiring import (
    keys_of,
    make_catalogue,
    make_job_store,
    make_store,
    open_handle,
    thumbnails_folders,
)
from storage.catalogue import Catalogue, CollectionInfo
from storage.collection_stats import CollectionStats, measure
from storage.connection import RedisHandle
from storage.erasure import erase_history, erase_keys
from storage.hold import Hold, hold_collection

# Collections that a message names.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Dropped:
    """A collection that is no more.

    Attributes:
        info: What it was.
        history_erased: Whether the server's files hold nothing of it any more; False for a server of one's
            own.
        uploads: Uploaded files that were deleted.
        uploads_elsewhere: Names of uploaded files that lie on other machines, and are to be deleted there.
    """

    info: CollectionInfo
    history_erased: bool
    uploads: int
    uploads_elsewhere: tuple[str, ...]


def collections(
    data_dir: str | os.PathLike[str] | None = None, *, redis: str | None = None
) -> list[CollectionInfo]:
    """All collections, sorted by name.

    Args:
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        redis: URL of a server of your own instead; default: the setting `redis`.

    Raises:
        storage.errors.StorageError: If the folder or the server can't be used.
    """
    with open_handle(Place.of(data_dir, redis)) as handle, handle.errors():
        return make_catalogue(handle).infos()


def collection_stats(
    collection: str = DEFAULT_COLLECTION,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    redis: str | None = None,
) -> CollectionStats:
    """How much is in a collection.

    Args:
        collection: Its name.
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        redis: URL of a server of your own instead; default: the setting `redis`.

    Raises:
        facestream.errors.NotFoundError: If there is no such collection.
        facestream.errors.UsageError: If the name can't be one.
        storage.errors.StorageError: If the folder or the server can't be used, or another version of
            facestream wrote the collection.
    """
    place = Place.of(data_dir, redis, collection)
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        info = found(handle, place)
        make_store(handle, keys).check_usable()
        return measure(handle.client, keys, info)


def drop(
    collection: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    redis: str | None = None,
    before: Callable[[CollectionInfo], None] | None = None,
) -> Dropped:
    """Delete a collection with all its people, tracks, faces and pictures, and what was uploaded into it.

    If it is interrupted, drop the collection again: it is listed until nothing of it is left.

    Args:
        collection: Its name.
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        redis: URL of a server of your own instead; default: the setting `redis`.
        before: Is told what is about to be deleted; may raise to prevent it.

    Raises:
        facestream.errors.NotFoundError: If there is no such collection.
        facestream.errors.UsageError: If the name can't be one.
        storage.errors.CollectionBusyError: If something is processing into it.
        storage.errors.StorageError: If the folder or the server can't be used.
    """
    place = Place.of(data_dir, redis, collection)
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        info = found(handle, place, leftovers=True)
        if before is not None:
            before(info)
        with hold_collection(handle.client, keys) as hold:
            # First: without records nobody would know whose they are.
            uploads, elsewhere = _clear_uploads(handle, place)
            return Dropped(info, clear(handle, hold, place), uploads, elsewhere)


def _clear_uploads(handle: RedisHandle, place: Place) -> tuple[int, tuple[str, ...]]:
    """Delete what was uploaded; returns how many files, and names of those that lie on other machines."""
    # It loads what reads videos, which other commands can do without.
    from facestream.erasure.uploaded_files import UploadedFiles

    uploads = UploadedFiles(place)
    sent = [job for job in make_job_store(handle, keys_of(place)).all() if job.kind == "upload"]
    for job in sent:
        uploads.remove(Path(job.path))
    uploads.clear()
    return uploads.deleted, tuple(job.name for job in sent if not uploads.holds(Path(job.path)))


def clear(handle: RedisHandle, hold: Hold, place: Place, *, but: tuple[str, ...] = ()) -> bool:
    """Delete what is in a collection, from memory and from all files.

    Args:
        handle: Connection to the server.
        hold: Hold on the collection.
        place: Where it is.
        but: Keys to leave.

    Returns:
        Whether the server's files hold nothing of it any more.
    """
    # As long as there is `meta`, it can be found and dropped again.
    erase_keys(handle.client, hold, (hold.keys.meta, *but))
    for folder in thumbnails_folders(place):
        _remove_thumbnails(folder)
    erased = erase_history(handle)
    erase_keys(handle.client, hold, but)
    return erased


def found(handle: RedisHandle, place: Place, *, leftovers: bool = False) -> CollectionInfo:
    """What there is to say of a collection.

    Args:
        handle: Connection to the server.
        place: Where it should be.
        leftovers: Whether what a restore left that was killed will do.

    Raises:
        NotFoundError: If it isn't there; names those that are.
    """
    catalogue = make_catalogue(handle)
    info = catalogue.find(keys_of(place))
    if info is None or (info.leftover and not leftovers):
        raise _not_found(catalogue, handle.where, place)
    return info


def check_there(handle: RedisHandle, place: Place) -> None:
    """Refuse a collection that isn't there: a misspelt name must not look like one in which nobody is.

    The default one may always be without anything, as before the first run.

    Args:
        handle: Connection to the server.
        place: Where it should be.

    Raises:
        NotFoundError: If it isn't there; names those that are.
    """
    if place.collection != DEFAULT_COLLECTION and not handle.client.exists(keys_of(place).meta):
        found(handle, place)


def _not_found(catalogue: Catalogue, where: str, place: Place) -> NotFoundError:
    name, names = place.collection, catalogue.names()
    message = f"there is no collection {name!r} in {where}."
    like = difflib.get_close_matches(name.lower(), [other.lower() for other in names], 1)
    if like:
        message += f" Did you mean {next(other for other in names if other.lower() == like[0])!r}?"
    if len(names) > 1 or (names and not like):
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        message += f" It holds: {', '.join(names[:_NAMED])}{more}."
    if not names:
        message += f" It holds none yet. Start with: {command_line(place, 'run', 'VIDEO')}"
    return NotFoundError(message, what=name)


def _remove_thumbnails(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FacestreamError(
            f"{error.filename or folder}: pictures of faces can't be deleted ({error.strerror}). Delete the "
            "folder, then run this command again."
        ) from error
