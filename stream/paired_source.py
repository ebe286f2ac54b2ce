"""One camera read by two streams: a small one to find faces in, a large one to look at them closely."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt

from stream.camera import open_camera
from stream.camera_url import CameraUrl
from stream.conversion import BgrConverter, shown_size_px
from stream.detail import Detail, misfit
from stream.frame import Frame
from stream.live_buffer import LiveBuffer
from stream.live_clock import LiveClock
from stream.live_connection import LivePicture, PictureConnection
from stream.live_reader import LiveReader
from stream.live_settings import LiveSettings
from stream.live_source import LiveSource
from stream.live_state import CameraState, LiveStatus
from stream.moment_pairing import MomentPairing

_log = logging.getLogger(__name__)

PAIR_WITHIN_S = 0.15
"""Farthest apart that two pictures arrive which count as one moment."""


class PairedSource:
    """Reads the sub-stream and the main stream of one camera for ever. Implements `LiveFrames`.

    Frames are those of the sub-stream; each has the picture of the main stream as its detail that came
    nearest, within 150 ms. A frame waits for that at most so long, and not at all while the main stream is
    down: that costs the detail and nothing else. All pictures of the main stream are decoded, and only those
    converted whose detail is asked for.

    Attributes:
        source_id: Name of the source, goes into every frame.
        on_arrival: Called when a frame can be taken, in a reading thread; must be quick.

    Args:
        url: The main stream; references in it are looked up at every connection.
        sub_url: The sub-stream, likewise.
        source_id: Name of the source.
        settings: How to read the sub-stream, and how many frames wait.
        clock: Gives the frames their place in time.
        main_settings: How to read the main stream; `fps` and `capacity` mean nothing there.
    """

    def __init__(
        self,
        url: CameraUrl,
        sub_url: CameraUrl,
        source_id: str,
        settings: LiveSettings,
        clock: LiveClock,
        main_settings: LiveSettings,
    ) -> None:
        self.source_id = source_id
        self.on_arrival: Callable[[], None] | None = None
        self._clock = clock
        self._sub = LiveSource(sub_url, source_id, settings, clock)
        self._sub.on_arrival = self._frame_came
        self._main = _PictureReader(
            url, f"{source_id} (main stream)", main_settings, clock, self._picture_came
        )
        self._pairing: MomentPairing[Frame, LivePicture] = MomentPairing(PAIR_WITHIN_S)
        self._buffer = LiveBuffer(settings.capacity)
        self._dropped = self._paired = 0
        self._misfit = ""
        self._lock = threading.Lock()

    @property
    def status(self) -> LiveStatus:
        """That of the sub-stream, with the main stream's within."""
        main = self._main.status
        if self._misfit:
            main = replace(main, last_error=self._misfit)
        return replace(self._sub.status, dropped=self._dropped, main=main, paired=self._paired)

    @property
    def waiting_since_s(self) -> float | None:
        """`captured_at_s` of the oldest frame that waits, None if there is none."""
        self._settle(lambda: self._pairing.late(self._clock.now_s()))
        oldest = self._buffer.oldest
        return self._sub.waiting_since_s if oldest is None else oldest.captured_at_s

    def take(self) -> Frame | None:
        """The oldest frame that waits, at once; None if there is none."""
        self._settle(lambda: self._pairing.late(self._clock.now_s()))
        return self._buffer.take()

    def set_fps(self, fps: float) -> None:
        """Sample so many frames per second from now on.

        Raises:
            ValueError: If `fps` is not more than 0 and at most 25.
        """
        self._sub.set_fps(fps)

    def ask_anew(self) -> None:
        """As that of `LiveReader`, of both."""
        self._main.ask_anew()
        self._sub.ask_anew()

    def close(self) -> None:
        """End the reading of both within about a second; see `LiveReader.close`."""
        self._main.stop()
        self._sub.close()
        self._main.close()

    def __enter__(self) -> Self:
        self._main.__enter__()
        self._sub.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frame_came(self) -> None:
        """In the thread of the sub-stream."""
        frame = self._sub.take()
        if frame is None or frame.captured_at_s is None:
            return
        at_s = frame.captured_at_s
        waits = self._main.status.state is CameraState.STREAMING
        self._settle(lambda: self._pairing.frame(frame, at_s, waits=waits))

    def _picture_came(self, picture: LivePicture) -> None:
        """In the thread of the main stream."""
        at_s = self._clock.at_s(picture.arrived_s)
        self._settle(lambda: self._pairing.picture(picture, at_s))

    def _settle(self, event: Callable[[], list[tuple[Frame, LivePicture | None]]]) -> None:
        """Let frames be taken that nothing is waited for any more."""
        with self._lock:
            settled = event()
            for frame, picture in settled:
                detail = None if picture is None else self._detail(frame, picture)
                self._paired += detail is not None
                self._dropped += self._buffer.put(replace(frame, detail=detail))
        if settled and self.on_arrival is not None:
            self.on_arrival()

    def _detail(self, frame: Frame, picture: LivePicture) -> Detail | None:
        height, width = frame.image_bgr.shape[:2]
        size_px = shown_size_px(picture.picture, picture.pixel_aspect)
        wrong = misfit((width, height), size_px)
        if wrong and wrong != self._misfit:
            _log.warning("%s: faces are cut out of the sub-stream: %s", self.source_id, wrong)
        self._misfit = wrong
        return None if wrong else Detail(size_px, partial(self._main.image_bgr, picture))


class _PictureReader(LiveReader[PictureConnection, LivePicture]):
    """Shows each picture of a stream to somebody, as it was decoded."""

    def __init__(
        self,
        url: CameraUrl,
        source_id: str,
        settings: LiveSettings,
        clock: LiveClock,
        on_picture: Callable[[LivePicture], None],
    ) -> None:
        super().__init__(url, source_id, settings, clock)
        self._on_picture = on_picture
        self._converting = threading.Lock()
        self._aspect: Fraction | None = None
        self._converter = BgrConverter(None)

    def image_bgr(self, picture: LivePicture) -> npt.NDArray[np.uint8] | None:
        """Convert a picture, in any thread, also when its connection is gone; None where it is damaged."""
        with self._converting:
            if picture.pixel_aspect != self._aspect:
                self._converter, self._aspect = BgrConverter(picture.pixel_aspect), picture.pixel_aspect
            try:
                return self._converter.image_bgr(picture.picture)
            except (av.FFmpegError, ValueError):
                with self._lock:
                    self._machine.damaged(1)
                return None

    def _open(self) -> PictureConnection:
        return open_camera(self._url, self._settings)

    def _see(self, connection: PictureConnection, picture: LivePicture) -> None:  # noqa: ARG002 - converted later
        self._on_picture(picture)
