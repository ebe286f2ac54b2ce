"""The guardian: a small process that stops the embedded server when the last holder of its folder has left.

It runs as a script, `python -I -S guardian.py ...`, on the standard library alone: every start of facestream
waits for it, and it outlives the process that started it. Three lock files in the data folder carry
everything that has to be known about who is alive. The kernel frees a lock when its process ends, however it
ends, so nothing has to be cleaned up:

- `holders.lock`: each holder has it shared. Who gets it exclusively knows that all have left.
- `guardian.lock`: the guardian has it, from before its birth: its starter takes it and hands it over.
- `server.lock`: the server process itself has it, as an inherited descriptor; the file holds the server's
  process id.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import FrameType

STOP_TIMEOUT_S = 10.0
"""How long the server may take to write its last data before it is killed."""

_REPLY_TIMEOUT_S = 1.0
_NO_DESCRIPTOR = "-"


def ask(socket_path: str, *command: str) -> bytes:
    """Send one command to a server and return the first line, or the bulk string, that it replies.

    Args:
        socket_path: Unix socket of the server.
        command: The command and its arguments, ASCII without spaces.

    Returns:
        ``b"+PONG"``, ``b"-LOADING ..."``, or the content of a bulk string.

    Raises:
        OSError: Nobody listens, or there was no whole reply within a second (``TimeoutError``).
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_REPLY_TIMEOUT_S)
        connection.connect(socket_path)
        connection.sendall(" ".join(command).encode("ascii") + b"\r\n")
        with connection.makefile("rb") as replies:
            line: bytes = replies.readline().rstrip()
            return replies.read(int(line[1:])) if line.startswith(b"$") else line


def start_guardian(
    folder: str,
    socket_path: str,
    *,
    guardian_fd: int,
    server_fd: int | None,
    log_fd: int,
    server_command: list[str],
) -> int:
    """Start a guardian that outlives this process, and with it a server where there is none.

    Args:
        folder: The data folder.
        socket_path: Socket of the server.
        guardian_fd: Descriptor with the lock on ``guardian.lock``; the guardian inherits the lock.
        server_fd: Descriptor with the lock on ``server.lock``, for a new server to inherit; None where a
            server lives already and only needs watching.
        log_fd: Where the guardian and the server write.
        server_command: Program and arguments of the server; unused where one lives already.

    Returns:
        Exit status of the launch, 0 when the guardian runs. The server may still fail.

    Raises:
        OSError: The Python interpreter can't be run.
    """
    handed_over = [guardian_fd] if server_fd is None else [guardian_fd, server_fd]
    # -I and -S: start-up in 10 ms, and no file of the working directory or of `storage` shadows the standard
    # library.
    launch = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            __file__,
            folder,
            socket_path,
            _NO_DESCRIPTOR if server_fd is None else str(server_fd),
            *server_command,
        ],
        check=False,
        pass_fds=handed_over,
        start_new_session=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=log_fd,
    )
    return launch.returncode


def main(folder: str, socket_path: str, server_fd: str, *server_command: str) -> None:
    """Run a guardian: ends with the server, or when it can't stop it.

    Args:
        folder: The data folder.
        socket_path: Socket of the server.
        server_fd: Number of the inherited descriptor for the server, or ``-`` to watch a server that lives
            already.
        server_command: Program and arguments of the server.
    """
    # Opened before the launch is reported as done: the folder may be gone soon after.
    holders, server_lock = (
        os.open(f"{folder}/{name}.lock", os.O_RDWR | os.O_CREAT, 0o600) for name in ("holders", "server")
    )
    # The launched process ends at once, so that its starter has no child to wait for later.
    if os.fork():
        os._exit(0)
    # What ends a whole session or service comes here too; only the holders decide. A handler, as the server
    # would inherit an ignored signal.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _pass_over)
    server = None if server_fd == _NO_DESCRIPTOR else _start_server(list(server_command), int(server_fd))
    threading.Thread(target=_end_with_server, args=(server_lock, server)).start()
    # Waits as long as anybody holds the folder, and keeps newcomers out until this process has ended with its
    # server.
    fcntl.flock(holders, fcntl.LOCK_EX)
    _say("the last holder has left: stopping the server")
    if server is not None:
        server.terminate()
        time.sleep(STOP_TIMEOUT_S)
        _say(f"the server has not stopped within {STOP_TIMEOUT_S:g} s: killing it")
        server.kill()
    elif not _stop_adopted(server_lock, socket_path):
        # Gone with its locks, so that the next holder can try, and tell people about a server that hangs.
        os._exit(1)


def is_server(pid: int, server_lock: int, socket_path: str) -> bool:
    """Whether a process is the server of a data folder.

    Its id alone proves nothing: ids are given anew, and the file that holds it outlives a restart.

    Args:
        pid: The process.
        server_lock: Descriptor of the folder's ``server.lock``, which the server keeps open.
        socket_path: Socket of the server, which tells where the kernel does not show open files.
    """
    try:
        if sys.platform == "darwin":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_REPLY_TIMEOUT_S)
                connection.connect(socket_path)
                # SOL_LOCAL, LOCAL_PEERPID: who listens.
                return connection.getsockopt(0, 2) == pid
        lock = os.fstat(server_lock)
        with os.scandir(f"/proc/{pid}/fd") as opened:
            return any(os.path.samestat(entry.stat(), lock) for entry in opened)
    except OSError:
        return False


def _stop_adopted(server_lock: int, socket_path: str) -> bool:
    """Stop a server that is no child of ours, by all means; False if it can't be told which process it is."""
    try:
        refusal = ask(socket_path, "SHUTDOWN").decode(errors="replace")
    except OSError as error:
        refusal = str(error)
    if refusal:
        _say(f"the server could not be told to stop: {refusal}")
    time.sleep(STOP_TIMEOUT_S)
    written = os.pread(server_lock, 20, 0).decode(errors="replace")
    if not (written.isdecimal() and is_server(int(written), server_lock, socket_path)):
        _say(f"the server has not stopped, and process {written!r} is not it: leaving it alone")
        return False
    _say(f"the server has not stopped within {STOP_TIMEOUT_S:g} s: killing it")
    os.kill(int(written), signal.SIGKILL)
    return True


def _start_server(command: list[str], server_fd: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(server_fd,), cwd="/", umask=0o077)
    pid = str(server.pid).encode()
    try:
        # Over what stands there: shortened to nothing first, the file would lose its place on a full disk.
        os.pwrite(server_fd, pid, 0)
        os.ftruncate(server_fd, len(pid))
    except OSError as error:
        _say(f"the id of the server's process, {server.pid}, can't be written down: {error.strerror}")
    # From here on the server alone has the lock.
    os.close(server_fd)
    return server


def _end_with_server(server_lock: int, server: subprocess.Popen[bytes] | None) -> None:
    fcntl.flock(server_lock, fcntl.LOCK_EX)
    status = "" if server is None else f", exit status {server.wait()}"
    _say(f"the server has ended{status}")
    os._exit(0)


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    pass


def _say(text: str) -> None:
    # A disk that is full must not keep the guardian from what it is there for.
    with contextlib.suppress(OSError):
        os.write(2, f"{os.getpid()}:G {time.strftime('%d %b %Y %H:%M:%S')} guardian: {text}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
