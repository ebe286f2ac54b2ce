"""A collection as one file: backup and restore."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facestream import __version__
from facestream.cameras.sealed_cameras import adopt_cameras
from facestream.collection.catalogue import clear, found
from facestream.configuration.settings import DEFAULT_COLLECTION, Place
from facestream.errors import FacestreamError, UsageError
from facestream.output import refuse_loss
from facestream.webhooks.sealed_webhooks import adopt_webhooks
from facestream.wiring import (
    keys_of,
    make_camera_store,
    make_catalogue,
    make_store,
    open_folder,
    open_handle,
)
from storage.archive import Tell
from storage.archive_reader import opened_archive
from storage.archive_writer import written_archive
from storage.backup import save_collection
from storage.catalogue import Catalogue, CollectionInfo
from storage.change_reader import ChangeReader
from storage.connection import RedisHandle
from storage.encryption import Encryption
from storage.errors import DataKeyError
from storage.hold import PAUSE_S, hold_collection
from storage.keys import SCHEMA, Keys
from storage.restoration import load_collection, stream_ends
from storage.stream_readers import StreamReaders
from storage.webhook_store import WebhookStore


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was written.

    Attributes:
        path: The file.
        info: The collection that is in it.
        file_bytes: Size of the file.
        seconds: How long it took.
    """

    path: Path
    info: CollectionInfo
    file_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Restored:
    """A collection that was read back.

    Attributes:
        path: The file.
        info: The collection that there is now.
        replaced: The one that was there before, or None.
        history_erased: Whether the server's files hold nothing of that one any more; False for a server of
            one's own, and where nothing was replaced.
        sealed_cameras: Names of cameras whose URLs can't be opened here: the key they were sealed with is
            somewhere else.
        sealed_webhooks: Ids of webhooks of which the same is so.
        sealed_faces: Why vectors and pictures of faces can't be opened here; empty where they can.
        encryption_ended: Whether the collection that was replaced was encrypted, and this one isn't.
        groups: Stream and name of consumer groups of the one that was replaced; they read what comes from
            now on.
        seconds: How long it took.
        uploads: Files that were uploaded into the one that was replaced, and are deleted.
        uploads_left: Why one of them could not be; empty where all are.
    """

    path: Path
    info: CollectionInfo
    replaced: CollectionInfo | None
    history_erased: bool
    sealed_cameras: tuple[str, ...]
    sealed_webhooks: tuple[str, ...]
    sealed_faces: str
    encryption_ended: bool
    groups: tuple[tuple[str, str], ...]
    seconds: float
    uploads: int = 0
    uploads_left: str = ""


def backup(
    path: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None = None,
    *,
    redis: str | None = None,
    collection: str = DEFAULT_COLLECTION,
    tell: Tell | None = None,
) -> BackedUp:
    """Write a collection to one file, a SQLite database that `storage.archive` describes.

    It holds everything but pictures that commands write beside Redis, which come back by themselves. URLs of
    cameras are sealed in it, and so are the faces of an encrypted collection; the keys are not in it. The
    file appears when it is complete; an older one of the name is replaced then. Whoever finds people there
    (`serve`, `watch`, a run) pauses meanwhile, and what is sent waits for them.

    Args:
        path: The file.
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        redis: URL of a server of your own instead; default: the setting `redis`.
        collection: Name of the collection.
        tell: Is told what is being done, how far it is, and how far it has to go.

    Raises:
        facestream.errors.NotFoundError: If there is no such collection.
        facestream.errors.UsageError: If the name can't be one, or the file would take the place of a photo or
            video.
        storage.errors.CollectionBusyError: If something that holds it doesn't give way within a minute: a
            restore, `reembed`, or a step that takes so long.
        storage.errors.ArchiveError: If the file can't be written.
        storage.errors.StorageError: If the folder or the server can't be used.
    """
    began_s = time.monotonic()
    path, place = Path(path), Place.of(data_dir, redis, collection)
    refuse_loss(path)
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        found(handle, place)
        store = make_store(handle, keys)
        store.check_usable()
        with (
            hold_collection(handle.client, keys, PAUSE_S, pausing=True) as hold,
            written_archive(path) as writer,
        ):
            info = found(handle, place)
            # Again, now that it stands still: no backup holds vectors of two models.
            store.check_usable()
            writer.set_facts(
                {
                    "facestream_version": __version__,
                    "schema": str(SCHEMA),
                    "collection": collection,
                    "created_at_s": f"{time.time():.3f}",
                }
            )
            save_collection(handle.client, hold, writer, tell or _tell_nobody)
    return BackedUp(path, info, path.stat().st_size, time.monotonic() - began_s)


