"""facestream: streaming video face clustering.

import facestream

with facestream.connect() as store:
    for person in store.people():
        print(person.id, person.name, person.seconds)
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facestream.client import Face, Person, Sighting, Store

__all__ = ["Face", "Person", "Sighting", "Store", "connect"]
__version__ = "0.1.0"


def connect(
    data_dir: str | os.PathLike[str] | None = None, *, redis: str | None = None, collection: str = "default"
) -> Store:
    """Open a collection.

    Args:
        data_dir: Data folder; default: FACESTREAM_DATA_DIR or the user's data folder. Its server is started
            if it isn't running, and lives until the last user of the folder leaves.
        redis: URL of a server of your own instead; default: FACESTREAM_REDIS.
        collection: Name of the collection.

    Returns:
        The open collection; use it in a `with` block or call `close`.

    Raises:
        storage.errors.StorageError: If the folder or the server can't be used, or another version
            of facestream wrote the collection.
        facestream.errors.UsageError: If the collection's name can't be one.
    """
    from facestream.client import Store
    from facestream.settings import Place
    from facestream.wiring import keys_of, make_store, open_handle

    place = Place.of(data_dir, redis, collection)
    keys = keys_of(place)
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        store = make_store(handle, keys)
        with handle.errors():
            store.check_schema()
        stack.pop_all()
    return Store(handle, store)


def __getattr__(name: str) -> object:
    """Import the client's types only when they are asked for: `facestream --help` needs none of them."""
    if name in __all__:
        from facestream import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
