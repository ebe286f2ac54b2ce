"""Search in a collection that is kept in memory, and follows what happens in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from facestream.errors import BusyError, FacestreamError
from facestream.processes.trouble import EXPECTED, Trouble
from storage.identity_record import ChangeKind, IdentityChange

if TYPE_CHECKING:
    from facestream.events.news import News
    from storage.connection import RedisHandle
    from storage.identity_store import IdentityStore
    from storage.template_record import TemplateTable
    from workers.clustering.likeness import LikePerson, LikeTrack
    from workers.clustering.profiles import Profiles
    from workers.clustering.resident_gallery import ResidentGallery, Tracks
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


@dataclass(frozen=True, slots=True, eq=False)
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
        self._stopped = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._subscribers: list[OnPeople] = []
        self._thread = threading.Thread(target=self._work, name="resident search", daemon=True)

    def subscribe(self, on_people: OnPeople) -> None:
        """Be told whose tracks have changed, in the thread of this search; None means anybody's.

        To be called before the search is started.
        """
        self._subscribers.append(on_people)

    # Questions ---------------------------------------------------------------------------------------------

    def search(
        self, face: PhotoFace, model_id: str, most: int, most_tracks: int, patience_s: float = 0.0
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
            WorkerError: If its models can't be.
        """
        self.wait(patience_s)
        with self._lock:
            if self._gallery is None or self._used is None or self._used.model_id != model_id:
                raise _reading()
            return self._gallery.search(face.vector, face.size_px, face.effective_px, most, most_tracks)

    def wait(self, patience_s: float) -> None:
        """Wait until the collection is read; errors as of `search`."""
        with self._condition:
            self._condition.wait_for(lambda: self._loaded or self._problem is not None, patience_s)
            if self._loaded:
                return
            problem = self._problem
        raise problem or _reading()

    def models(self) -> Models | None:
        """What the vectors are compared by; None before the collection is read."""
        with self._lock:
            return self._used

    def people(self) -> list[str]:
        """Everybody who has a track."""
        with self._lock:
            return [] if self._gallery is None else self._gallery.people()

    def profiles(self, people: Sequence[str]) -> Profiles | None:
        """What some people are as wholes, see `ResidentGallery.profiles`; None before anything is read."""
        with self._lock:
            return None if self._gallery is None else self._gallery.profiles(people)

    def owners_of(self, track_ids: Iterable[str]) -> set[str]:
        """Who has some tracks."""
        with self._lock:
            gallery = self._gallery
            if gallery is None:
                return set()
            owners = map(gallery.owner_of, track_ids)
            return {owner for owner in owners if owner is not None}

    # News, in its thread -----------------------------------------------------------------------------------

    def _on_changes(self, changes: Sequence[IdentityChange]) -> None:
        with self._condition:
            for change in changes:
                if change.track_id:
                    self._tracks.add(change.track_id)
                elif change.kind is not ChangeKind.RENAMED:
                    self._people.add(change.identity_id)
            self._condition.notify_all()

    def _on_gap(self) -> None:
        with self._condition:
            self._stale = True
            self._condition.notify_all()

    # The thread of this search -----------------------------------------------------------------------------

    def _work(self) -> None:
        trouble = Trouble(_log, "Search follows the collection", "Search reads the collection again.")
        while not self._stopped:
            try:
                with self._handle.errors():
                    self._step()
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
                with self._condition:
                    self._problem, self._stale = _told(error), True
                    self._condition.notify_all()
                    self._condition.wait_for(lambda: self._stopped, _AGAIN_S)
                continue
            trouble.over()
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopped or self._stale or bool(self._tracks or self._people), _SWEEP_S
                )

    def _step(self) -> None:
        """Bring the gallery up to what is in the collection now."""
        meta = self._store.meta()
        collection = (meta.get("model_id", ""), meta.get("created_at_s", ""))
        if collection != self._collection or "changing_to" in meta:
            self._begin(collection)
        with self._condition:
            stale, self._stale = self._stale, False
            tracks, self._tracks = self._tracks, set()
            people, self._people = self._people, set()
        if stale:
            self._read_all()
        else:
            self._refresh(tracks, people)
        with self._condition:
            self._loaded, self._problem = True, None
            self._condition.notify_all()

    def _begin(self, collection: tuple[str, str]) -> None:
        """Another collection, or another model: nothing that is known holds."""
        from workers.clustering.resident_gallery import ResidentGallery

        with self._condition:
            self._loaded, self._stale = False, True
        with self._lock:
            self._gallery = self._used = None
        self._collection = None
        models = self._models()
        with self._lock:
            self._gallery, self._used = ResidentGallery(models.calibration), models
        self._collection = collection
        self._tell(None)

    def _read_all(self) -> None:
        """Read everything; what is there stays to be searched meanwhile, and takes no second place."""
        gallery, dimension = self._known()
        first = len(gallery) == 0
        changed: set[str] = set()
        seen: set[str] = set()
        for table in self._store.template_pages(dimension):
            if self._stopped:
                return
            found = tracks_of(table)
            seen.update(found.track_ids)
            with self._lock:
                if not first:
                    changed |= gallery.changed_by(found)
                gallery.put(found)
        with self._lock:
            for track_id in [known for known in gallery.track_ids if known not in seen]:
                changed.add(gallery.owner_of(track_id) or "")
                gallery.remove(track_id)
        self._tell(None if first else changed)

    def _refresh(self, tracks: set[str], people: set[str]) -> None:
        """Read some tracks anew, those of some people, and those that may have grown without an event."""
        gallery, dimension = self._known()
        growing = self._store.provisional()
        with self._lock:
            wanted = tracks.union(growing, gallery.tracks_of(people))
        changed = set(people)
        ids = sorted(wanted)
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            found = tracks_of(self._store.templates_of(chunk, dimension))
            there = set(found.track_ids)
            with self._lock:
                changed |= gallery.changed_by(found)
                gallery.put(found)
                for track_id in chunk:
                    if track_id not in there and (owner := gallery.owner_of(track_id)) is not None:
                        changed.add(owner)
                        gallery.remove(track_id)
        if changed:
            self._tell(changed)

    def _known(self) -> tuple[ResidentGallery, int]:
        assert self._gallery is not None
        assert self._used is not None
        return self._gallery, self._used.calibration.mean.shape[1]

    def _tell(self, people: set[str] | None) -> None:
        for on_people in self._subscribers:
            on_people(people)

    def __enter__(self) -> Self:
        """Start to read."""
        self._unsubscribe = self._news.subscribe(self._on_changes, self._on_gap)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop following, and let go of everything."""
        self._unsubscribe()
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._thread.join(_JOIN_S)


def _reading() -> BusyError:
    return BusyError(
        "the collection is being read into memory; search is ready when that is done. Ask again in a moment.",
        retry_after_s=_AGAIN_S,
    )


def tracks_of(table: TemplateTable) -> Tracks:
    """The tracks of a table, as a gallery takes them."""
    from workers.clustering.resident_gallery import Tracks

    return Tracks(
        table.track_ids,
        [table.identity_ids[owner] for owner in table.owners.tolist()],
        table.vectors,
        table.sizes_px,
        table.weights,
        ~table.photo,
    )


def _told(error: Exception) -> Exception:
    """An error as those who ask are told of it."""
    if isinstance(error, EXPECTED):
        return error
    fault = FacestreamError("search fails for a reason that nobody thought of; the log of `serve` has it")
    fault.__cause__ = error
    return fault
