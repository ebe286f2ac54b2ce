"""The end of a process that Redis must not hold up, though it hangs.

A command of the client waits for as long as a server may think, and is tried again after that. Who has been
told to end has no such time, and needs none: leases that are not given back expire. So from that moment on a
command has a second and a half, a broken connection is tried once more, and the first command that fails all
the same is the last: whatever else would be asked fails at once. The same is so when the time for the whole
ending is over.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

ENDING_S = 15.0
"""How long an ending may take as a whole. A server that hangs is given up long before; with one that is well,
the last faces of many cameras take some seconds. Containers are killed after 20 s."""

# Longer than any command waits by itself that an ending may meet: who reads frames of remote cameras asks the
# server to wait for half a second.
_COMMAND_S = 1.5
_LOOK_EVERY_S = 0.1
_LOOK_FOR_END_S = 0.2
_JOIN_S = 1.0

ResultT = TypeVar("ResultT")


class _Waiting(Protocol):
    """A connection, as far as it is known here."""

    waits_since_s: float | None
    _sock: socket.socket | None


class Haste:
    """Whether who uses a client is about to end, and can't wait for its server; of all its connections."""

    def __init__(self) -> None:
        self._begun_s = self._deadline_s = 0.0
        self._begun = self._given_up = False
        self._left = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    @property
    def begun(self) -> bool:
        """Whether commands have little time."""
        return self._begun

    def begin(self, within_s: float = ENDING_S) -> None:
        """From now on commands have little time, and none after `within_s`. The first call counts."""
        with self._lock:
            if self._begun:
                return
            self._begun_s = time.monotonic()
            self._deadline_s = self._begun_s + within_s
            self._begun = True
            self._thread = threading.Thread(target=self._look, name="ends commands", daemon=True)
            self._thread.start()

    def give_up(self) -> None:
        """No command has any time: those under way are cut off, and all others fail before they are sent."""
        with self._lock:
            self._begun = self._given_up = True
            connections = cast("list[_Waiting]", list(self._connections))
        for connection in connections:
            connected = connection._sock
            if connected is not None:
                # Whoever waits there sees an end. Not as TLS does it, which would change what they use.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def from_end(self, stop: threading.Event) -> Iterator[None]:
        """Within a `with` block, begin as soon as `stop` is set, whoever waits for the server then."""
        left = threading.Event()

        def look() -> None:
            while not left.wait(_LOOK_FOR_END_S):
                if stop.is_set():
                    self.begin()
                    return

        thread = threading.Thread(target=look, name="looks for an end", daemon=True)
        thread.start()
        try:
            with self.no_time():
                yield
        finally:
            left.set()
            thread.join(_JOIN_S)

    @contextlib.contextmanager
    def no_time(self) -> Iterator[None]:
        """Give up as soon as the `with` block is left by a second Ctrl-C."""
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self.give_up()
            raise

    def check(self) -> None:
        """Fail where nothing is to be asked any more.

        Raises:
            redis.TimeoutError: Then.
        """
        if self._given_up:
            raise redis.TimeoutError("nobody waits for it any more")

    def patience_s(self, usual_s: float | None) -> float | None:
        """How long to wait for a connection."""
        return usual_s if not self._begun else min(usual_s or _COMMAND_S, _COMMAND_S)

    def heed(self, connection: object) -> None:
        """Cut a connection off as well when time is over."""
        with self._lock:
            self._connections.add(connection)

    def close(self) -> None:
        """The client is closed."""
        self._left.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _look(self) -> None:
        while not self._left.wait(_LOOK_EVERY_S):
            now_s = time.monotonic()
            if now_s >= self._deadline_s or self._hangs(now_s):
                self.give_up()
                return

    def _hangs(self, now_s: float) -> bool:
        with self._lock:
            since_s = [cast("_Waiting", connection).waits_since_s for connection in self._connections]
        return any(since is not None and now_s - max(since, self._begun_s) > _COMMAND_S for since in since_s)


class HastyRetry(Retry):
    """Tries again as ever, but in haste once, and not what got no answer.

    To connect is a part of a command, and the client would try that again by itself, as well as the look
    whether a connection is alive: four times four times, and more, where a server hangs. Here only the whole
    is.
    """

    def __init__(self, backoff: Any, retries: int, haste: Haste) -> None:
        super().__init__(backoff, retries)
        self._haste = haste
        self._once = Retry(NoBackoff(), 0)
        self._here = threading.local()

    def call_with_retry(
        self, do: Callable[[], ResultT], fail: Callable[..., Any], *args: Any, **options: Any
    ) -> ResultT:
        """Do something, and again when it fails."""
        failures = 0

        def failed(error: Exception, *more: Any) -> None:
            nonlocal failures
            failures += 1
            fail(error, *more)
            if self._haste.begun and (failures > 1 or isinstance(error, redis.TimeoutError)):
                self._haste.give_up()
                raise error

        if getattr(self._here, "tries", False):
            return self._once.call_with_retry(do, failed, *args, **options)
        self._here.tries = True
        try:
            return super().call_with_retry(do, failed, *args, **options)
        finally:
            self._here.tries = False

    def __deepcopy__(self, _: dict[int, Any]) -> HastyRetry:
        """Itself: each connection asks for a copy, and all heed the same haste."""
        return self


class _Hasty:
    """What is different in connections that heed it.

    Attributes:
        waits_since_s: Since when it is waiting for the server, monotonic; None where it is not.
        socket_connect_timeout: How long to wait for a connection, seconds.

    Args:
        haste: What they heed.
    """

    socket_connect_timeout: float | None

    def __init__(self, *, haste: Haste, **options: Any) -> None:
        super().__init__(**options)
        self.waits_since_s: float | None = None
        self._haste = haste
        haste.heed(self)

    def send_packed_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        self._haste.check()
        return self._waiting(super().send_packed_command, *args, **options)  # type: ignore[misc]

    def read_response(self, *args: Any, **options: Any) -> Any:
        """The next reply."""
        return self._waiting(super().read_response, *args, **options)  # type: ignore[misc]

    def _connect(self) -> Any:
        self._haste.check()
        self.socket_connect_timeout = self._haste.patience_s(self.socket_connect_timeout)
        return super()._connect()  # type: ignore[misc]

    def _waiting(self, wait: Callable[..., Any], *args: Any, **options: Any) -> Any:
        # To connect is a part of sending, and consists of commands itself.
        before_s, self.waits_since_s = self.waits_since_s, time.monotonic()
        try:
            return wait(*args, **options)
        finally:
            self.waits_since_s = before_s


@cache
def hasty(kind: type[Any]) -> type[Any]:
    """Connections of this kind that heed a `Haste`, their argument `haste`."""
    return type(f"Hasty{kind.__name__}", (_Hasty, kind), {})
