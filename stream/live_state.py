"""What a camera does, has done and went wrong with: a pure state machine and its counters."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

_RATE_WINDOW_S = 5.0
_MOST_RATE = 1000.0


class CameraState(StrEnum):
    """What a camera does now."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    STALLED = "stalled"
    """Connected, but no picture for some seconds."""
    BACKING_OFF = "backing_off"
    """Waiting for the next attempt."""
    PAUSED = "paused"
    FAILED = "failed"
    """Only a person can mend it. It is tried again all the same, at the longest wait."""


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """A camera at one moment. Counters run from the start of this process's reading.

    Attributes:
        state: What it does.
        since_s: Unix time at which that began. Of a camera that is down, and while it is tried again: at
            which it went down.
        last_error: What went wrong last, "" if nothing did; without secrets. It stays after the recovery.
        received: Pictures decoded.
        taken: Pictures of those that were sampled into the buffer.
        dropped: Pictures of those that were overwritten before anybody took them.
        corrupt: Packets that couldn't be decoded, and pictures that are damaged.
        connects: Connections that came about.
        fps_in: Pictures decoded per second, over the last five seconds.
        width_px: Width of the pictures, upright and with square pixels; 0 before the first.
        height_px: Height of the pictures.
        codec: FFmpeg's name of the decoder, "" before the first connection.
        last_frame_at_s: Unix time of the last picture, None before the first.
        main: Of a camera whose sub-stream this is: its main stream; None without one.
        paired: Frames that have a picture of the main stream as their detail.
    """

    state: CameraState
    since_s: float
    last_error: str
    received: int
    taken: int
    dropped: int
    corrupt: int
    connects: int
    fps_in: float
    width_px: int
    height_px: int
    codec: str
    last_frame_at_s: float | None
    main: "LiveStatus | None" = None
    paired: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state.

    Attributes:
        before: The state that ended.
        after: The state that began.
        news: False where a camera that is down only goes through the same attempt once more.
    """

    before: CameraState
    after: CameraState
    news: bool


class LiveStateMachine:
    """Follows one camera from event to event. All times are Unix seconds on a clock that never jumps.

    Every event returns the change of state that it causes, None if there is none. Events that come late, from
    a thread that has not noticed a pause yet, change nothing.

    Args:
        now_s: The present.
        stalled_after_s: Seconds without a picture after which a connected camera counts as stalled.
    """

    def __init__(self, now_s: float, stalled_after_s: float = 3.0) -> None:
        self._state, self._since_s = CameraState.CONNECTING, now_s
        self._stalled_after_s = stalled_after_s
        self._last_error = self._codec = ""
        self._received = self._taken = self._dropped = self._corrupt = self._connects = 0
        self._size_px = 0, 0
        self._last_frame_at_s: float | None = None
        self._connected_at_s = now_s
        self._recent_s: deque[float] = deque(maxlen=int(_MOST_RATE * _RATE_WINDOW_S))
        self._known = True
        # Whether it is down, also while another attempt is under way.
        self._down = False

    @property
    def state(self) -> CameraState:
        """What the camera does now."""
        return self._state

    def status(self, now_s: float) -> LiveStatus:
        """The camera at this moment."""
        return LiveStatus(
            state=self._state,
            since_s=self._since_s,
            last_error=self._last_error,
            received=self._received,
            taken=self._taken,
            dropped=self._dropped,
            corrupt=self._corrupt,
            connects=self._connects,
            fps_in=self._fps_in(now_s),
            width_px=self._size_px[0],
            height_px=self._size_px[1],
            codec=self._codec,
            last_frame_at_s=self._last_frame_at_s,
        )

    def connecting(self, now_s: float) -> Transition | None:
        """An attempt begins. A camera that failed stays failed until it shows a picture."""
        if self._state is not CameraState.BACKING_OFF:
            return None
        return self._become(CameraState.CONNECTING, now_s)

    def connected(self, now_s: float, codec: str) -> None:
        """A connection came about; the camera streams from its first picture on."""
        self._connects += 1
        self._codec = codec
        self._connected_at_s = now_s

    def frame(self, now_s: float, size_px: tuple[int, int]) -> Transition | None:
        """A picture of this width and height was decoded."""
        self._received += 1
        self._size_px = size_px
        self._last_frame_at_s = now_s
        self._recent_s.append(now_s)
        if self._state in {CameraState.PAUSED, CameraState.STREAMING}:
            return None
        self._known = False
        return self._become(CameraState.STREAMING, now_s)

    def took(self, *, dropped: int) -> None:
        """A picture was put into the buffer, for which so many others had to leave."""
        self._taken += 1
        self._dropped += dropped

    def let_go(self, count: int) -> None:
        """So many pictures that were sampled before had to leave."""
        self._dropped += count

    def damaged(self, count: int) -> None:
        """So many more packets or pictures were damaged."""
        self._corrupt += count

    def tick(self, now_s: float) -> Transition | None:
        """Time went by."""
        if self._state is not CameraState.STREAMING or self._last_frame_at_s is None:
            return None
        if now_s - self._last_frame_at_s < self._stalled_after_s:
            return None
        return self._become(CameraState.STALLED, now_s)

    def lost(self, now_s: float, error: str, *, hopeless: bool) -> Transition | None:
        """An attempt or a connection ended because of `error`; `hopeless` if only a person can mend it."""
        if self._state is CameraState.PAUSED:
            return None
        self._known = self._known and error == self._last_error
        self._last_error = error
        after = CameraState.FAILED if hopeless else CameraState.BACKING_OFF
        return None if self._state is after and self._known else self._become(after, now_s)

    def pause(self, now_s: float) -> Transition | None:
        """Somebody paused the camera."""
        self._known = False
        return None if self._state is CameraState.PAUSED else self._become(CameraState.PAUSED, now_s)

    def resume(self, now_s: float) -> Transition | None:
        """Somebody ended the pause."""
        return self._become(CameraState.CONNECTING, now_s) if self._state is CameraState.PAUSED else None

    def _become(self, after: CameraState, now_s: float) -> Transition:
        transition = Transition(self._state, after, news=not self._known)
        is_down = after in {CameraState.BACKING_OFF, CameraState.FAILED}
        tried_again = self._down and after is CameraState.CONNECTING
        if not ((self._down and is_down) or tried_again):
            self._since_s = now_s
        self._state, self._down = after, is_down or tried_again
        if is_down:
            self._known = True
        return transition

    def _fps_in(self, now_s: float) -> float:
        while self._recent_s and self._recent_s[0] <= now_s - _RATE_WINDOW_S:
            self._recent_s.popleft()
        span_s = min(_RATE_WINDOW_S, max(1.0, now_s - self._connected_at_s))
        return len(self._recent_s) / span_s
