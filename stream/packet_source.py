"""One camera whose pictures are passed on as it encoded them, cut where a frame is to be looked at."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from stream.arrival_sampling import ArrivalSampler
from stream.camera import open_encoded
from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_connection import EncodedConnection, EncodedPicture
from stream.live_reader import LiveReader
from stream.live_settings import LiveSettings
from stream.live_state import LiveStatus

MAX_RUN_BYTES = 15 << 20
"""Largest run, bytes: less than what is taken in one piece, so that there is room for a seal."""

_MOST_WAITING_BYTES = 32 << 20

# Each picture of theirs stands alone, so those that aren't looked at need not be passed on.
_WITHOUT_GROUPS = frozenset({"mjpeg"})

# So many seconds wait for who sends them: they are small, and what is lost costs all up to the next keyframe.
_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class PacketRun:
    """The packets of a camera from one sampled frame to the next, which is what has been decoded by then.

    Attributes:
        index, media_s, captured_at_s: As those of the frame.
        codec: FFmpeg's name of the codec.
        extradata: What the decoder must be told before the first of them; may be empty.
        packets: In the order of decoding.
        keyframes: Which of them decoding can begin with, by place.
    """

    index: int
    media_s: float
    captured_at_s: float
    codec: str
    extradata: bytes
    packets: tuple[bytes, ...]
    keyframes: tuple[int, ...]


class PacketSource(LiveReader[EncodedConnection, EncodedPicture]):
    """Reads one camera for ever and decodes nothing of it; a context manager.

    Runs wait for two seconds' worth of frames at most, and 32 MiB. When there are more, all are dropped, and
    those up to the next keyframe with them, as none could be decoded.

    Attributes:
        source_id: Name of the source.
        on_arrival: Called when a run can be taken, in the reading thread; must be quick.

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
        self._sampler = ArrivalSampler(settings.fps)
        self._most = max(settings.capacity, round(settings.fps * _WAIT_S))
        self._waiting: deque[PacketRun] = deque()
        self._waiting_lock = threading.Lock()
        self._packets: list[EncodedPicture] = []
        # Of the run that has begun, and with those that wait.
        self._bytes = self._waiting_bytes = 0
        # Whether all packets since a keyframe are there.
        self._whole = False

    def take(self) -> PacketRun | None:
        """The oldest run that waits, at once; None if there is none."""
        with self._waiting_lock:
            run = self._waiting.popleft() if self._waiting else None
            self._waiting_bytes -= sum(map(len, run.packets)) if run else 0
        if run is None:
            self._record(self._machine.tick)
        return run

    def begin_anew(self) -> None:
        """What was taken is lost: pass over all up to the next keyframe."""
        with self._waiting_lock:
            lost = self._lose()
        with self._lock:
            self._machine.let_go(lost)

    def _open(self) -> EncodedConnection:
        with self._waiting_lock:
            # Nothing of this connection can be decoded with what came before.
            self._whole = False
        return open_encoded(self._url, self._settings)

    def _see(self, connection: EncodedConnection, picture: EncodedPicture) -> None:
        with self._waiting_lock:
            lost = self._add(connection, picture)
            wanted = self._sampler.wants(picture.arrived_s)
            full = len(self._waiting) == self._most or self._waiting_bytes + self._bytes > _MOST_WAITING_BYTES
            if wanted and self._whole and full:
                lost += self._lose()
            put = wanted and self._whole
            if put:
                self._put(connection, picture.arrived_s)
        with self._lock:
            if wanted:
                self._machine.took(dropped=lost + (not put))
            else:
                self._machine.let_go(lost)
        if put and self.on_arrival is not None and not self._closed:
            self.on_arrival()

    def _add(self, connection: EncodedConnection, picture: EncodedPicture) -> int:
        """Add a packet to the run that has begun; returns how many runs were lost by it."""
        if not self._whole or connection.codec in _WITHOUT_GROUPS:
            self._begin()
            self._whole = picture.keyframe
        if not self._whole:
            return 0
        self._packets.append(picture)
        self._bytes += len(picture.data)
        return self._lose() if self._bytes > MAX_RUN_BYTES else 0

    def _begin(self) -> None:
        self._packets, self._bytes = [], 0

    def _put(self, connection: EncodedConnection, arrived_s: float) -> None:
        """Let the run be taken."""
        arrival = self._clock.arrival(arrived_s)
        self._waiting.append(
            PacketRun(
                arrival.index,
                arrival.media_s,
                arrival.captured_at_s,
                connection.codec,
                connection.extradata,
                tuple(each.data for each in self._packets),
                tuple(place for place, each in enumerate(self._packets) if each.keyframe),
            )
        )
        self._waiting_bytes += self._bytes
        self._begin()

    def _lose(self) -> int:
        """Let go of all that waits; returns how many runs."""
        lost = len(self._waiting)
        self._waiting.clear()
        self._waiting_bytes, self._whole = 0, False
        self._begin()
        return lost
