"""Sightings and events of the Python client, for waiting and for awaiting programs."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from collections_made import DAY_S, DOOR, FILM, fill

import facestream
from facestream.errors import ClosedError, NotFoundError, UsageError

PATIENCE_S = 60.0


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return fill(tmp_path / "data")


@pytest.fixture
def store(data_dir: Path) -> Iterator[facestream.Store]:
    with facestream.connect(data_dir) as opened:
        yield opened


def test_sightings_of_all_come_in_order_of_time(store: facestream.Store) -> None:
    newest = list(store.sightings())
    assert [(s.person_id, s.source_id) for s in newest[:2]] == [("p3", DOOR), ("p1", "v-dated")]
    assert all(s.start_at is None for s in newest[2:])
    assert (newest[0].camera, newest[1].camera, newest[1].person_name) == ("door", "", "Ada <b> & Co")
    oldest = list(store.sightings(newest_first=False))
    assert [s.source_id for s in oldest[:2]] == ["v-dated", DOOR]
    assert oldest[2:] == newest[2:]
    assert sorted(map(repr, oldest)) == sorted(map(repr, newest))
    assert [s.start_s for s in oldest[2:6]] == sorted(s.start_s for s in oldest[2:6])


def test_sightings_can_be_chosen(store: facestream.Store) -> None:
    assert {s.source_id for s in store.sightings(cameras="door")} == {DOOR}
    assert {s.source_id for s in store.sightings(sources="a film")} == {FILM}
    assert {s.source_id for s in store.sightings(cameras="*")} == {DOOR}
    # By one of the cameras, or in one of the files, as people are chosen.
    assert {s.source_id for s in store.sightings(sources="a film", cameras="door")} == {FILM, DOOR}
    assert {s.person_id for s in store.sightings(person="ada <B> & co")} == {"p1"}
    since = datetime.fromtimestamp(DAY_S + 30, UTC)
    assert [s.source_id for s in store.sightings(since=since)] == [DOOR]
    assert [s.source_id for s in store.sightings(until=since)] == ["v-dated"]
    with pytest.raises(NotFoundError):
        store.sightings(person="p99")
    store.ignore("p3")
    assert not list(store.sightings(cameras=["door"]))
    assert list(store.sightings(cameras=["door"], ignored=True)) == list(store.sightings(person="p3"))


def test_events_can_be_read_on_after_one(store: facestream.Store) -> None:
    told = list(store.watch(after="0-0", timeout_s=0.01))
    assert [event.kind for event in told] == ["created"] * 7 + ["merged", "renamed"]
    assert len({event.id for event in told}) == len(told)
    door = next(event for event in told if event.camera == "door")
    assert (door.source_id, door.person_id, door.event_s, door.provisional) == (DOOR, "p3", 3.0, True)
    assert door.event_at == datetime.fromtimestamp(DAY_S + 63, UTC)
    assert told[-1].person_name == "Ada <b> & Co"
    assert list(store.watch(after=told[3].id, timeout_s=0.01)) == told[4:]
    assert {e.person_id for e in store.watch(after="0-0", people=["p2"], timeout_s=0.01)} == {"p2"}
    assert [e.kind for e in store.watch(after="0-0", kinds=["renamed"], timeout_s=0.01)] == ["renamed"]
    for wrong in ({"after": "yesterday"}, {"kinds": ["exploded"]}):
        with pytest.raises(UsageError):
            store.watch(**wrong)  # type: ignore[arg-type]


def test_what_happens_after_the_call_is_told_and_stop_ends_it(store: facestream.Store) -> None:
    stop = threading.Event()
    live = store.watch(stop=stop)
    store.name("p3", "Eve")
    event = next(live)
    assert (event.kind, event.person_id, event.person_name) == ("renamed", "p3", "Eve")
    threading.Timer(0.1, stop.set).start()
    began_s = time.monotonic()
    assert list(live) == []
    assert time.monotonic() - began_s < PATIENCE_S


def test_lost_events_are_told_by_a_reset(store: facestream.Store, data_dir: Path, here) -> None:  # type: ignore[no-untyped-def]
    first = next(store.watch(after="0-0", timeout_s=1)).id
    here("redis", "--write", "XTRIM", "fs:{default}:changes", "MAXLEN", "2")
    live = store.watch(after=first, timeout_s=PATIENCE_S)
    reset = next(live)
    assert (reset.kind, reset.person_id) == ("reset", "")
    store.name("p3", "Eve")
    event = next(live)
    assert (event.kind, event.person_id) == ("renamed", "p3")
    assert next(store.watch(after=reset.id, timeout_s=PATIENCE_S)) == event
    # Who asks for all that is kept misses none of it.
    kept = [e.kind for e in store.watch(after="0-0", timeout_s=0.01)]
    assert kept == ["merged", "renamed", "renamed"]


@pytest.mark.parametrize("photo", [b"", b"no photo", b"<svg/>"])
def test_bytes_that_are_no_photo_are_refused(store: facestream.Store, photo: bytes) -> None:
    from stream.errors import StreamError

    with pytest.raises(StreamError):
        store.find(photo)


@pytest.mark.parametrize(
    "photo", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8), 7]
)
def test_images_of_another_kind_are_refused(store: facestream.Store, photo: object) -> None:
    with pytest.raises(UsageError):
        store.find(photo)  # type: ignore[arg-type]


def public(kind: type) -> dict[str, object]:
    return {
        name: inspect.getattr_static(kind, name)
        for name in dir(kind)
        if (not name.startswith("_") and callable(getattr(kind, name))) or name in ("where", "collection")
    }


def test_the_awaiting_store_has_every_method_with_the_same_parameters() -> None:
    waiting, awaiting = public(facestream.Store), public(facestream.AsyncStore)
    assert set(awaiting) - {"open"} == set(waiting)
    for name, method in waiting.items():
        if isinstance(method, property) or name in ("close", "hint"):
            continue
        other = awaiting[name]
        assert inspect.signature(other) == inspect.signature(method), name  # type: ignore[arg-type]
        returns = str(inspect.signature(method).return_annotation)  # type: ignore[arg-type]
        iterates = returns.startswith("Iterator")
        unwrapped = inspect.unwrap(other, stop=lambda f: f.__code__.co_filename.endswith("async_store.py"))  # type: ignore[arg-type,union-attr]
        assert inspect.isasyncgenfunction(unwrapped) is iterates, name
        assert inspect.iscoroutinefunction(unwrapped) is not iterates, name
        assert other.__doc__ == method.__doc__


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("facestream")}


def test_the_awaiting_store_tells_the_same(data_dir: Path, store: facestream.Store) -> None:
    async def ask() -> None:
        async with await facestream.connect_async(data_dir) as awaiting:
            assert await awaiting.people() == store.people()
            assert await awaiting.person("p1") == store.person("p1")
            assert [seen async for seen in awaiting.sightings()] == list(store.sightings())
            assert [track async for track in awaiting.tracks("p1")] == list(store.tracks("p1"))
            told = [event async for event in awaiting.watch(after="0-0", timeout_s=0.01)]
            assert told == list(store.watch(after="0-0", timeout_s=0.01))
            with pytest.raises(NotFoundError):
                await awaiting.person("p99")
            assert awaiting.collection == "default"
        await awaiting.close()

    asyncio.run(ask())
    assert not threads()


def test_a_watch_that_is_cancelled_leaves_no_thread_and_calls_go_on_beside_many(data_dir: Path) -> None:
    async def first(events: AsyncIterator[facestream.Event]) -> facestream.Event:
        return await anext(events)

    async def ask() -> None:
        async with await facestream.connect_async(data_dir) as store:
            lives = [store.watch() for _ in range(12)]
            waiting = [asyncio.create_task(first(live)) for live in lives]
            await asyncio.sleep(0.2)
            # Twelve wait, and none of them takes the place of a call.
            await asyncio.wait_for(store.name("p3", "Eve"), PATIENCE_S)
            told = await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_S)
            assert {event.person_name for event in told} == {"Eve"}
            again = asyncio.create_task(first(lives[0]))
            await asyncio.sleep(0.05)
            again.cancel()
            with pytest.raises(asyncio.CancelledError):
                await again
            assert len([name for name in threads() if "watch" in name]) <= 11

    asyncio.run(ask())
    assert not threads()


def test_closing_ends_what_is_watched(data_dir: Path) -> None:
    async def ask() -> None:
        store = await facestream.connect_async(data_dir)
        waiting = asyncio.ensure_future(anext(store.watch(), None))
        await asyncio.sleep(0.1)
        await asyncio.wait_for(store.close(), PATIENCE_S)
        assert await asyncio.wait_for(waiting, PATIENCE_S) is None
        with pytest.raises(ClosedError, match="was closed; connect again"):
            await store.people()

    asyncio.run(ask())
    assert not threads()


def test_what_is_watched_ends_when_it_is_closed_between_two_events(data_dir: Path) -> None:
    async def ask() -> None:
        store = await facestream.connect_async(data_dir)
        seen = store.watch(after="0-0")
        assert (await anext(seen)).person_id
        await asyncio.wait_for(store.close(), PATIENCE_S)
        assert [event async for event in seen] == []

    asyncio.run(ask())
    assert not threads()