def restore(
    path: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None = None,
    *,
    redis: str | None = None,
    collection: str | None = None,
    replace: bool = False,
    before: Callable[[CollectionInfo], None] | None = None,
    tell: Tell | None = None,
) -> Restored:
    """Read a collection back from a backup. The file is checked to its end before anything is changed.

    Args:
        path: The file.
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        redis: URL of a server of your own instead; default: the setting `redis`.
        collection: Name of the collection that it becomes; default: the one that it was made of.
        replace: Whether to delete a collection of that name first. Ids of its people are not given again.
        before: Is told what is about to be deleted; may raise to prevent it.
        tell: Is told what is being done, how far it is, and how far it has to go.

    Raises:
        facestream.errors.UsageError: If the name can't be one, or there is such a collection and `replace` is
            False.
        storage.errors.ArchiveError: If the file is no backup, or is damaged.
        storage.errors.CollectionBusyError: If something is processing into the collection.
        storage.errors.StorageError: If the folder or the server can't be used.
    """
    began_s = time.monotonic()
    path, tell = Path(path), tell or _tell_nobody
    with opened_archive(path, SCHEMA, tell) as reader:
        place = Place.of(data_dir, redis, reader.collection if collection is None else collection)
        keys = keys_of(place)
        with open_handle(place) as handle, handle.errors():
            catalogue = make_catalogue(handle)
            there = _in_the_way(catalogue, keys, replace=replace)
            if there is not None and before is not None:
                before(there)
            with hold_collection(handle.client, keys) as hold:
                # Again, now that it stands still; nothing is deleted that `before` was not told of.
                there = _in_the_way(catalogue, keys, replace=replace and there is not None)
                ends = stream_ends(handle.client, keys)
                readers = StreamReaders(handle.client, keys)
                groups = readers.groups()
                uploaded = _uploaded(place) if there is not None else set()
                was_encrypted = bool(Encryption.of(handle.client, keys).key_id)
                erased = False
                if there is not None or catalogue.find(keys) is not None:
                    # Ids of people who are deleted now must not come again as those of others.
                    erased = clear(handle, hold, place, but=(keys.next_identity,))
                load_collection(handle.client, hold, reader, ends, tell)
                # Whoever reads through one would be refused, and has nothing to read but what is new.
                readers.begin_groups(groups)
                store = make_camera_store(handle, keys)
                folder = open_folder(place).path
                sealed = adopt_cameras(store, folder, reader.collection, keys.collection)
                webhooks = adopt_webhooks(
                    WebhookStore(handle.client, keys),
                    folder,
                    reader.collection,
                    keys.collection,
                    ChangeReader(handle.client, keys).end(),
                )
            info = found(handle, place)
            uploads, left = _drop_uploads(handle, place, uploaded)
            faces = _sealed_faces(handle, keys)
            opened = was_encrypted and not Encryption.of(handle.client, keys).key_id
    shown = tuple((stream, name.decode("utf-8", "replace")) for stream, name in groups)
    took_s = time.monotonic() - began_s
    return Restored(path, info, there, erased, sealed, webhooks, faces, opened, shown, took_s, uploads, left)


def _uploaded(place: Place) -> set[str]:
    """Ids of the jobs of all that was uploaded so far."""
    # It loads what reads videos, which other commands can do without.
    from facestream.erasure.uploaded_files import UploadedFiles

    return UploadedFiles(place).jobs()


def _drop_uploads(handle: RedisHandle, place: Place, uploaded: set[str]) -> tuple[int, str]:
    """Delete what was uploaded into the collection that was replaced, and is of no source of this one.

    Args:
        handle: Connection to the server.
        place: Where it is.
        uploaded: What was there before; what came since is of this one.

    Returns:
        How many files were deleted, and why others could not be, or nothing.
    """
    if not uploaded:
        return 0, ""
    from facestream.erasure.uploaded_files import UploadedFiles

    uploads = UploadedFiles(place)
    paths = [Path(source.path) for source in make_store(handle, keys_of(place)).sources()]
    kept = {path.parent.name for path in paths if uploads.is_own(path)}
    try:
        uploads.clear(kept | (uploads.jobs() - uploaded))
    except FacestreamError as error:
        return uploads.deleted, str(error)
    return uploads.deleted, ""


def _sealed_faces(handle: RedisHandle, keys: Keys) -> str:
    """Why faces can't be opened here; empty where they can, or stand open."""
    try:
        make_store(handle, keys).check_key()
    except DataKeyError as error:
        return str(error)
    return ""


def _in_the_way(catalogue: Catalogue, keys: Keys, *, replace: bool) -> CollectionInfo | None:
    """The collection that is to be replaced, or None where there is none.

    Raises:
        UsageError: If there is one, and it is not to be replaced.
    """
    info = catalogue.find(keys)
    if info is None or info.leftover:
        return None
    if not replace:
        raise UsageError(
            f"there is a collection {info.name!r} already ({info.people} people, {info.tracks} tracks). "
            "Choose another --collection to restore into, or --replace to delete it first."
        )
    return info


def _tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Let nobody know how far it is."""
