"""Reading one camera for ever, in a thread of its own."""

import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from stream.backoff import SETTLED_S, Backoff
from stream.camera import resolved
from stream.camera_url import CameraUrl
from stream.errors import (
    CameraError,
    CameraForbiddenError,
    CameraLoginError,
    CameraRefusedError,
    CameraUrlError,
)
from stream.live_clock import LiveClock
from stream.live_connection import ArrivedT, LiveConnection
from stream.live_settings import KEYFRAME_PATIENCE, LiveSettings
from stream.live_state import CameraState, LiveStateMachine, LiveStatus, Transition
from stream.logins import Login, LoginTurn

_log = logging.getLogger(__name__)

ConnectionT = TypeVar("ConnectionT", bound=LiveConnection[Any])

_JOIN_S = 1.0
_STALLED_AFTER_S = 3.0
# Cameras that save bandwidth send one every ten seconds or so.
_STALLED_AFTER_KEYFRAMES_S = 15.0

# While a login that was refused is let be: whether its URL refers to another password by now.
_LOOK_AGAIN_S = 15.0
# Then it is asked for how long.
_ASK_AGAIN_S = 1.0

_left: list[threading.Thread] = []


def threads_left_behind() -> int:
    """Threads of closed sources that are still inside FFmpeg; each ends by its own timeout."""
    _left[:] = [thread for thread in _left if thread.is_alive()]
    return len(_left)


