"""Cameras watched in this process: real server, real models, cameras that are computed or served here."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import scenes
from cameras.h264_film import H264Film, film_of, painted_film
from cameras.rtsp_server import RtspServer
from server_door import Door

from facestream.cameras.camera_book import CameraBook
from facestream.cameras.camera_wish import CameraWish
from facestream.configuration.settings import Place
from facestream.demo_video import ASTRONAUT
from facestream.metrics.health import Health, Heartbeat
from facestream.metrics.monitored import Monitor
from facestream.metrics.process_metrics import ProcessMetrics
from facestream.people.people_tally import PeopleTally
from facestream.watch import watch_teller, watching
from facestream.watch.visits import Visit, Visits
from facestream.watch.watch_report import WatchFacts, WatchOptions, WatchReport
from facestream.wiring import keys_of, make_camera_store, make_pack, make_store, open_folder, open_handle
from storage.camera_leases import CameraLeases
from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.identity_record import ChangeKind, IdentityChange
from storage.requests import LookAgainRequest
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from stream.camera_url import CameraUrl
from workers.models.pack import Pack

WITHIN_S = 120.0


class Watcher:
    """Listens to a watch, and ends it as soon as something is so."""

    def __init__(self, enough: Callable[[Watcher], bool]) -> None:
        self._enough = enough
        self.stop = threading.Event()
        self.statuses: dict[str, CameraStatus] = {}
        self.told: list[tuple[str, str]] = []
        self.changes: list[IdentityChange] = []
        self.visits: list[Visit] = []
        self.notes: list[str] = []
        self.names: list[str] = []
        self.people = 0
        self.late_s = time.monotonic() + WITHIN_S

    def began(self, facts: WatchFacts) -> None:
        self.facts = facts

    def claimed(self, names: Sequence[str]) -> None:
        self.names += names

    def camera_changed(self, status: CameraStatus) -> None:
        self.told.append((status.name, status.state))

    def cameras_now(
        self, statuses: Sequence[CameraStatus], load_factor: float, tally: PeopleTally, visits: Visits
    ) -> None:
        assert 0 < load_factor <= 1
        self.statuses = {status.name: status for status in statuses}
        self.people = tally.total()
        if self._enough(self) or time.monotonic() > self.late_s:
            self.stop.set()

    def person(self, change: IdentityChange) -> None:
        self.changes.append(change)

    def visit(self, visit: Visit) -> None:
        self.visits.append(visit)

    def leads(self, leading: bool) -> None:
        pass

    def ending(self) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def state(self, name: str) -> str:
        return self.statuses[name].state if name in self.statuses else ""


@pytest.fixture(scope="module")
def pack(cache_dir: Path) -> Iterator[Pack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
        yield make_pack("open")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> H264Film:
    return film_of(scenes.video(tmp_path_factory.mktemp("film"), "one.mp4", [scenes.ASTRONAUT_SHOT]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_handle(Place(tmp_path_factory.mktemp("fs") / "data")) as handle:
        yield handle


@pytest.fixture
def place(
    server: RedisHandle, pack: Pack, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """A collection of its own; the models are loaded once for all tests."""
    monkeypatch.setattr(watching, "load_parts", lambda *_: pack)
    # What is done now and then is done at once.
    for name in ("_LOOK_EVERY_S", "_CHECK_EVERY_S", "_TELL_EVERY_S"):
        monkeypatch.setattr(f"workers.camera_worker.{name}", 0.05)
    monkeypatch.setattr("workers.camera_claims._RENEW_SHARE", 0.03)
    monkeypatch.setattr(watch_teller, "_NEWS_EVERY_S", 0.1)
    assert server.socket_path is not None
    # By its address, as a server of a person's own; the key of the cameras lies in the data folder.
    folder = server.socket_path.parent
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(folder.parent / "keys"))
    return Place(folder.parent / "keys", f"unix://{server.socket_path}", request.node.name[:60].strip("_-["))


@pytest.fixture
def book(place: Place, server: RedisHandle) -> CameraBook:
    return CameraBook(make_camera_store(server, keys_of(place)), keys_of(place), open_folder(place).path)


def add(book: CameraBook, name: str, url: str) -> None:
    # Looked at often, so that nobody waits for the next frame.
    book.add_all({name: CameraWish(url=CameraUrl.parse(url), settings={"fps": 25.0})})


def watch(
    place: Place,
    enough: Callable[[Watcher], bool],
    options: WatchOptions | None = None,
    monitor: Monitor | None = None,
) -> tuple[Watcher, WatchReport]:
    watcher = Watcher(enough)
    report = watching.Watch(place, options or WatchOptions(), watcher, monitor).execute(watcher.stop)
    assert time.monotonic() < watcher.late_s, watcher.statuses
    return watcher, report


def test_a_person_before_a_camera_is_found_while_another_camera_is_down(
    place: Place, book: CameraBook, server: RedisHandle, film: H264Film, caplog: pytest.LogCaptureFixture
) -> None:
    with RtspServer(film, user="admin", password="S3cret") as camera:
        add(book, "door", camera.url)
        add(book, "down", "rtsp://admin:S3cret@127.0.0.1:1/live")
        began_s = time.time()
        heartbeat = Heartbeat()
        monitor = Monitor(ProcessMetrics("watch"), Health(lambda: True, {}), heartbeat)
        watcher, report = watch(
            place,
            lambda now: (
                now.people > 0
                and now.statuses["door"].fps_done > 0
                and ("door", "streaming") in now.told
                and ("down", "backing_off") in now.told
            ),
            monitor=monitor,
        )

    # Every stage was measured on its way, and Prometheus hears of it.
    assert heartbeat.began
    told = monitor.metrics.text().decode()
    for stage in ("decode", "detect", "embed", "track", "commit"):
        (count,) = re.findall(
            rf'^facestream_stage_seconds_count{{stage="{stage}"}} (\S+)$', told, re.MULTILINE
        )
        assert float(count) > 0, stage
    assert 'facestream_camera_up{camera="door"} 1.0' in told
    assert 'facestream_camera_up{camera="down"} 0.0' in told
    assert 'facestream_entries_total{outcome="dead"} 0.0' in told
    assert "S3cret" not in told
    status, body = monitor.health.ready_json()
    assert (status, body["cameras"]) == (200, {"total": 2, "streaming": 1, "down": 1})

    assert set(watcher.names) == {"door", "down"}
    assert "listens" in watcher.statuses["down"].last_error
    created = [change for change in watcher.changes if change.kind is ChangeKind.CREATED]
    assert created[0].track_id.startswith("c-door.")
    # However many tracks each of them has.
    assert [v.person for v in watcher.visits if v.new] == [change.identity_id for change in created]
    assert len({(v.source_id, v.person) for v in watcher.visits}) == len(watcher.visits)
    assert report.sources == {"c-door", "c-down"}
    assert report.done > 0
    # What was under way when it ended has been handed in, as a source of its own kind.
    store = make_store(server, keys_of(place))
    source = store.source("c-door")
    assert source is not None
    assert (source.kind, source.path) == ("camera", camera.url.replace("admin:S3cret", "admin:***"))
    assert source.recorded_at_s is not None
    assert began_s - 0.001 <= source.recorded_at_s <= report.began_s + report.seconds
    assert (source.width_px, source.height_px) == (640, 360)
    assert source.sampled > 0
    assert not source.complete
    (person, *_) = store.people()
    assert {sighting.source_id for sighting in person.sightings} == {"c-door"}
    assert make_camera_store(server, keys_of(place)).readable_statuses() == {}
    # Given back: nobody holds a camera, or is at work.
    assert CameraLeases(server.client, keys_of(place), "look").holders(["door", "down"]) == {}
    assert not server.client.exists(keys_of(place).workers, keys_of(place).leader)
    assert "S3cret" not in caplog.text + " ".join(watcher.notes)


def test_faces_found_in_a_sub_stream_are_cut_out_of_the_main_stream(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    # Both go to and fro, each in its own time.
    astronaut = cv2.imread(str(ASTRONAUT.path()))
    steps = [abs(k - 12) for k in range(24)]
    large = [np.ascontiguousarray(astronaut[:384, 2 * k : 2 * k + 448]) for k in steps]
    main = painted_film(size=(448, 384), images=large)
    sub = painted_film(size=(224, 192), images=[cv2.resize(image, (224, 192)) for image in large])
    with RtspServer(main) as main_camera, RtspServer(sub) as sub_camera:
        urls = CameraUrl.parse(main_camera.url), CameraUrl.parse(sub_camera.url)
        book.add_all({"door": CameraWish(url=urls[0], sub_url=urls[1])})
        watcher, _ = watch(place, lambda now: now.people > 0 and now.statuses["door"].paired > 15)
    status = watcher.statuses["door"]
    assert (status.width_px, status.height_px) == (224, 192)
    assert (status.main_state, status.main_width_px, status.main_height_px) == ("streaming", 448, 384)
    source = make_store(server, keys_of(place)).source("c-door")
    assert source is not None
    assert (source.path, source.width_px, source.height_px) == (urls[0].masked, 224, 192)
    samples = [
        FaceSample.decode(server.client.hgetall(key))
        for key in server.client.scan_iter(keys_of(place).sample("*"))
    ]
    sides = [np.sqrt(np.prod(s.box_xyxy[2:] - s.box_xyxy[:2])) for s in samples]
    assert all(s.box_xyxy[2] < 224 for s in samples)
    assert max(s.size_px / side for s, side in zip(samples, sides, strict=True)) > 1.7


def test_the_second_watch_goes_on_in_the_same_source(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    add(book, "yard", "synthetic://yard?width=320&height=240")
    _, _ = watch(place, lambda now: "yard" in now.statuses and now.statuses["yard"].done > 2)
    first = make_store(server, keys_of(place)).source("c-yard")
    assert first is not None
    watch(place, lambda now: "yard" in now.statuses and now.statuses["yard"].done > 2)
    second = make_store(server, keys_of(place)).source("c-yard")
    assert second is not None
    assert second.recorded_at_s == first.recorded_at_s
    assert second.sampled > first.sampled
    assert second.ranges[0] == first.ranges[0]
    assert second.ranges[-1][1] > first.ranges[-1][1]


def test_cameras_that_are_added_paused_changed_and_removed_are_noticed(
    place: Place, book: CameraBook
) -> None:
    """Each step is done when the one before has been noticed."""
    noticed: list[str] = []

    def step(now: Watcher) -> bool:
        if not noticed:
            if now.state("one") == "streaming":
                add(book, "two", "synthetic://two?width=320&height=240")
                noticed.append("running")
        elif noticed[-1] == "running":
            if now.state("two") == "streaming":
                book.set_paused(["one"], paused=True)
                noticed.append("added")
        elif noticed[-1] == "added":
            if now.state("one") == "paused":
                book.change("two", CameraWish(url=CameraUrl.parse("synthetic://two?width=160&height=120")))
                noticed.append("paused")
        elif noticed[-1] == "paused":
            if now.statuses["two"].width_px == 160:
                book.remove(["two"])
                noticed.append("changed")
        elif noticed[-1] == "changed" and "two" not in now.statuses:
            noticed.append("removed")
        return noticed[-1:] == ["removed"]

    add(book, "one", "synthetic://one?width=320&height=240")
    watcher, _ = watch(place, step)
    assert noticed == ["running", "added", "paused", "changed", "removed"]
    assert watcher.told.count(("one", "paused")) == 1
    assert "two: it was removed, and is closed." in watcher.notes


def test_of_the_cameras_of_a_collection_those_that_are_named_are_watched(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    for name in ("one", "two"):
        add(book, name, f"synthetic://{name}?width=320&height=240")
    elsewhere = CameraLeases(server.client, keys_of(place), "elsewhere")
    watcher, report = watch(place, lambda now: now.state("two") == "streaming", WatchOptions(names=("two",)))
    assert watcher.statuses.keys() == {"two"}
    assert report.sources == {"c-two"}
    # One that somebody else has stays theirs, and is shown as theirs.
    lease = elsewhere.claim("one")
    status = CameraStatus("one", "elsewhere", "streaming", 1.0)
    make_camera_store(server, keys_of(place)).write_statuses([status])
    watcher, _ = watch(place, lambda now: now.state("two") == "streaming" and now.state("one") != "")
    assert watcher.statuses["one"] == status
    assert watcher.names == ["two"]
    assert lease is not None
    assert lease.renew()


def test_who_is_seen_by_others_is_not_told_where_cameras_were_named(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    for name in ("one", "two", "three"):
        add(book, name, f"synthetic://{name}?width=320&height=240")
    book.set_paused(["three"], paused=True)
    told: list[str] = []

    def step(now: Watcher) -> bool:
        if now.state("two") == "streaming" and not told:
            for name, identity_id in (("one", "p7001"), ("two", "p7002")):
                change = IdentityChange(ChangeKind.CREATED, identity_id, f"c-{name}.1.0")
                server.client.xadd(keys_of(place).changes, change.encode())
                told.append(name)
        return bool(now.changes)

    watcher, _ = watch(place, step, WatchOptions(names=("two", "three")))
    assert [change.identity_id for change in watcher.changes] == ["p7002"]
    assert any(note.startswith("Paused: three. To look at them again: ") for note in watcher.notes)


def test_a_camera_whose_key_is_missing_costs_the_others_nothing(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    add(book, "fine", "synthetic://fine?width=320&height=240")
    add(book, "sealed", "synthetic://sealed?width=320&height=240")
    key = keys_of(place).camera("sealed")
    server.client.hset(key, "sealed_url", server.client.hget(keys_of(place).camera("fine"), "sealed_url"))
    watcher, _ = watch(
        place, lambda now: now.state("fine") == "streaming" and now.state("sealed") == "failed"
    )
    assert "can't be unsealed" in watcher.statuses["sealed"].last_error


def test_a_camera_whose_lease_is_lost_is_closed_and_writes_nothing(
    place: Place, book: CameraBook, server: RedisHandle
) -> None:
    add(book, "one", "synthetic://one?width=320&height=240")
    taken: list[int] = []

    def step(now: Watcher) -> bool:
        if now.state("one") == "streaming" and not taken:
            # As after a pause of this process that was longer than the lease.
            server.client.set(keys_of(place).camera_lease("one"), b"elsewhere/abc", px=60_000)
            taken.append(now.statuses["one"].done)
        return bool(taken) and now.state("one") == "waiting"

    watcher, _ = watch(place, step)
    assert any("lease was lost" in note for note in watcher.notes)
    assert server.client.get(keys_of(place).camera_lease("one")) == b"elsewhere/abc"
    # Its open stretch was not handed in.
    source = make_store(server, keys_of(place)).source("c-one")
    assert source is not None
    assert source.ranges == ()


def test_a_watch_outlasts_a_server_that_goes_away(
    place: Place,
    book: CameraBook,
    server: RedisHandle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(book, "one", "synthetic://one?width=320&height=240&pattern=noise")
    door = Door(server, tmp_path)
    monkeypatch.setattr(watching, "open_handle", lambda _: door.handle)
    done_before: list[int] = []
    timers: list[threading.Thread] = []

    def reopen(now: Watcher) -> None:
        # Not before it was noticed, which takes its time on a busy machine.
        while not any("when it is back" in note for note in now.notes) and time.monotonic() < now.late_s:
            time.sleep(0.05)
        door.open()

    def step(now: Watcher) -> bool:
        if now.state("one") == "streaming" and not timers:
            done_before.append(now.statuses["one"].done)
            timers.append(threading.Thread(target=reopen, args=[now]))
            door.shut()
            timers[0].start()
        return bool(timers) and not timers[0].is_alive() and now.statuses["one"].done > done_before[0] + 2

    watcher, _ = watch(place, step)
    assert any("when it is back" in note for note in watcher.notes)
    assert set(watcher.names) == {"one"}
    source = make_store(server, keys_of(place)).source("c-one")
    assert source is not None
    assert source.sampled > done_before[0]


def test_while_redis_is_away_prometheus_is_told_how_cameras_are_doing_now(
    place: Place,
    book: CameraBook,
    server: RedisHandle,
    film: H264Film,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    door = Door(server, tmp_path)
    monkeypatch.setattr(watching, "open_handle", lambda _: door.handle)
    monitor = Monitor(ProcessMetrics("watch"), Health(lambda: True, {}), Heartbeat())
    told: list[object] = []
    threads: list[threading.Thread] = []

    def told_now() -> object:
        return monitor.health.ready_json()[1]["cameras"]

    def break_the_camera(now: Watcher, camera: RtspServer) -> None:
        while not any("when it is back" in note for note in now.notes) and time.monotonic() < now.late_s:
            time.sleep(0.05)
        told.append(told_now())
        camera.stop()
        while told_now() == told[0] and time.monotonic() < now.late_s:
            time.sleep(0.05)
        told.append(told_now())
        told.append('facestream_camera_up{camera="front"} 0.0' in monitor.metrics.text().decode())
        door.open()

    with RtspServer(film) as camera:

        def step(now: Watcher) -> bool:
            if now.state("front") == "streaming" and not threads:
                threads.append(threading.Thread(target=break_the_camera, args=[now, camera]))
                door.shut()
                threads[0].start()
            return bool(threads) and not threads[0].is_alive()

        add(book, "front", camera.url)
        watch(place, step, monitor=monitor)
    assert told == [
        {"total": 1, "streaming": 1, "down": 0},
        {"total": 1, "streaming": 0, "down": 1},
        True,
    ]


def test_who_ends_a_watch_does_not_wait_for_room_in_the_queue(
    place: Place, book: CameraBook, server: RedisHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_SETTLE_S", 0.2)
    monkeypatch.setattr(watching, "make_queue", lambda handle, keys: SampleQueue(handle.client, keys, 1))
    keys = keys_of(place)
    # Another cluster worker leads, and is slow.
    server.client.set(keys.leader, b"elsewhere", px=600_000)
    SampleQueue(server.client, keys).send([LookAgainRequest("c-one")])
    add(book, "one", "synthetic://one?width=320&height=240")
    watch(place, lambda now: now.state("one") == "streaming")
    kinds = [fields[b"type"] for _, fields in server.client.xrange(keys.samples)]
    assert kinds[0] == b"look_again"
    assert b"recluster" not in kinds


def test_a_camera_is_watched_by_its_url_without_being_stored(
    place: Place, server: RedisHandle, film: H264Film
) -> None:
    with RtspServer(film, user="admin", password="S3cret") as camera:
        watcher, report = watch(
            place,
            lambda now: any(status.done > 2 for status in now.statuses.values()),
            WatchOptions(url=CameraUrl.parse(camera.url), fps=10.0),
        )
    (name,) = watcher.names
    assert report.sources == {f"c-{name}"}
    assert make_camera_store(server, keys_of(place)).names() == []
    keys = keys_of(place)
    source = server.client.hgetall(keys.source(f"c-{name}"))
    assert source[b"path"].decode() == camera.url.replace("admin:S3cret", "admin:***")
    assert not server.client.exists(keys.camera(name), keys.camera_status(name), keys.camera_lease(name))


def test_a_watch_that_is_ended_before_models_are_there_loads_none(
    place: Place, book: CameraBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(book, "one", "synthetic://one?width=320&height=240")
    loads: list[object] = []
    monkeypatch.setattr(watching, "load_parts", lambda *_: loads.append(_))
    watcher = Watcher(lambda _: False)
    watcher.stop.set()
    report = watching.Watch(place, WatchOptions(), watcher).execute(watcher.stop)
    assert (loads, report.done, report.sources) == ([], 0, frozenset())
    assert 0 <= report.seconds < WITHIN_S


def test_a_watch_ends_by_itself_when_its_time_is_over(place: Place, book: CameraBook) -> None:
    add(book, "one", "synthetic://one?width=320&height=240")
    _, report = watch(place, lambda _: False, WatchOptions(for_s=0.5))
    assert report.seconds >= 0.5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("camera")]
