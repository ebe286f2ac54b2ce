"""The Python client for asyncio: everything that `Store` does, without blocking the event loop."""

from __future__ import annotations

import asyncio
import functools
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from facestream.client import Store, open_store
from facestream.configuration.settings import Place
from facestream.errors import ClosedError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# Calls that run at the same time; each waits for Redis most of the time.
_CALLS = 8
# Items that are fetched at once.
_BATCH = 256


def _awaited(
    method: Callable[Concatenate[Store, P], R],
) -> Callable[Concatenate[AsyncStore, P], Coroutine[Any, Any, R]]:
    """The same, in a thread."""

    @functools.wraps(method)
    async def call(self: AsyncStore, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._run(functools.partial(method, self._store, *args, **kwargs))

    return call


def _streamed(
    method: Callable[Concatenate[Store, P], Iterator[T]],
) -> Callable[Concatenate[AsyncStore, P], AsyncIterator[T]]:
    """The same, some items at a time, in a thread."""

    @functools.wraps(method)
    async def iterate(self: AsyncStore, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        found = await self._run(functools.partial(method, self._store, *args, **kwargs))
        while batch := await self._run(lambda: list(itertools.islice(found, _BATCH))):
            for item in batch:
                yield item

    return iterate


def _live(
    method: Callable[Concatenate[Store, P], Iterator[T]],
) -> Callable[Concatenate[AsyncStore, P], AsyncIterator[T]]:
    """The same, item by item as they come, in a thread of its own that ends with the iteration."""

    @functools.wraps(method)
    async def iterate(self: AsyncStore, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        stop = kwargs.get("stop") or threading.Event()
        assert isinstance(stop, threading.Event)
        ended = threading.Event()
        # One that is given is of the caller's; ours must not set it.
        kwargs["stop"] = _Either(stop, ended)
        # Where somebody waits for long, calls must not wait behind.
        thread = ThreadPoolExecutor(1, "facestream watch")
        self._watches[ended] = thread
        run = asyncio.get_running_loop().run_in_executor
        nothing = object()
        try:
            found = await run(thread, lambda: method(self._store, *args, **kwargs))
            # Closed in between, there is no thread any more that could ask for the next one.
            while not ended.is_set() and (item := await run(thread, next, found, nothing)) is not nothing:
                yield item  # type: ignore[misc]
        finally:
            ended.set()
            await asyncio.to_thread(thread.shutdown)
            self._watches.pop(ended, None)

    return iterate


class _Either(threading.Event):
    """Set as soon as one of two is."""

    def __init__(self, one: threading.Event, other: threading.Event) -> None:
        super().__init__()
        self._both = (one, other)

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._both)


class AsyncStore:
    """An open collection; an asynchronous context manager that closes it.

    Made by `facestream.connect_async`. It has the methods of `Store`, with the same parameters and errors:
    those that return something are awaited, those that iterate are iterated over with `async for`. They run
    in threads; a call that is cancelled ends there unseen.

    Args:
        store: The same, to be called from threads; closed with this.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(_CALLS, "facestream")
        self._watches: dict[threading.Event, ThreadPoolExecutor] = {}
        self._closed = False

    @classmethod
    async def open(cls, place: Place) -> Self:
        """Open the collection of a place; errors as of `open_store`."""
        return cls(await asyncio.to_thread(open_store, place))

    collections = _awaited(Store.collections)
    check_there = _awaited(Store.check_there)
    info = _awaited(Store.info)
    meta = _awaited(Store.meta)
    models_for = _awaited(Store.models_for)
    drop_stale_pictures = _awaited(Store.drop_stale_pictures)

    people = _awaited(Store.people)
    person = _awaited(Store.person)
    source_files = _awaited(Store.source_files)
    find = _awaited(Store.find)
    is_forgotten = _awaited(Store.is_forgotten)
    forget = _awaited(Store.forget)
    kept_out = _awaited(Store.kept_out)
    retention = _awaited(Store.retention)
    keep_retention = _awaited(Store.keep_retention)
    expected_erasure = _awaited(Store.expected_erasure)
    erase = _awaited(Store.erase)
    enroll = _awaited(Store.enroll)
    export_person = _awaited(Store.export_person)
    clips = _awaited(Store.clips)

    sightings = _streamed(Store.sightings)
    watch = _live(Store.watch)

    merge = _awaited(Store.merge)
    split = _awaited(Store.split)
    differs = _awaited(Store.differs)
    name = _awaited(Store.name)
    ignore = _awaited(Store.ignore)
    cover = _awaited(Store.cover)
    undo = _awaited(Store.undo)
    decisions = _awaited(Store.decisions)

    sources = _awaited(Store.sources)
    track = _awaited(Store.track)
    track_page = _awaited(Store.track_page)
    tracks_by_id = _awaited(Store.tracks_by_id)
    tracks = _streamed(Store.tracks)
    faces = _streamed(Store.faces)
    provisional_tracks = _awaited(Store.provisional_tracks)
    thumbnail = _awaited(Store.thumbnail)
    thumbnails = _streamed(Store.thumbnails)
    track_thumbnails = _streamed(Store.track_thumbnails)
    templates = _awaited(Store.templates)
    reclusters = _awaited(Store.reclusters)

    dead_letters = _awaited(Store.dead_letters)
    dead_letter = _awaited(Store.dead_letter)
    retry_dead_letters = _awaited(Store.retry_dead_letters)
    drop_dead_letters = _awaited(Store.drop_dead_letters)

    @property
    def collection(self) -> str:
        """Name of the collection."""
        return self._store.collection

    @property
    def where(self) -> str:
        """Which server it is in, without secrets."""
        return self._store.where

    @property
    def data_dir(self) -> Path | None:
        """Data folder that was asked for; None for the default one."""
        return self._store.data_dir

    def hint(self, *words: str) -> str:
        """A command for this collection, to be pasted into a shell; without secrets of its URL."""
        return self._store.hint(*words)

    async def close(self) -> None:
        """End what is watched, wait for calls that still run, and close the connection.

        Closing twice does nothing.
        """
        self._closed = True
        for ended in self._watches:
            ended.set()
        await asyncio.to_thread(self._close, tuple(self._watches.values()))

    def _close(self, watches: tuple[ThreadPoolExecutor, ...]) -> None:
        for thread in watches:
            thread.shutdown(wait=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._store.close()

    async def __aenter__(self) -> Self:
        """Enter an `async with` block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close at the end of an `async with` block."""
        await self.close()

    async def _run(self, call: Callable[[], R]) -> R:
        if self._closed:
            raise ClosedError(self.collection)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
