"""Files with faces on this machine, while others work on the same collection."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from facestream.errors import FacestreamError
from facestream.processes.trouble import Trouble
from storage.errors import StorageError
from storage.identity_record import ChangeKind, IdentityChange

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.events.news import News

_log = logging.getLogger(__name__)

# As often it is looked, should nobody tell: encryption, say, is no event.
_LOOK_S = 60.0
_JOIN_S = 15.0


class OwnPictures:
    """Deletes files of people who are forgotten elsewhere; a context manager that leaves no thread behind.

    Args:
        store: The collection.
        news: Tells where somebody was forgotten.
    """

    def __init__(self, store: Store, news: News) -> None:
        self._store = store
        self._news = news
        self._stop = threading.Event()
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._work, name="own pictures", daemon=True)

    def _work(self) -> None:
        trouble = Trouble(_log, "Pictures on this machine are looked through")
        while True:
            self._due.clear()
            # Behind that: an end that is asked for now sets it once more.
            if self._stop.is_set():
                return
            try:
                self._store.drop_stale_pictures()
            except (StorageError, FacestreamError) as error:
                # Said by whoever needs the server; what is due is done when it is back.
                _log.debug("pictures on this machine: %s", error)
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
            else:
                trouble.over()
            self._due.wait(_LOOK_S)

    def _hear(self, changes: Sequence[IdentityChange]) -> None:
        if any(change.kind is ChangeKind.FORGOTTEN for change in changes):
            self._due.set()

    def __enter__(self) -> Self:
        """Begin."""
        self._end = self._news.subscribe(self._hear, self._due.set)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._end()
        self._stop.set()
        self._due.set()
        self._thread.join(_JOIN_S)
