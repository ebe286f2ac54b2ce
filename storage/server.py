"""The embedded server: a real Valkey or Redis on a unix socket, shared by all who hold the data folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.datafolder import DataFolder
from storage.errors import DataFolderError, ServerStartError, StorageError
from storage.full_disk import is_disk_full
from storage.guardian import ask, start_guardian
from storage.server_binary import check_server_binary, find_server_binary
from storage.server_log import log_tail

START_TIMEOUT_S = 30.0
"""How long to wait for the server; starts anew whenever it has read more of its data."""

_POLL_S = 0.005
_MAX_LOG_BYTES = 1_000_000
_LOG_TAIL_LINES = 20
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    # Standard output, which its guardian leads into the log. A log that has grown large is begun anew when
    # a guardian starts, and never under a server that runs.
    "logfile": "",
    "appendonly": "yes",
    # What was acknowledged is on the disk: `everysec` lost 609 of 10,393 entries in one of 15 kill -9 runs.
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "aof-load-truncated": "yes",
    "save": "",
    # Plain commands, so that a byte search of the files can prove that something was deleted.
    "aof-use-rdb-preamble": "no",
    "rdbcompression": "no",
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
}


class EmbeddedServer:
    """A holder of the data folder's server: ``with EmbeddedServer(folder) as server: server.socket_path``.

    The first holder of a folder starts the server, later ones (in this or in other processes) join it, and it
    stops when the last one has left, also when that one was killed. A process that was forked while it held
    the folder counts as a holder until it ends.

    Args:
        folder: The data folder.
        binary: Server program to use instead of the one that is found by itself; unused when a server runs
            already.
        timeout_s: How long to wait for the server, in seconds; the time starts anew while it loads data.

    Attributes:
        socket_path: The server's unix socket.
        log_path: Its log, and its guardian's.
    """

    def __init__(
        self, folder: DataFolder, *, binary: Path | None = None, timeout_s: float = START_TIMEOUT_S
    ) -> None:
        self.socket_path = folder.socket_path
        self.log_path = folder.redis_dir / "redis.log"
        self._folder = folder.path
        self._redis_dir = folder.redis_dir
        self._binary = binary
        self._timeout_s = timeout_s
        self._holder_fd: int | None = None

    def __enter__(self) -> Self:
        """Join the server or start it, and wait until it answers.

        Raises:
            ServerStartError: There is no server program, or it did not come up in time.
            DataFolderError: A file in the data folder can't be written, or its disk is full.
            RuntimeError: This object holds the folder already; make another one.
        """
        if self._holder_fd is not None:
            raise RuntimeError(
                f"This EmbeddedServer holds {self._folder} already; make another one for another holder."
            )
        deadline_s = time.monotonic() + self._timeout_s
        holder_fd = self._open_lock("holders")
        try:
            self._wait_for_hold(holder_fd, deadline_s)
            self._join_or_start(deadline_s)
        except BaseException:
            os.close(holder_fd)
            raise
        self._holder_fd = holder_fd
        return self

    def begin(self) -> None:
        """Hold the folder and have its server started, and don't wait until it answers; `__exit__` leaves it.

        Nothing is held while the last server stops.

        Raises:
            ServerStartError: There is no server program.
            DataFolderError: A file in the data folder can't be written.
        """
        holder_fd = self._open_lock("holders")
        if not _try_lock(holder_fd, fcntl.LOCK_SH):
            os.close(holder_fd)
            return
        self._holder_fd = holder_fd
        self._attend(may_start=True)

    def start_again(self) -> None:
        """Start the server anew where it has ended, and don't wait until it answers.

        Raises:
            ServerStartError: There is no server program.
            DataFolderError: A file in the data folder can't be written.
        """
        self._attend(may_start=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave; a server that nobody holds any more stops by itself."""
        if self._holder_fd is None:
            return
        try:
            # Were the guardian killed, nobody would stop the server after us. When that fails, the next
            # holder does it.
            with contextlib.suppress(StorageError):
                self._attend(may_start=False)
        finally:
            # Closed, not unlocked: a forked child with the same descriptor goes on holding the folder.
            os.close(self._holder_fd)
            self._holder_fd = None

    def _wait_for_hold(self, holder_fd: int, deadline_s: float) -> None:
        # Somebody has this lock exclusively only while he waits for the last server to end.
        while not _try_lock(holder_fd, fcntl.LOCK_SH):
            if time.monotonic() > deadline_s:
                raise ServerStartError(
                    f"The server of {self._folder} is still stopping after {self._timeout_s:g} "
                    f"s{self._process_hint()}",
                    log_tail=self._log_tail(0),
                )
            time.sleep(_POLL_S)

    def _join_or_start(self, deadline_s: float) -> None:
        while True:
            log_offset = self.log_path.stat().st_size if self.log_path.exists() else 0
            binary = self._attend(may_start=True)
            if self._answers(deadline_s):
                return
            # A server of somebody else that ended under our hands is no reason to give up; our own is.
            if binary is not None:
                tail = self._log_tail(log_offset)
                if is_disk_full(self._redis_dir, tail):
                    raise DataFolderError(
                        f"The disk of {self._folder} is full, and the embedded server can't start. Free some "
                        "space, or choose a data folder on another disk. What was stored before is kept.",
                        path=self._folder,
                    )
                raise ServerStartError(
                    f"The embedded server {binary} ended before it answered on {self.socket_path}. "
                    f"Its log {self.log_path} ends with:\n{tail}",
                    binary=binary,
                    log_tail=tail,
                )
            if time.monotonic() > deadline_s:
                raise ServerStartError(
                    f"Another process has been starting the server of {self._folder} for {self._timeout_s:g} "
                    f"s. Try again, or end that process; the log is {self.log_path}.",
                    log_tail=self._log_tail(0),
                )
            time.sleep(_POLL_S)

    def _attend(self, *, may_start: bool) -> Path | None:
        """See to it that the server has a guardian; return the program if a new server was started."""
        with contextlib.ExitStack() as stack:
            guardian_fd = self._take_lock("guardian", stack)
            if guardian_fd is None:
                return None
            server_fd = self._take_lock("server", stack)
            if server_fd is not None and not may_start:
                return None
            binary = None if server_fd is None else self._choose_binary()
            log_fd = self._open_log()
            stack.callback(os.close, log_fd)
            try:
                status = start_guardian(
                    str(self._folder),
                    str(self.socket_path),
                    guardian_fd=guardian_fd,
                    server_fd=server_fd,
                    log_fd=log_fd,
                    server_command=[] if binary is None else self._command(binary),
                )
            except OSError as error:
                raise ServerStartError(
                    f"The guardian of the embedded server can't be started: {error}"
                ) from error
            if status != 0:
                tail = self._log_tail(0)
                raise ServerStartError(
                    f"The guardian of the embedded server ended with status {status}. "
                    f"The log {self.log_path} ends with:\n{tail}",
                    binary=binary,
                    log_tail=tail,
                )
            return binary

    def _answers(self, deadline_s: float) -> bool:
        """Wait until the server answers; False if there is none, or none any more."""
        progress = b""
        while True:
            reply = self._ask("PING")
            if reply == b"+PONG":
                return True
            if reply.startswith(b"-LOADING"):
                loaded = re.search(rb"loading_loaded_bytes:\d+", self._ask("INFO", "persistence"))
                if loaded is not None and loaded[0] != progress:
                    progress = loaded[0]
                    deadline_s = time.monotonic() + self._timeout_s
            with contextlib.ExitStack() as stack:
                if self._take_lock("server", stack) is not None:
                    return False
            if time.monotonic() > deadline_s:
                raise ServerStartError(
                    f"The embedded server does not answer on {self.socket_path} within {self._timeout_s:g} s"
                    f"{self._process_hint()}",
                    log_tail=self._log_tail(0),
                )
            time.sleep(_POLL_S)

    def _ask(self, *command: str) -> bytes:
        try:
            return ask(str(self.socket_path), *command)
        except OSError:
            # Not there yet, or its socket is left from a machine that crashed: the lock tells which.
            return b""

    def _choose_binary(self) -> Path:
        return find_server_binary() if self._binary is None else check_server_binary(self._binary)

    def _command(self, binary: Path) -> list[str]:
        settings = _SETTINGS | {"dir": str(self._redis_dir), "unixsocket": str(self.socket_path)}
        return [str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def _open_lock(self, name: str) -> int:
        # Opened anew by every holder: a lock belongs to an open file, not to a process or a thread.
        return _open_private(self._folder / f"{name}.lock", os.O_RDWR)

    def _take_lock(self, name: str, stack: contextlib.ExitStack) -> int | None:
        descriptor = self._open_lock(name)
        stack.callback(os.close, descriptor)
        return descriptor if _try_lock(descriptor, fcntl.LOCK_EX) else None

    def _open_log(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            if self.log_path.stat().st_size > _MAX_LOG_BYTES:
                self.log_path.replace(self.log_path.with_name("redis.log.1"))
        return _open_private(self.log_path, os.O_WRONLY | os.O_APPEND)

    def _log_tail(self, offset: int) -> str:
        return log_tail(self.log_path, _LOG_TAIL_LINES, offset)

    def _process_hint(self) -> str:
        with contextlib.suppress(OSError):
            pid = (self._folder / "server.lock").read_text()
            return f"; its process is {pid}. If it hangs, kill it and try again; its log is {self.log_path}."
        return f"; its log is {self.log_path}."


def _open_private(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataFolderError(
            f"{path} can't be opened for writing: {error.strerror}. Free some space or give this user the "
            "right to write in the data folder, or choose another one.",
            path=path,
        ) from error


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
