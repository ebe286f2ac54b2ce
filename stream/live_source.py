"""One camera and its frames, sampled as they arrive."""

import av

from stream.camera import open_camera
from stream.frame import Frame
from stream.live_buffer import LiveBuffer
from stream.live_connection import LivePicture, PictureConnection
from stream.live_settings import LiveSettings as LiveSettings
from stream.sampled_reader import SampledReader


class LiveSource(SampledReader[PictureConnection, LivePicture, LiveBuffer]):
    """Reads one camera for ever, whatever it does; see `SampledReader`. Implements `LiveFrames`.

    Frames wait in a buffer that drops the oldest. Of the pictures that aren't sampled, nothing is converted.
    """

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

    def _make_buffer(self, settings: LiveSettings) -> LiveBuffer:
        return LiveBuffer(settings.capacity)

    def _open(self) -> PictureConnection:
        return open_camera(self._url, self._settings)

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
        self._sampled(self._buffer.put(frame))
