"""Listeners that do with whoever connects what a test says."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def listener_that(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does with every connection what the test says; gives its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                answer(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def speaks_redis(replies: dict[bytes, bytes]) -> Callable[[socket.socket], None]:
    """A little RESP server: one reply by the name of the command, +OK to all others."""

    def answer(connection: socket.socket) -> None:
        with connection.makefile("rb") as commands:
            while header := commands.readline():
                words = []
                for _ in range(int(header[1:])):
                    length = int(commands.readline()[1:])
                    words.append(commands.read(length + 2)[:-2])
                connection.sendall(replies.get(words[0].upper(), b"+OK\r\n"))

    return answer


def bulk(text: str) -> bytes:
    return f"${len(text)}\r\n{text}\r\n".encode()
