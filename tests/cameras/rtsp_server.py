"""A small RTSP camera (RFC 2326) with scripted faults, in one thread of this process."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cameras.h264_film import H264Film
from cameras.rtsp_faults import Fault
from cameras.rtsp_session import RtspSession

_LONGEST_WAIT_S = 0.02


class RtspServer:
    """Serves one film, looped in real time, under every path of 127.0.0.1, over TCP (interleaved) and UDP.

    The port stays the same, and nobody else's, from the first start to the end of the context.

    Attributes:
        fault: What goes wrong now; may be set at any time, acts within 20 ms on connections that play.
        after_frames: Pictures that each connection gets before a fault of its transport or pictures begins.
        other_film: Shown by `Fault.OTHER_SIZE`.
        connections: Connections accepted so far.
        frames_sent: Pictures sent so far, over all connections.
        requests: Methods asked for so far, such as "DESCRIBE".
        on_picture: Called with the place in the film of every picture that is sent; must be quick.

    Args:
        film: What the camera shows.
        fps: Pictures sent per second; None: as the film has them.
        user: Who may look; "" for everybody.
        password: Their password.
        digest: Ask for digest authentication (RFC 2617), not for basic.
        sound: Send sound beside the pictures; over TCP alone.
        port: Where to listen; 0: a free port.
    """

    def __init__(
        self,
        film: H264Film,
        *,
        fps: float | None = None,
        fault: Fault = Fault.NONE,
        after_frames: int = 0,
        other_film: H264Film | None = None,
        user: str = "",
        password: str = "",
        digest: bool = False,
        sound: bool = False,
        port: int = 0,
    ) -> None:
        self.film, self.fps, self.other_film = film, fps or film.fps, other_film
        self.fault, self.after_frames = fault, after_frames
        self.user, self.password, self.digest = user, password, digest
        self.sound = sound
        self.connections = self.frames_sent = 0
        self.requests: list[str] = []
        self.on_picture: Callable[[int], None] | None = None
        self._place = self._bound(port)  # keeps the port while nobody listens
        self.port = int(self._place.getsockname()[1])
        self._listener: socket.socket | None = None
        self._sessions: dict[socket.socket, RtspSession] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where the camera is, with its user and password if it has some."""
        return f"rtsp://{f'{self.user}:{self.password}@' if self.user else ''}{self.host}/live"

    @property
    def playing(self) -> int:
        """Connections that get pictures now."""
        return sum(session.playing for session in list(self._sessions.values()))

    def start(self) -> None:
        """Listen and serve, also after `stop`."""
        self._stopped.clear()
        if self.fault is not Fault.REFUSE:
            self._listen()
        self._thread = threading.Thread(target=self._serve, name=f"rtsp:{self.port}")
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and refuse new ones, as a camera without power does."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._place.close()

    def _serve(self) -> None:
        try:
            while not self._stopped.is_set():
                self._look()
        finally:
            self._refuse()

    def _look(self) -> None:
        if self.fault is Fault.REFUSE:
            self._refuse()
        elif self._listener is None:
            self._listen()
        sessions = list(self._sessions.values())
        now_s = time.monotonic()
        wait_s = min([_LONGEST_WAIT_S, *(session.due_s - now_s for session in sessions if session.playing)])
        with selectors.DefaultSelector() as selector:
            if self._listener is not None:
                selector.register(self._listener, selectors.EVENT_READ)
            for session in sessions:
                writes = selectors.EVENT_WRITE if session.unsent else 0
                selector.register(session.connection, selectors.EVENT_READ | writes, session)
            if not selector.get_map():
                self._stopped.wait(_LONGEST_WAIT_S)
                return
            ready = {key.fileobj for key, _ in selector.select(max(0.0, wait_s))}
        if self._listener in ready:
            self._accept()
        for session in sessions:
            if not session.step(readable=session.connection in ready):
                self._end(session)

    def _accept(self) -> None:
        assert self._listener is not None
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = self._listener.accept()
            self.connections += 1
            self._sessions[connection] = RtspSession(connection, self)

    def _end(self, session: RtspSession) -> None:
        del self._sessions[session.connection]
        if self.fault is Fault.RESET:
            session.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        session.close()

    def _listen(self) -> None:
        self._listener = self._bound(self.port)
        self._listener.listen(64)
        self._listener.setblocking(False)

    def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for session in list(self._sessions.values()):
            self._end(session)

    def _bound(self, port: int) -> socket.socket:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(("127.0.0.1", port))
        return bound
