"""Runs of packets of one camera that wait for whoever passes them on."""

import threading
from collections import deque

from stream.live_clock import Arrival
from stream.live_connection import EncodedPicture
from stream.packet_run import PacketRun

MAX_RUN_BYTES = 15 << 20
"""Largest run, bytes: less than what is taken in one piece, so that there is room for a seal."""

_MOST_WAITING_BYTES = 32 << 20

# Each picture of theirs stands alone, so those that aren't looked at need not be passed on.
_WITHOUT_GROUPS = frozenset({"mjpeg"})


class PacketBuffer:
    """Collects packets from a keyframe on and cuts them into runs; putting never waits. Safe between threads.

    When there is no room all runs are let go, and what follows up to the next keyframe with them, as none of
    it could be decoded.

    Args:
        capacity: Most runs that wait; they have 32 MiB at most.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._runs: deque[PacketRun] = deque()
        self._packets: list[EncodedPicture] = []
        # Of the run that has begun, and of those that wait.
        self._bytes = self._waiting_bytes = 0
        # Whether all packets since a keyframe are there.
        self._whole = False
        self._lock = threading.Lock()

    def take(self) -> PacketRun | None:
        """Remove and return the oldest run, None if there is none."""
        with self._lock:
            run = self._runs.popleft() if self._runs else None
            self._waiting_bytes -= sum(map(len, run.packets)) if run else 0
        return run

    def break_off(self) -> None:
        """Nothing that comes can be decoded with what came before; what waits still can be taken."""
        with self._lock:
            self._whole = False

    def lose(self) -> int:
        """Let go of all that waits, and of what follows up to the next keyframe; returns how many runs."""
        with self._lock:
            return self._lose()

    def add(self, picture: EncodedPicture, codec: str) -> int:
        """Add a packet to the run that has begun; returns how many runs were let go."""
        with self._lock:
            if not self._whole or codec in _WITHOUT_GROUPS:
                self._begin()
                self._whole = picture.keyframe
            if not self._whole:
                return 0
            self._packets.append(picture)
            self._bytes += len(picture.data)
            return self._lose() if self._bytes > MAX_RUN_BYTES else 0

    def put(self, arrival: Arrival, codec: str, extradata: bytes) -> tuple[bool, int]:
        """Let the run that has begun be taken.

        Returns:
            Whether it can be, and how many others were let go.
        """
        with self._lock:
            if not self._whole:
                return False, 0
            if len(self._runs) == self._capacity or self._waiting_bytes + self._bytes > _MOST_WAITING_BYTES:
                return False, self._lose()
            self._runs.append(
                PacketRun(
                    arrival.index,
                    arrival.media_s,
                    arrival.captured_at_s,
                    codec,
                    extradata,
                    tuple(each.data for each in self._packets),
                    tuple(place for place, each in enumerate(self._packets) if each.keyframe),
                )
            )
            self._waiting_bytes += self._bytes
            self._begin()
            return True, 0

    def _begin(self) -> None:
        self._packets, self._bytes = [], 0

    def _lose(self) -> int:
        lost = len(self._runs)
        self._runs.clear()
        self._waiting_bytes, self._whole = 0, False
        self._begin()
        return lost
