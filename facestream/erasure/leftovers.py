"""What files hold of what was erased: those of the embedded server, and thumbnails."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from facestream.people.thumbnail_files import remove_thumbnails
from facestream.wiring import keys_of, make_store, thumbnails_folders
from storage.connection import RedisHandle
from storage.erasure import erase_history
from storage.errors import StorageError
from storage.identity_store import IdentityStore
from storage.people_reader import PeopleReader

_log = logging.getLogger(__name__)

_EVERY_S = 3600.0
# Clocks of machines that work on one collection differ by less.
_SKEW_S = 60.0


def erase_leftovers(handle: RedisHandle, place: Place, store: IdentityStore) -> bool:
    """Let files hold nothing of what was erased until now.

    Args:
        handle: The server.
        place: Where the collection is.
        store: The collection.

    Returns:
        Whether the server's files were done: False for a server of the user's own, whose files are theirs.

    Raises:
        RedisFullError: If the server's file can't be rewritten.
        FacestreamError: If a thumbnail can't be deleted.
    """
    began_s = time.time()
    for folder in thumbnails_folders(place):
        remove_stale(store, folder)
    erased = erase_history(handle)
    store.note_rewritten(began_s)
    return erased


def remove_stale(store: PeopleReader, folder: Path, *, left_over_s: float = 0.0) -> None:
    """Delete thumbnails of people who are no more, and those that show what was erased or is encrypted now.

    Args:
        store: The collection.
        folder: Where its thumbnails are.
        left_over_s: Temporary files that are older go as well.

    Raises:
        FacestreamError: If one can't be deleted.
    """
    # Before people are asked for: who is found, and has a file, in between has every right to it.
    files = {path.stem: path for path in folder.glob("p*.jpg")}
    stay = set() if store.is_encrypted else store.overview_ids()
    remove_thumbnails(folder, files.keys() - stay, left_over_s=left_over_s)
    erased_s = float(store.meta().get("erased_at_s") or -math.inf)
    files = {i: path for i, path in files.items() if i in stay and _is_older(path, erased_s + _SKEW_S)}
    shown = {person.identity_id: person.thumbnails[:1] for person in store.people(files)}
    crops = store.crops(next(iter(shown.get(i, ())), "") for i in files)
    for path, crop in zip(files.values(), crops, strict=True):
        try:
            if crop is not None and path.read_bytes() == crop:
                with suppress(OSError):
                    # Looked at again after the next erasure.
                    os.utime(path)
            else:
                # Whoever lists people writes it anew.
                path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise FacestreamError(
                f"{path}: can't be read or deleted ({error.strerror}), and may show who was forgotten."
            ) from error


def _is_older(path: Path, than_s: float) -> bool:
    try:
        return path.stat().st_mtime <= than_s
    except FileNotFoundError:
        # Somebody else has deleted it.
        return False


class Sweeper:
    """Erases leftovers in the background, once an hour at most: the server's files are written anew for it.

    What is due when the process ends is done by the next one: the collection knows that it is due.

    Args:
        handle: The server.
        place: Where the collection is.
    """

    def __init__(self, handle: RedisHandle, place: Place) -> None:
        self._handle = handle
        self._place = place
        self._store = make_store(handle, keys_of(place))
        self._began_s = -math.inf
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Something was erased."""
        at_work = self._thread is not None and self._thread.is_alive()
        if at_work or time.monotonic() - self._began_s < _EVERY_S:
            return
        self._began_s = time.monotonic()
        self._thread = threading.Thread(target=self._sweep, name="leftovers", daemon=True)
        self._thread.start()

    def _sweep(self) -> None:
        try:
            with self._handle.errors():
                erase_leftovers(self._handle, self._place, self._store)
        except (StorageError, FacestreamError, OSError) as error:
            _log.warning("files may still hold what was erased: %s", error)
