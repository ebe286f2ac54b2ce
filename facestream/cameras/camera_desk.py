"""The cameras of a collection, as the HTTP API and its events tell them and change them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from facestream.cameras.camera_answer import camera_answer
from facestream.cameras.camera_book import CameraBook, camera_name, camera_url
from facestream.cameras.camera_gaps import CameraGap, gaps_of
from facestream.cameras.camera_look import look_in_turn
from facestream.cameras.camera_outages import CameraOutages
from facestream.cameras.camera_reach import CameraReach
from facestream.cameras.camera_snapshots import CameraSnapshots
from facestream.cameras.camera_view import is_streaming
from facestream.cameras.camera_wish import CameraWish
from facestream.cameras.outage_news import CamerasNow
from facestream.cameras.people_now import PeopleNow
from facestream.configuration.given_settings import settings
from facestream.configuration.settings import Place
from facestream.erasure.retention import require_policy
from facestream.errors import FacestreamError
from facestream.processes.trouble import Trouble
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_view import CameraView
from storage.camera_view_store import CameraViewStore
from storage.connection import RedisHandle
from storage.errors import RecordError, StorageError
from storage.identity_record import Identity
from storage.people_reader import PeopleReader
from stream.live_settings import LiveSettings
from stream.logins import LoginTurn
from stream.wishes import Wishes

if TYPE_CHECKING:
    from facestream.events.news import News

_log = logging.getLogger(__name__)

_PATIENCE_S = 8.0
_LOOK_EVERY_S = 1.0
_JOIN_S = 5.0
# What changes with every frame is no news.
_FIGURES = ("fps_in", "fps_done", "delay_s")

Publish = Callable[[str, dict[str, Any]], None]


class CameraDesk:
    """Lists, changes and looks at cameras; a context manager that tells of their changes.

    The log is told as well of those that go down and come back.

    Args:
        book: The cameras.
        views: Their live pictures.
        reader: The people of the collection.
        handle: Its server.
        news: What happens in it.
        reach: Where cameras may be that are added here.
        place: Where the collection is.
        publish: Called with the name "camera" and a camera, as the API tells it, whose state is another than
            before. Of one that is gone, its name alone, and `removed`.
        on_look: Called with how all cameras are doing, each second.
    """

    def __init__(
        self,
        book: CameraBook,
        views: CameraViewStore,
        reader: PeopleReader,
        handle: RedisHandle,
        news: News,
        reach: CameraReach,
        place: Place,
        publish: Publish | None = None,
        on_look: Callable[[CamerasNow], None] = lambda _: None,
    ) -> None:
        self._book = book
        self._views = views
        self._reader = reader
        self._handle = handle
        self._news = news
        self._reach = reach
        self._place = place
        self._publish = publish
        self._on_look = on_look
        self._snapshots = CameraSnapshots()
        self._wishes = Wishes()
        self._now = PeopleNow()
        self._outages = CameraOutages()
        self._told: dict[str, dict[str, Any]] = {}
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera desk", daemon=True)
        self._unsubscribe: Callable[[], None] | None = None

    # Cameras -----------------------------------------------------------------------------------------------

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are, deliver and are down, as of the last look; any thread may ask."""
        return self._outages.counts

    def all(self) -> list[dict[str, Any]]:
        """All cameras, by name."""
        with self._handle.errors():
            return self._answers(self._book.cameras())

    def get(self, name: str) -> dict[str, Any]:
        """One camera; `NoSuchCameraError` if there is none."""
        with self._handle.errors():
            self._book.found([name])
            there = self._book.cameras()
            # Who removes it at this moment was quicker.
            return self._answers({name: there.get(name) or (self._book.get(name), None)})[0]

    def gaps(self, name: str) -> list[CameraGap]:
        """When nobody looked at a camera, the latest first; `NoSuchCameraError` if there is none."""
        with self._handle.errors():
            record = self._book.get(name)
            streams = is_streaming(record, self._book.status(name))
            source = self._reader.source(record.source_id)
            return gaps_of(source, added_s=record.created_at_s, streams=streams, now_s=time.time())

    def add(self, name: str, wish: CameraWish) -> dict[str, Any]:
        """Add a camera.

        Raises:
            UsageError: If it can't be so, is out of reach, or nobody said how long people are kept.
            CameraExistsError: If there is one of that name.
            SealError: If there is no key to seal its URL with.
        """
        self._check_reach(wish)
        with self._handle.errors():
            require_policy(self._handle, self._reader.keys, self._place)
        wish = replace(wish, settings={**_usual(), **wish.settings})
        with self._handle.errors():
            self._book.add_all({camera_name(name): wish})
        return self._changed(name)

    def change(self, name: str, wish: CameraWish) -> dict[str, Any]:
        """Change a camera; errors as those of `add`, and `NoSuchCameraError`."""
        self._check_reach(wish)
        with self._handle.errors():
            self._book.change(name, wish)
        return self._changed(name)

    def set_paused(self, name: str, *, paused: bool) -> dict[str, Any]:
        """Leave a camera alone for now, or no longer."""
        with self._handle.errors():
            self._book.set_paused([name], paused=paused)
        return self._changed(name)

    def remove(self, name: str) -> None:
        """Take a camera away; who was seen by it stays."""
        with self._handle.errors():
            self._book.remove([name])
        self._wake.set()

    def _changed(self, name: str) -> dict[str, Any]:
        self._wake.set()
        return self.get(name)

    def _check_reach(self, wish: CameraWish) -> None:
        for url in (wish.url, wish.sub_url):
            if url is not None:
                self._reach.check(url)

    # Pictures ----------------------------------------------------------------------------------------------

    def snapshot(self, name: str) -> bytes:
        """Connect to a camera and take a picture, JPEG.

        Raises:
            NoSuchCameraError: If there is none of that name.
            CameraError: If it sends none in time.
            RefusedError: If too many others are being taken ("busy").
        """
        with self._handle.errors():
            record = self._book.get(name)
            url, _ = self._book.urls(record)

        def take() -> bytes:
            import cv2

            turn = LoginTurn()
            if self._wishes.is_new(name, record.revision):
                turn.begin_anew()
            seen = look_in_turn(
                url,
                LiveSettings(
                    transport=record.transport,
                    hwaccel=record.hwaccel,
                    keyframes_only=record.keyframes_only,
                    open_timeout_s=_PATIENCE_S,
                    stall_s=_PATIENCE_S,
                    check_host=self._reach.check_host if record.check_url else None,
                ),
                turn,
            )
            return cv2.imencode(".jpg", seen.image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()

        return self._snapshots.take(f"{name} {record.revision}", take)

    def view(self, name: str, *, picture: bool) -> CameraView | None:
        """The latest picture that was looked at; says that somebody looks, so that more come.

        Returns:
            The picture; None where there is none yet.

        Raises:
            NoSuchCameraError: If there is no such camera.
        """
        with self._handle.errors():
            self._views.ask(name)
            view = self._views.read(name, picture=picture)
            if view is None:
                self._book.found([name])
            return view

    def people_in(self, view: CameraView) -> list[tuple[str, str]]:
        """Id and name of the person of each face of a picture, empty where nobody knows them yet."""
        with self._handle.errors():
            ids = self._views.persons_of(view)
            people = self._people(ids)
        return [(person.identity_id, person.name) if (person := people.get(i)) else ("", "") for i in ids]

    # Answers -----------------------------------------------------------------------------------------------

    def _answers(
        self, cameras: Mapping[str, tuple[CameraRecord | RecordError, CameraStatus | None]]
    ) -> list[dict[str, Any]]:
        there = {
            name: self._now.at(name)
            for name, (record, status) in cameras.items()
            # Who was there when it went down is not there now.
            if isinstance(record, CameraRecord) and is_streaming(record, status)
        }
        people = self._people({person for ids in there.values() for person in ids})
        return [
            camera_answer(name, record, status, [people[i] for i in there.get(name, ()) if i in people])
            for name, (record, status) in cameras.items()
        ]

    def _people(self, ids: Sequence[str] | set[str]) -> dict[str, Identity]:
        wanted = {identity_id for identity_id in ids if identity_id}
        if not wanted:
            return {}
        return {person.identity_id: person for person in self._reader.people(wanted)}

    # News --------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        assert self._publish is not None
        first, trouble = True, Trouble(_log, "Cameras are looked at")
        while not self._stop.is_set():
            self._wake.clear()
            try:
                with self._handle.errors():
                    cameras = self._book.cameras()
                    now = {camera["name"]: camera for camera in self._answers(cameras)}
            except (StorageError, FacestreamError) as error:
                _log.info("cameras: %s", error)
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
            else:
                trouble.over()
                self._on_look(self._outages.take(cameras))
                self._tell(now, silent=first)
                first = False
            self._wake.wait(_LOOK_EVERY_S)

    def _tell(self, now: dict[str, dict[str, Any]], *, silent: bool) -> None:
        """Tell of the cameras that are other than they were."""
        news = {
            name: {key: value for key, value in camera.items() if key not in _FIGURES}
            for name, camera in now.items()
        }
        before, self._told = self._told, news
        if silent or self._publish is None:
            return
        for name, camera in now.items():
            if before.get(name) != news[name]:
                self._publish("camera", camera)
        for name in before.keys() - now.keys():
            self._publish("camera", {"name": name, "removed": True})

    def __enter__(self) -> Self:
        """Begin to follow what happens."""
        self._unsubscribe = self._news.subscribe(self._now.take, self._now.forget)
        if self._publish is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._stop.set()
        self._wake.set()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._publish is not None:
            self._thread.join(_JOIN_S)


def wish_for(url: str | None, sub_url: str | None, said: Mapping[str, Any]) -> CameraWish:
    """What is wanted of a camera.

    Args:
        url: Its URL; None to leave it as it is.
        sub_url: That of a smaller picture; None to leave it, empty for none.
        said: Some of `facestream.cameras.camera_wish.SETTINGS`; None is what is usual.

    Raises:
        UsageError: If a URL is none of a camera.
    """
    cleared = {"sealed_sub_url", "shown_sub_url"} if sub_url == "" else set()
    usual = _usual()
    said = {name: usual[name] if value is None else value for name, value in said.items()}
    if "min_face_px" in said and said["min_face_px"] is None:
        cleared.add("min_face_px")
    return CameraWish(
        None if url is None else camera_url(url),
        camera_url(sub_url) if sub_url else None,
        settings={key: value for key, value in said.items() if value is not None},
        cleared=frozenset(cleared),
        from_network=True,
    )


def _usual() -> dict[str, Any]:
    """What is said of a camera of which nothing else is."""
    usual = settings().camera
    return {
        "fps": usual.fps,
        "min_face_px": usual.min_face,
        "transport": usual.transport,
        "hwaccel": usual.hwaccel,
        "keyframes_only": usual.keyframes_only,
    }