class LiveReader(ABC, Generic[ConnectionT, ArrivedT]):
    """Reads one camera for ever, whatever it does; a context manager.

    Its thread connects (`_open`), and shows each picture to `_see`. A camera that is down, ends the
    connection or falls silent is tried again, see `Backoff`, and one that refuses the login, see `Logins`.

    Attributes:
        source_id: What it is called in the log.

    Args:
        url: The camera; references in it are looked up at every connection.
        source_id: Name of what is read.
        settings: How to read it.
        clock: Tells the time.
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
        self.source_id = source_id
        self._url, self._settings, self._clock, self._on_event = url, settings, clock, on_event
        self._backoff = Backoff(settings.first_backoff_s, settings.longest_backoff_s)
        self._turn = LoginTurn()
        # Between keyframes a connection is waited for longer, too.
        stalled_after_s, longest_s = _STALLED_AFTER_S, settings.stall_s / 2
        if settings.keyframes_only:
            stalled_after_s, longest_s = _STALLED_AFTER_KEYFRAMES_S, longest_s * KEYFRAME_PATIENCE
        self._machine = LiveStateMachine(clock.now_s(), min(stalled_after_s, longest_s))
        self._lock = threading.Lock()
        self._paused = self._closed = False
        self._interrupt = threading.Event()
        self._gone_since_s = time.monotonic()
        # A daemon: inside FFmpeg it can't be ended before its timeout.
        self._thread = threading.Thread(target=self._run, name=f"camera {source_id}", daemon=True)

    @property
    def status(self) -> LiveStatus:
        """What the camera does now, and the counters."""
        self._record(self._machine.tick)
        return self._status()

    def pause(self) -> None:
        """Let go of the camera until `resume`."""
        with self._lock:
            self._paused = True
            transition = self._machine.pause(self._clock.now_s())
        self._interrupt.set()
        self._announce(transition)

    def ask_anew(self) -> None:
        """A person has just added or changed the camera: a login that was refused may be tried once more."""
        self._turn.begin_anew()

    def resume(self) -> None:
        """End the pause."""
        self.ask_anew()
        with self._lock:
            self._paused = False
            transition = self._machine.resume(self._clock.now_s())
        self._interrupt.set()
        self._announce(transition)

    def stop(self) -> None:
        """Tell the reading to end, without waiting for it."""
        self._closed = True
        self._interrupt.set()

    def close(self) -> None:
        """End the reading within about a second.

        A thread that is still connecting, or waiting for data over HTTP, is left behind and ends by its
        timeout.
        """
        self.stop()
        if self._thread.ident is None:
            return
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            threads_left_behind()  # forgets those that have ended since
            _left.append(self._thread)
            _log.info(
                "%s: closed while it waits for the camera; its thread ends by itself",
                self.source_id,
                extra={"source_id": self.source_id},
            )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while True:
            # Cleared before the flags are looked at, so that no wish gets lost.
            self._interrupt.clear()
            if self._closed:
                return
            self._interrupt.wait(None if self._paused else self._attempt())

    def _attempt(self) -> float:
        """Connect, and read until it ends; returns the seconds until the next attempt."""
        wait_s, refusal = self._turn.wait_s(self._login())
        if wait_s > 0:
            if refusal:
                self._record(lambda now_s: self._machine.lost(now_s, refusal, hopeless=True))
            return min(wait_s, _LOOK_AGAIN_S)
        self._record(self._machine.connecting)
        try:
            with self._open() as connection:
                self._turn.opened()
                self._record(lambda now_s: self._machine.connected(now_s, connection.codec))
                self._read(connection)
        except CameraLoginError as error:
            words = f"{error}. It is tried again within an hour, or once it was paused and resumed"
            self._turn.refused(words, whoever=not isinstance(error, CameraForbiddenError))
            self._lost(words, hopeless=True)
            return _ASK_AGAIN_S
        except (CameraError, CameraUrlError) as error:
            return self._lost(str(error), hopeless=isinstance(error, CameraRefusedError | CameraUrlError))
        except Exception as error:  # whatever it is, the camera must be read again
            # Its text may hold the URL, and so may values in its traceback; where it was raised holds none.
            *_, at = traceback.extract_tb(error.__traceback__)
            where = f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"
            return self._lost(f"reading it failed ({where})", hopeless=False)
        finally:
            self._turn.ended()
        return 0.0

    def _login(self) -> Login | None:
        """What the camera is asked with now; None where that can't be told, or there is none."""
        try:
            return Login.of(resolved(self._url))
        except CameraUrlError:
            # Whoever connects says so.
            return None

    def _lost(self, words: str, *, hopeless: bool) -> float:
        self._record(lambda now_s: self._machine.lost(now_s, words, hopeless=hopeless))
        if hopeless:
            return self._backoff.hopeless_s()
        return self._backoff.wait_s(time.monotonic() - self._gone_since_s)

    def _read(self, connection: ConnectionT) -> None:
        first_s: float | None = None
        damaged = 0
        try:
            for picture in connection.pictures(self._interrupt):
                if self._interrupt.is_set():
                    return
                with self._lock:
                    self._machine.damaged(connection.corrupt - damaged)
                damaged = connection.corrupt
                if picture is None:
                    self._record(self._machine.tick)
                    continue
                self._look_at(connection, picture)
                first_s = picture.arrived_s if first_s is None else first_s
        finally:
            now_s = time.monotonic()
            if first_s is not None and now_s - first_s >= SETTLED_S:
                self._backoff.reset()
                self._gone_since_s = now_s

    @abstractmethod
    def _open(self) -> ConnectionT:
        """Connect; raises what `open_camera` does."""

    @abstractmethod
    def _see(self, connection: ConnectionT, picture: ArrivedT) -> None:
        """Look at the next picture, in the reading thread; must be quick."""

    def _look_at(self, connection: ConnectionT, picture: ArrivedT) -> None:
        size_px = connection.size_px(picture)
        self._record(lambda now_s: self._machine.frame(now_s, size_px))
        self._see(connection, picture)

    def _record(self, event: Callable[[float], Transition | None]) -> None:
        with self._lock:
            transition = event(self._clock.now_s())
        self._announce(transition)

    def _status(self) -> LiveStatus:
        with self._lock:
            return self._machine.status(self._clock.now_s())

    def _announce(self, transition: Transition | None) -> None:
        if transition is None or self._closed:
            return
        status = self._status()
        down = transition.after in {CameraState.BACKING_OFF, CameraState.FAILED}
        level = logging.WARNING if down else logging.INFO
        _log.log(
            level if transition.news else logging.DEBUG,
            "%s: %s, was %s%s",
            self.source_id,
            transition.after,
            transition.before,
            f": {status.last_error}" if down else "",
            extra={"source_id": self.source_id},
        )
        if self._on_event is not None:
            self._on_event(status)
