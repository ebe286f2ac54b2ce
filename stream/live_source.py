"""One camera and its frames, sampled as they arrive."""

from collections.abc import Callable

import av

from stream.arrival_sampling import ArrivalSampler
from stream.camera_url import CameraUrl
from stream.frame import Frame
from stream.live_buffer import LiveBuffer
from stream.live_clock import LiveClock
from stream.live_connection import LivePicture, PictureConnection
from stream.live_settings import LiveSettings as LiveSettings
from stream.live_state import LiveStatus
from stream.picture_reader import PictureReader


class LiveSource(PictureReader):
    """Reads one camera for ever, whatever it does; a context manager. Implements `LiveFrames`.

    Pictures are sampled by arrival and put into a buffer that drops the oldest: the reading thread waits for
    nobody but the camera. Of the pictures that aren't sampled, nothing is converted. Frames that wait when it
    is paused or closed can still be taken.

    Attributes:
        source_id: Name of the source, goes into every frame.
        on_arrival: Called when a frame was put into the buffer, in the reading thread; must be quick.

    Args:
        url: The camera; references in it are looked up at every connection.
        source_id: Name of the source.
        settings: How to read it.
        clock: Gives the frames their place in time.
        on_event: Called at every change of state, in the reading thread or in the one that uses this object;
            must be quick.
    """

    def __init__(
        self,
        url: CameraUrl,
        source_id: str,
        settings: LiveSettings,
        clock: LiveClock,
        on_event: Callable[[LiveStatus], None] | None = None,
    ) -> None:
        super().__init__(url, source_id, settings, clock, on_event)
        self.on_arrival: Callable[[], None] | None = None
        self._buffer = LiveBuffer(settings.capacity)
        self._sampler = ArrivalSampler(settings.fps)

    @property
    def waiting_since_s(self) -> float | None:
        """`captured_at_s` of the oldest frame that waits, None if there is none."""
        oldest = self._buffer.oldest
        if oldest is None:
            # The reading thread may be inside a read, and not notice the silence itself.
            self._record(self._machine.tick)
            return None
        return oldest.captured_at_s

    def take(self) -> Frame | None:
        """The oldest frame that waits, at once; None if there is none."""
        frame = self._buffer.take()
        if frame is None:
            self._record(self._machine.tick)
        return frame

    def set_fps(self, fps: float) -> None:
        """Sample so many frames per second from now on.

        Raises:
            ValueError: If `fps` is not more than 0 and at most 25.
        """
        self._sampler.set_fps(fps)

    def _see(self, connection: PictureConnection, picture: LivePicture) -> None:
        if not self._sampler.wants(picture.arrived_s):
            return
        try:
            image_bgr = connection.image_bgr(picture)
        except (av.FFmpegError, ValueError):
            # A pixel format that can't be converted, out of a damaged packet.
            with self._lock:
                self._machine.damaged(1)
            return
        arrival = self._clock.arrival(picture.arrived_s)
        frame = Frame(self.source_id, arrival.index, arrival.media_s, arrival.captured_at_s, image_bgr)
        dropped = self._buffer.put(frame)
        with self._lock:
            self._machine.took(dropped=dropped)
        if self.on_arrival is not None and not self._closed:
            self.on_arrival()
