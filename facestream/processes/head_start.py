"""The embedded server starts while a command loads what it needs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.configuration.settings import Place
from storage.datafolder import DataFolder, default_data_dir
from storage.errors import StorageError
from storage.keys import Keys
from storage.server import EmbeddedServer

if TYPE_CHECKING:
    from storage.connection import RedisHandle


@contextlib.contextmanager
def head_start(place: Place) -> Iterator[Callable[[], RedisHandle]]:
    """Let the server of a place start within a `with` block that does something else first.

    Nothing is begun where there is a server of one's own, nor for a collection that can't be.

    Args:
        place: Where people are stored.

    Returns:
        Opens the connection as `open_handle` does, with its errors: what went wrong before, it meets again.
    """
    with contextlib.ExitStack() as held:
        thread = threading.Thread(
            target=_begin,
            args=(place.data_dir or default_data_dir(), held),
            name="starts the server",
            daemon=True,
        )
        if place.redis_url is None and Keys.allow(place.collection):
            thread.start()

        def arrived() -> None:
            if thread.ident is not None:
                thread.join()

        def opened() -> RedisHandle:
            # Late: the client of Redis takes longer to load than the server to start.
            from facestream.wiring import open_handle

            # Two that start it at once would wait for each other.
            arrived()
            return open_handle(place)

        try:
            yield opened
        finally:
            arrived()


def _begin(folder: Path, held: contextlib.ExitStack) -> None:
    with contextlib.suppress(StorageError, OSError):
        server = EmbeddedServer(DataFolder(folder))
        held.push(server)
        server.begin()
