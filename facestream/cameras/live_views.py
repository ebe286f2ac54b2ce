"""What cameras see, for those who look at them live; done only while somebody does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facestream.processes.trouble import Trouble
from storage.camera_view import CameraView, ViewedFace
from storage.camera_view_store import CameraViewStore
from storage.errors import StorageError
from stream.frame import Frame

_log = logging.getLogger(__name__)

LONGEST_SIDE_PX = 960
"""Larger pictures are scaled down."""

_LEAST_EVERY_S = 0.5
_ASK_EVERY_S = 0.5
_JOIN_S = 5.0
_QUALITY = 80

Present = Sequence[tuple[str, npt.NDArray[np.float32], str]]
"""Faces of a frame: track id, box (4,) px, id of the track that it continues."""


class LiveViews:
    """Publishes the pictures of cameras that somebody looks at; a context manager with a thread of its own.

    A frame of a camera that nobody looks at costs one look into a dict, and two questions a second to Redis
    for all cameras of a worker together.

    Args:
        store: Where pictures go.
        present: Gives the faces of the newest frame of a source.
        errors: Turns errors of the client into ours: `RedisHandle.errors`.
    """

    def __init__(
        self,
        store: CameraViewStore,
        present: Callable[[str], Present],
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._store = store
        self._present = present
        self._errors = errors
        # By camera: when its next picture is due, monotonic. Written by the thread that brings frames.
        self._due_s: dict[str, float] = {}
        self._viewed: frozenset[str] = frozenset()
        self._waiting: dict[str, tuple[Frame, Present]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="live views", daemon=True)

    def on_frame(self, frame: Frame) -> None:
        """A frame of a camera has been looked at; to be called in the thread that looks."""
        name = frame.source_id.removeprefix("c-")
        due_s = self._due_s.setdefault(name, 0.0)
        if name not in self._viewed:
            return
        now_s = time.monotonic()
        if now_s < due_s:
            return
        self._due_s[name] = now_s + _LEAST_EVERY_S
        with self._lock:
            self._waiting[name] = (frame, self._present(frame.source_id))
        self._wake.set()

    def _work(self) -> None:
        ask_s, trouble = 0.0, Trouble(_log, "Live views are written")
        while not self._stop.is_set():
            try:
                with self._errors():
                    if time.monotonic() >= ask_s:
                        ask_s = time.monotonic() + _ASK_EVERY_S
                        self._viewed = frozenset(self._store.viewed(list(self._due_s)))
                    self._wake.clear()
                    with self._lock:
                        waiting, self._waiting = self._waiting, {}
                    for name, (frame, faces) in waiting.items():
                        self._store.write(name, view_of(frame, faces))
            except StorageError as error:
                # The worker itself says that the server is away.
                _log.info("live views: %s", error)
                self._stop.wait(_ASK_EVERY_S)
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
                self._stop.wait(_ASK_EVERY_S)
            else:
                trouble.over()
            self._wake.wait(max(ask_s - time.monotonic(), 0.0))

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._stop.set()
        self._wake.set()
        self._thread.join(_JOIN_S)


def view_of(frame: Frame, faces: Present) -> CameraView:
    """A frame as a picture of bounded size, with boxes in pixels of that.

    Args:
        frame: The frame.
        faces: Its faces, with boxes in pixels of the frame.
    """
    image = frame.image_bgr
    height_px, width_px = image.shape[:2]
    scale = min(LONGEST_SIDE_PX / max(width_px, height_px), 1.0)
    if scale < 1:
        width_px, height_px = max(round(width_px * scale), 1), max(round(height_px * scale), 1)
        image = cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA).astype(np.uint8)
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    viewed = []
    for track_id, box_xyxy, continues in faces:
        left, top, right, bottom = (box_xyxy * scale).tolist()
        viewed.append(ViewedFace((left, top, right, bottom), track_id, continues))
    at_s = time.time() if frame.captured_at_s is None else frame.captured_at_s
    return CameraView(str(frame.index), at_s, width_px, height_px, tuple(viewed), encoded.tobytes())
