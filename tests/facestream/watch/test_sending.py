"""Cameras read in one process and looked at in another place: real server, real models."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import scenes
from cameras.h264_film import film_of
from cameras.rtsp_server import RtspServer
from command_runs import Done

from facestream.cameras.camera_book import CameraBook
from facestream.cameras.camera_wish import CameraWish
from facestream.configuration.settings import Place
from facestream.people.people_tally import PeopleTally
from facestream.watch import watch_teller, watching
from facestream.watch.reader_lines import ReaderLines
from facestream.watch.sending import SendOptions, send_frames
from facestream.watch.visits import Visit, Visits
from facestream.watch.watch_report import WatchFacts, WatchOptions
from facestream.wiring import keys_of, make_camera_store, make_pack, make_store, open_folder, open_handle
from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.identity_record import IdentityChange
from stream.camera_url import CameraUrl

WITHIN_S = 120.0
Here = Callable[..., Done]


class Watcher:
    """Listens to a watch, and ends it as soon as something is so."""

    def __init__(self, enough: Callable[[CameraStatus, int], bool]) -> None:
        self._enough = enough
        self.stop = threading.Event()
        self.late_s = time.monotonic() + WITHIN_S
        self.status: CameraStatus | None = None

    def cameras_now(
        self, statuses: Sequence[CameraStatus], load_factor: float, tally: PeopleTally, visits: Visits
    ) -> None:
        (self.status,) = statuses
        if self._enough(self.status, tally.total()) or time.monotonic() > self.late_s:
            self.stop.set()

    def began(self, facts: WatchFacts) -> None: ...

    def claimed(self, names: Sequence[str]) -> None: ...

    def camera_changed(self, status: CameraStatus) -> None: ...

    def person(self, change: IdentityChange) -> None: ...

    def visit(self, visit: Visit) -> None: ...

    def leads(self, leading: bool) -> None: ...

    def ending(self) -> None: ...

    def note(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_handle(Place(tmp_path_factory.mktemp("fs") / "data")) as handle:
        yield handle


@pytest.mark.parametrize("packets", [False, True], ids=["jpeg", "packets"])
def test_people_are_found_in_frames_that_a_reader_sends_and_the_url_stays_with_it(
    server: RedisHandle, tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch, packets: bool
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    for name in ("_LOOK_EVERY_S", "_CHECK_EVERY_S", "_TELL_EVERY_S"):
        monkeypatch.setattr(f"workers.camera_worker.{name}", 0.05)
    monkeypatch.setattr(watch_teller, "_NEWS_EVERY_S", 0.1)
    monkeypatch.setattr(watching, "load_parts", lambda *_: make_pack("open"))
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(tmp_path / "gpu"))
    address = f"unix://{server.socket_path}"
    site = f"site-{packets}".lower()
    edge, gpu = Place(tmp_path / "edge", address, site), Place(tmp_path / "gpu", address, site)
    keys = keys_of(edge)
    # The key that its URL is sealed with is on the edge box alone.
    book = CameraBook(make_camera_store(server, keys), keys, open_folder(edge).path)
    film = film_of(scenes.video(tmp_path, "one.mp4", [scenes.ASTRONAUT_SHOT]))
    lines: list[str] = []
    stop = threading.Event()
    with RtspServer(film, user="admin", password="S3cret") as camera:
        url = CameraUrl.parse(camera.url)
        book.add_all({"door": CameraWish(url=url, settings={"fps": 25.0})})
        listener = ReaderLines(lines.append, as_json=True)
        options = SendOptions(("door",), mark=True, packets=packets)
        reader = threading.Thread(target=send_frames, args=(edge, options, listener, stop))
        reader.start()
        watcher = Watcher(lambda status, people: people > 0 and status.fps_in > 0)
        watch = watching.Watch(gpu, WatchOptions(waits=True), watcher)
        try:
            watch.execute(watcher.stop)
            assert time.monotonic() < watcher.late_s, watcher.status
            ((_, newest),) = server.client.xrevrange(keys.camera_frames("door"), count=1)
            assert (b"packets" in newest) == packets
        finally:
            stop.set()
            reader.join(WITHIN_S)
    assert watcher.status is not None
    assert (watcher.status.width_px, watcher.status.height_px) == (640, 360)
    assert (watcher.status.codec, watcher.status.corrupt) == ("h264", 0)
    store = make_store(server, keys)
    (person, *_) = store.people()
    assert {sighting.source_id for sighting in person.sightings} == {"c-door"}
    assert make_camera_store(server, keys).get("door").remote
    # What was told is told as lines; what was held is given back.
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events[:2]] == ["began", "claimed"]
    states = [event["state"] for event in events if event["event"] == "camera"]
    assert states[-1] == "streaming"
    assert "S3cret" not in "".join(lines)
    assert not server.client.exists(keys.camera_reader("door"), keys.camera_reader_lease("door"))
    assert 0 < server.client.pttl(keys.camera_frames("door")) <= 30_000


def test_a_reader_sends_what_was_made_remote_and_says_how_that_is_done(here: Here) -> None:
    def add(name: str) -> None:
        here("camera", "add", name, f"synthetic://{name}?width=64&height=48", "--no-test")

    add("door")
    add("yard")
    assert "no remote camera. Make one remote" in here("reader", code=2).stderr
    assert "no remote camera 'yard'" in here("reader", "yard", code=2).stderr
    here("reader", "attic", "--remote", code=1)
    said = here("reader", "door", "--remote", "--for", "0.3s").stderr
    assert "sends frames for collection default" in said
    assert "takes on 1 camera: door" in said
    assert "sent by a reader" in here("camera", "show", "door").stdout
    # It stays so.
    assert "takes on 1 camera: door" in here("reader", "--remote", "--for", "0.3s").stderr
    remote = {c["name"]: c["remote"] for c in json.loads(here("camera", "list", "--json").stdout)}
    assert remote == {"door": True, "yard": False}
    # A camera whose pictures nobody encodes can't be sent as it encodes them.
    said = here("reader", "door", "--send", "packets", "--for", "0.3s").stderr
    assert "let its reader send JPEG" in said
    assert (
        "--quality is that of JPEGs" in here("reader", "--send", "packets", "--quality", "50", code=2).stderr
    )
    here("camera", "set", "door", "--local")
    assert not json.loads(here("camera", "show", "door", "--json").stdout)["remote"]
    here("reader", code=2)
