"""The board is what a fresh read of the collection would give, whatever happened to it and however."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from facestream.client import Store
from facestream.configuration.settings import Place
from facestream.events.news import News
from facestream.people.people_board import PeopleBoard
from facestream.people.people_filter import PeopleFilter, sorted_people
from facestream.people.people_lists import PeopleLists
from facestream.people.person import person_of
from facestream.wiring import make_board, make_reader
from storage.change_reader import ChangeReader
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.decision_log import DecisionLog
from storage.decision_record import Decision, DecisionKind, Side
from storage.effects import Effects
from storage.errors import StorageError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord

FILES = ("v-1", "v-2", "c-door")
BEGAN_S = 1_777_636_800.0
AT_ELEVEN = datetime.fromtimestamp(BEGAN_S + 11, UTC)
QUESTIONS = (
    (PeopleFilter(), "seconds", False),
    (PeopleFilter(ignored=True), "last", False),
    (PeopleFilter(only_ignored=True), "id", True),
    (PeopleFilter(text="AD"), "name", False),
    (PeopleFilter(text="p2"), "first", True),
    (PeopleFilter(named=True, min_seconds=3), "name", True),
    (PeopleFilter(named=False), "sightings", False),
    (PeopleFilter(cameras="door"), "seconds", False),
    (PeopleFilter(sources="film"), "last", True),
    (PeopleFilter(since=AT_ELEVEN, ignored=True), "first", False),
    (PeopleFilter(until=AT_ELEVEN, sources="v-1"), "faces", False),
)


@dataclass
class Collection:
    """A collection, and what people and workers do to it."""

    handle: RedisHandle
    keys: Keys

    def __post_init__(self) -> None:
        self.store = IdentityStore(self.handle.client, self.keys)
        self.log = DecisionLog(self.handle.client, self.keys)
        self.lease = Lease(self.handle.client, self.keys.leader, ttl_s=60)
        self.there: dict[str, Identity] = {}
        self.recorded: dict[str, float | None] = {}

    def commit(self, effects: Effects) -> None:
        assert self.lease.acquire()
        self.store.commit(effects, self.lease)

    def source(self, source_id: str, recorded_at_s: float | None) -> None:
        kind = "camera" if source_id.startswith("c-") else "video"
        path = f"/films/{source_id}.mp4" if kind == "video" else "rtsp://host/live"
        self.store.register_source(
            SourceRecord(source_id, kind, path, 640, 360, 300.0, recorded_at_s, fps=5.0)
        )

    def person(self, number: int, seen: list[Sighting], *, told: bool = True) -> None:
        """Somebody comes, or is seen somewhere else than before; growing tracks are not told of."""
        one = Identity(
            f"p{number}",
            tracks=1,
            faces=len(seen),
            seconds=sum(s.end_s - s.start_s for s in seen),
            sightings=tuple(seen),
            thumbnails=(f"{seen[0].source_id}.0.0.1",),
        )
        self.there[one.identity_id] = one
        told_of = [IdentityChange(ChangeKind.ASSIGNED, one.identity_id)] if told else []
        self.commit(Effects(identities=[one], changes=told_of))

    def merge(self, number: int, into: int) -> None:
        if {f"p{number}", f"p{into}"} <= self.there.keys() and number != into:
            gone = Identity(f"p{number}", merged_into=f"p{into}")
            event = IdentityChange(ChangeKind.MERGED, gone.identity_id, other_id=f"p{into}")
            del self.there[gone.identity_id]
            self.commit(Effects(identities=[gone], changes=[event]))

    def name(self, number: int, name: str) -> None:
        if f"p{number}" in self.there:
            self.log.rename(f"p{number}", name)

    def ignore(self, number: int, on: bool) -> None:
        if f"p{number}" in self.there:
            _, size = self.log.read()
            said = Decision(DecisionKind.IGNORE, (Side(f"p{number}"),), on=on)
            self.log.append_ignore(said, size, f"p{number}", on=on)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fs") / "data"


@pytest.fixture(scope="module")
def handle(folder: Path) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(folder)) as handle:
        yield handle


@contextmanager
def opened(handle: RedisHandle, folder: Path) -> Iterator[tuple[Collection, PeopleBoard, Store]]:
    """A collection, a board that looks when it is told to, and what reads it anew each time."""
    place = Place(folder, None, f"board-{uuid4().hex}")
    keys = Keys(place.collection)
    reader = make_reader(handle, keys)
    yield Collection(handle, keys), make_board(handle, reader, None), Store(handle, reader, place)


def all_is_the_same(board: PeopleBoard, store: Store) -> None:
    for where, sort, reverse in QUESTIONS:
        expected = store.people(where, sort=sort, reverse=reverse)
        assert board.people(where, 0, 1000, sort=sort, reverse=reverse) == (expected, len(expected)), where
        assert board.people(where, 1, 2, sort=sort, reverse=reverse) == (expected[1:3], len(expected))
    everybody = store.people(PeopleFilter(ignored=True))
    for person in everybody:
        assert board.person(person.id) == person
    for where in (PeopleFilter(), PeopleFilter(cameras="door", ignored=True), PeopleFilter(until=AT_ELEVEN)):
        seen = [
            (person, sighting)
            for person in everybody
            for sighting in person.sightings
            if where.holds(sighting) and (where.ignored or not person.ignored)
        ]
        found, total = board.sightings(where, 0, 1000)
        assert sorted(map(repr, found)) == sorted(map(repr, seen))
        assert total == len(seen)
        dated = [sighting.end_at for _, sighting in found if sighting.end_at]
        assert dated == sorted(dated, reverse=True)
        assert all(sighting.end_at is None for _, sighting in found[len(dated) :])
        assert board.sightings(where, 2, 3) == (found[2:5], total)
    by_source = {source.source_id: people for source, people in board.sources()}
    assert by_source == {
        source.source_id: sum(source.source_id in person.sources for person in everybody)
        for source in store.sources()
    }


numbers = st.integers(1, 5)
sightings = st.lists(
    st.builds(
        lambda source_id, start_s, length_s: Sighting(source_id, float(start_s), float(start_s + length_s)),
        st.sampled_from(FILES),
        st.integers(0, 20),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=4,
    unique=True,
)
Step = tuple[str, tuple[object, ...]]
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("person"), st.tuples(numbers, sightings)),
    st.tuples(st.just("grow"), st.tuples(numbers, sightings)),
    st.tuples(st.just("merge"), st.tuples(numbers, numbers)),
    st.tuples(st.just("name"), st.tuples(numbers, st.sampled_from(["", "Ada", "Adam", "Zoë"]))),
    st.tuples(st.just("ignore"), st.tuples(numbers, st.booleans())),
    st.tuples(
        st.just("source"), st.tuples(st.sampled_from(FILES), st.sampled_from([None, BEGAN_S, BEGAN_S + 9]))
    ),
)


@settings(max_examples=30)
@given(before=st.lists(steps, max_size=6), after=st.lists(steps, min_size=1, max_size=6))
def test_the_board_is_what_a_fresh_read_gives(
    handle: RedisHandle, folder: Path, before: list[Step], after: list[Step]
) -> None:
    with opened(handle, folder) as (collection, board, store):

        def do(step: Step) -> None:
            match step:
                case ("grow", (int() as number, list() as seen)):
                    if f"p{number}" in collection.there:
                        collection.person(number, seen, told=False)
                case (what, arguments):
                    getattr(collection, what)(*arguments)

        for step in before:
            do(step)
        board.refresh()
        all_is_the_same(board, store)
        for step in after:
            do(step)
        # As the thread does in its turn: what is told of nowhere is found by a comparison of everything.
        board.refresh(compare=True)
        all_is_the_same(board, store)


@pytest.fixture
def made(handle: RedisHandle, folder: Path) -> Iterator[tuple[Collection, PeopleBoard]]:
    with opened(handle, folder) as (collection, board, _):
        collection.source("v-1", BEGAN_S)
        for number in (1, 2, 3):
            collection.person(number, [Sighting("v-1", 0.0, float(number))])
        board.refresh()
        yield collection, board


def listed(board: PeopleBoard, **where: object) -> list[str]:
    return [person.id for person in board.people(PeopleFilter(**where), 0, 100, sort="id")[0]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "where", "before", "after"),
    [
        (lambda c: c.name(2, "Ada"), {"text": "ada"}, [], ["p2"]),
        (lambda c: c.ignore(2, True), {}, ["p1", "p2", "p3"], ["p1", "p3"]),
        (
            lambda c: c.person(4, [Sighting("v-1", 0.0, 1.0)]),
            {},
            ["p1", "p2", "p3"],
            ["p1", "p2", "p3", "p4"],
        ),
        (lambda c: c.merge(3, 1), {}, ["p1", "p2", "p3"], ["p1", "p2"]),
    ],
    ids=["name", "ignore", "new", "merge"],
)
def test_what_is_told_of_or_counted_shows_after_a_refresh(
    made: tuple[Collection, PeopleBoard],
    change: Callable[[Collection], None],
    where: dict[str, object],
    before: list[str],
    after: list[str],
) -> None:
    collection, board = made
    assert listed(board, **where) == before
    change(collection)
    board.refresh()
    assert listed(board, **where) == after


def test_who_is_named_is_read_again_although_nothing_tells_of_a_change(
    made: tuple[Collection, PeopleBoard],
) -> None:
    collection, board = made
    collection.person(1, [Sighting("v-1", 0.0, 50.0)], told=False)
    board.refresh(["p1"])
    found = board.person("p1")
    assert found is not None
    assert found.last.end_s == 50.0


def test_a_thread_keeps_it_fresh(made: tuple[Collection, PeopleBoard]) -> None:
    collection, board = made
    with board:
        collection.person(1, [Sighting("v-1", 0.0, 50.0)], told=False)
        collection.ignore(2, True)
        seen = _until(lambda: (p := board.person("p1")) is not None and p.last.end_s == 50.0)
        assert seen
        assert _until(lambda: listed(board) == ["p1", "p3"])


def test_who_hears_of_an_event_finds_its_effects(
    made: tuple[Collection, PeopleBoard], handle: RedisHandle
) -> None:
    collection, _ = made
    found: list[float] = []
    news = News(ChangeReader(handle.client, collection.keys), handle)
    with news, make_board(handle, make_reader(handle, collection.keys), news) as board:
        board.refresh()

        def ask(changes: Sequence[IdentityChange]) -> None:
            one = board.person("p1")
            found.extend(0.0 if one is None else one.last.end_s for _ in changes)

        news.subscribe(ask, lambda: None)
        ends_s = [100.0 + k for k in range(20)]
        for end_s in ends_s:
            collection.person(1, [Sighting("v-1", 0.0, end_s)])
        assert _until(lambda: len(found) == len(ends_s))
    # Or those of later ones already.
    assert all(told_s >= end_s for told_s, end_s in zip(found, ends_s, strict=True))


def _until(holds: Callable[[], bool]) -> bool:
    for _ in range(600):
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_collection_that_was_dropped_and_made_anew_leaves_nothing_behind(
    made: tuple[Collection, PeopleBoard],
) -> None:
    collection, board = made
    client = collection.handle.client
    collection.name(1, "Ada")
    board.refresh()
    for key in client.scan_iter(collection.keys.meta.removesuffix("meta") + "*"):
        client.delete(key)
    again = Collection(collection.handle, collection.keys)
    again.source("v-1", None)
    again.person(1, [Sighting("v-1", 7.0, 8.0)])
    board.refresh(compare=True)
    assert listed(board, text="ada") == []
    (found,), _ = board.people(PeopleFilter(), 0, 10)
    assert (found.name, found.first.start_s, found.first.start_at) == ("", 7.0, None)


def test_a_text_that_very_many_names_hold_lists_them_in_order() -> None:
    source = SourceRecord("v-1", "video", "/a.mp4", 640, 360, 300.0)
    lists = PeopleLists()
    lists.put_sources({"v-1": source})
    everybody = [
        person_of(
            Identity(
                f"p{number}",
                name="" if number % 3 == 0 else f"Ada {number}",
                tracks=1,
                seconds=float(number % 7),
                sightings=(Sighting("v-1", 0.0, 1.0),),
                ignored=number % 50 == 0,
            ),
            lists.sources,
        )
        for number in range(1, 4000)
    ]
    lists.put([one.id for one in everybody], {one.id: one for one in everybody}, many=True)
    for where in (
        PeopleFilter(text="a"),
        PeopleFilter(text="ada", ignored=True),
        PeopleFilter(text="ad", only_ignored=True),
        PeopleFilter(text="d", named=True, min_seconds=2),
    ):
        expected = sorted_people(where.apply(everybody), "seconds")
        assert len(expected) > 20
        assert lists.people(where, 10, 10) == (expected[10:20], len(expected))
        assert lists.people(where, 0, 9999) == (expected, len(expected))


def test_an_empty_collection_has_nobody(handle: RedisHandle, folder: Path) -> None:
    with opened(handle, folder) as (_, board, _store):
        assert board.people(PeopleFilter(text="x"), 0, 50) == ([], 0)
        assert board.sightings(PeopleFilter(), 0, 50) == ([], 0)
        assert board.sources() == []
        assert board.person("p1") is None


def test_a_damaged_record_hides_nobody_else(made: tuple[Collection, PeopleBoard]) -> None:
    collection, board = made
    collection.handle.client.hset(collection.keys.people, "p2", b"{")
    collection.handle.client.hset(collection.keys.people, "no-id", b"{}")
    collection.handle.client.hset(collection.keys.identity("p2"), "tracks", "many")
    board.refresh(compare=True)
    assert listed(board) == ["p1", "p3"]


def test_a_server_that_is_gone_is_an_error_and_not_old_news(
    made: tuple[Collection, PeopleBoard], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, board = made
    assert listed(board) == ["p1", "p2", "p3"]
    unreachable = redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(board._reader, "_client", unreachable)
    for part in ("_overview", "_changes", "_reader"):
        monkeypatch.setattr(getattr(board._changed, part), "_client", unreachable)
    with pytest.raises(StorageError):
        board.refresh()
    # What was known stays for a moment, and then is no answer any more.
    time.sleep(2.1)
    with pytest.raises(StorageError):
        listed(board)
    monkeypatch.undo()
    assert listed(board) == ["p1", "p2", "p3"]
