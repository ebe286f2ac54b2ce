"""Search in a collection that is kept in memory, and follows what happens in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facestream.news import News
    from storage.connection import RedisHandle
    from storage.identity_store import IdentityStore
    from workers.clustering.resident_gallery import LikePerson, LikeTrack, ResidentGallery
    from workers.models.calibration import Calibration
    from workers.photo_faces import PhotoFace

_log = logging.getLogger(__name__)

# Tracks that grow have no event of their own, and neither has a collection that is dropped or restored.
_SWEEP_S = 5.0
_AGAIN_S = 2.0
_JOIN_S = 30.0
# Tracks read in one round trip.
_CHUNK = 2000

OnPeople = Callable[[set[str] | None], None]


@dataclass(frozen=True, slots=True)
class Models:
    """What vectors of a collection are compared by.

    Attributes:
        model_id: Their embedding space.
        calibration: What their similarities mean.
    """

    model_id: str
    calibration: Calibration


class ResidentSearch:
    """All templates of a collection in memory; a context manager.

    They are read in a thread, page by page, so that whoever starts it need not wait. Then it follows the
    news, reads tracks that may still grow every few seconds, and everything anew where it may have missed
    something, or the collection has become another one.

    Args:
        store: The collection.
        handle: Its server.
        news: What happens in it.
        models: Gives what its vectors are compared by; may raise `StorageError` or `WorkerError`.
    """

    def __init__(
        self, store: IdentityStore, handle: RedisHandle, news: News, models: Callable[[], Models]
    ) -> None:
        self._store = store
        self._handle = handle
        self._news = news
        self._models = models
        # Of the gallery; held while it is searched or changed, never during a round trip.
        self._lock = threading.Lock()
        self._gallery: ResidentGallery | None = None
        self._used: Models | None = None
        self._collection: tuple[str, str] | None = None
        # Of what is below.
        self._condition = threading.Condition()
        self._loaded = False
        self._problem: Exception | None = None
        self._stale = True
        self._tracks: set[str] = set()
        self._people: set[str] = set()
        self._subscribers: list[OnPeople] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="resident search", daemon=True)

    def subscribe(self, on_people: OnPeople) -> None:
        """Be told whose tracks have changed, in the thread of this search; None means anybody's."""
        self._subscribers.append(on_people)

    # Questions ---------------------------------------------------------------------------------------------

    def search(
        self, face: PhotoFace, model_id: str, most: int, most_tracks: int, patience_s: float
    ) -> tuple[list[LikePerson], list[LikeTrack]]:
        """Who a face is like, and which tracks.

        Args:
            face: The face.
            model_id: Embedding space of its vector.
            most: Most people.
            most_tracks: Most tracks.
            patience_s: How long to wait while the collection is read.

        Raises:
            BusyError: If it is not read by then, or its models have just changed.
            StorageError: If it can't be read.
        """
        self._wait(patience_s)
        with self._lock:
            gallery, used = self._gallery, self._used
            if gallery is None or used is None or used.model_id != model_id:
                raise _reading()
            return gallery.search(face.vector, face.size_px, face.effective_px, most, most_tracks)

    def likeness(self) -> Likeness:
        """The gallery's people as wholes, see `Likeness`."""
        return Likeness(self)

    # The thread --------------------------------------------------------------------------------------------

    def _wait(self, patience_s: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._loaded or self._problem is not None, patience_s)
            if self._loaded:
                return
            if self._problem is not None:
                raise self._problem
        raise _reading()
