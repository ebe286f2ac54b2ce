"""One camera whose pictures are passed on as it encoded them, cut where a frame is to be looked at."""

from stream.camera import open_encoded
from stream.live_connection import EncodedConnection, EncodedPicture
from stream.live_settings import LiveSettings
from stream.packet_buffer import PacketBuffer
from stream.packet_run import PacketRun
from stream.sampled_reader import SampledReader

# So many seconds wait for who sends them: they are small, and what is lost costs all up to the next keyframe.
_WAIT_S = 2.0


class PacketSource(SampledReader[EncodedConnection, EncodedPicture, PacketBuffer]):
    """Reads one camera for ever and decodes nothing of it; see `SampledReader`.

    Runs wait for two seconds' worth of frames at most, see `PacketBuffer`.
    """

    def take(self) -> PacketRun | None:
        """The oldest run that waits, at once; None if there is none."""
        run = self._buffer.take()
        if run is None:
            self._record(self._machine.tick)
        return run

    def begin_anew(self) -> None:
        """What was taken is lost: pass over all up to the next keyframe."""
        lost = self._buffer.lose()
        with self._lock:
            self._machine.let_go(lost)

    def _make_buffer(self, settings: LiveSettings) -> PacketBuffer:
        return PacketBuffer(max(settings.capacity, round(settings.fps * _WAIT_S)))

    def _open(self) -> EncodedConnection:
        self._buffer.break_off()
        return open_encoded(self._url, self._settings)

    def _see(self, connection: EncodedConnection, picture: EncodedPicture) -> None:
        lost = self._buffer.add(picture, connection.codec)
        if not self._sampler.wants(picture.arrived_s):
            with self._lock:
                self._machine.let_go(lost)
            return
        arrival = self._clock.arrival(picture.arrived_s)
        kept, more = self._buffer.put(arrival, connection.codec, connection.extradata)
        self._sampled(lost + more, kept=kept)
