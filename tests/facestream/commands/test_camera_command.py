"""facestream camera, in this process and against a real server."""

from __future__ import annotations

import io
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import redis
from cameras.h264_film import H264Film, painted_film
from cameras.rtsp_server import RtspServer
from command_runs import Done

from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.sealing import KEY_FILE, KEY_VARIABLE
from storage.source_record import SourceRecord
from storage.webhook_record import WebhookRecord
from storage.webhook_store import WebhookStore

SYNTHETIC = "synthetic://people?width=320&height=240&fps=20"
SECRET_URL = "rtsp://admin:S3cret@{place}/live?token=S3cretToken"
LEFT_HALF = "0,0 50%,0 50%,100% 0,100%"

Here = Callable[..., Done]


@pytest.fixture
def server(here: Here, tmp_path: Path) -> Iterator[redis.Redis]:
    """The server of `here`, kept up between commands."""
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        yield handle.client


@pytest.fixture
def closed_place() -> Iterator[str]:
    """Host and port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def held_by(client: redis.Redis, data: Path) -> bytes:
    """All that the server and the data folder hold of the cameras."""
    content = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    for key in client.scan_iter("*camera*"):
        kind = client.type(key)
        content += key + (repr(client.hgetall(key)).encode() if kind == b"hash" else b"")
    return content


def test_a_camera_is_added_seen_listed_paused_changed_and_removed(here: Here, server: redis.Redis) -> None:
    assert "There is no camera yet. Start with: " in here("camera").stdout
    assert here("camera", "list", "--json").json() == []

    added = here("camera", "add", "door", SYNTHETIC, "--fps", "2", "--zone", LEFT_HALF)
    assert "Camera 'door' is added: synthetic://people?width=320&height=240&fps=20" in added.stderr
    assert "It sends synthetic, 320x240; the first picture came after" in added.stderr
    here("camera", "add", "Yard.2", SYNTHETIC, "--no-test", "-q")

    yard, door = here("camera", "list", "--json").json()
    assert (yard["name"], yard["fps"], yard["zones"], yard["status"]) == ("Yard.2", 5.0, [], None)
    assert (door["name"], door["fps"], door["source_id"]) == ("door", 2.0, "c-door")
    assert door["zones"] == [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]
    assert [line.split()[:3] for line in here("camera").stdout.splitlines()[1:]] == [
        ["Yard.2", "not", "watched"],
        ["door", "not", "watched"],
    ]

    shown = here("camera", "show", "door").stdout.splitlines()
    assert [line.split(maxsplit=1)[0] for line in shown] == ["camera", "url", "looked", "state"]
    assert shown[2].split(maxsplit=2)[2] == "2 looks per second, zone 0%,0% 50%,0% 50%,100% 0%,100%"
    assert here("camera", "show", "door", "--json").json() == {**door, "gaps": []}

    assert here("camera", "pause", "door").stderr == "Paused: door.\n"
    assert [camera["paused"] for camera in here("camera", "list", "--json").json()] == [False, True]
    assert "paused" in here("camera", "list").stdout
    assert here("camera", "pause", "--all").stderr == "Paused: Yard.2, door.\n"
    here("camera", "resume", "--all")
    changed = here("camera", "set", "door", "--no-zones", "--min-face", "40", "--transport", "tcp", "--json")
    assert [changed.json()[name] for name in ("zones", "min_face_px", "transport", "fps")] == [
        [],
        40,
        "tcp",
        2,
    ]

    assert "--yes" in here("camera", "remove", "door", code=2).stderr
    assert here("camera", "remove", "door", "Yard.2", "-y").stderr == "Removed: door, Yard.2.\n"
    assert here("camera", "--json").json() == []
    assert list(server.scan_iter("*camera*")) == []


def test_who_removes_a_camera_is_told_of_webhooks_that_name_it(here: Here, server: redis.Redis) -> None:
    for name in ("door", "hall"):
        here("camera", "add", name, SYNTHETIC, "--no-test", "-q")
    record = WebhookRecord(
        "w0123456789ab", "1:sealed", "https://example.org/***", "1:sealed", cameras=("door", "hall")
    )
    WebhookStore(server, Keys("default")).add(record, "0-0")
    told = here("camera", "remove", "door", "--yes").stderr
    assert "Removed: door." in told
    assert f"Webhook {record.webhook_id} names such a camera: " in told
    assert f"facestream webhook remove {record.webhook_id}` takes it away." in told
    assert "Webhook" not in here("camera", "remove", "hall", "--yes", "-q").stderr


def test_a_camera_says_when_nothing_was_seen_by_it(here: Here, server: redis.Redis) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test", "-q")
    store = IdentityStore(server, Keys("default"))
    store.register_source(SourceRecord("c-door", "camera", SYNTHETIC, 320, 240, recorded_at_s=1.8e9))
    server.hset(Keys("default").source("c-door"), "ranges", "[[0, 60], [360, 400]]")
    assert here("camera", "show", "door", "--json").json()["gaps"] == [
        {"start_at": "2027-01-15T08:01:00.000Z", "end_at": "2027-01-15T08:06:00.000Z", "seconds": 300}
    ]
    last = here("camera", "show", "door").stdout.splitlines()[-1]
    assert last.startswith("nothing seen  2027-01-15 ")
    assert last.endswith("(5 min)")
    server.hset(Keys("default").source("c-door"), "ranges", "[[60, 0]]")
    assert here("camera", "show", "door", "--json").json()["gaps"] is None
    assert "not known: fs:{default}:source:c-door" in here("camera", "show", "door").stdout


def test_a_secret_is_stored_sealed_and_never_shown(
    here: Here, server: redis.Redis, data: Path, closed_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = SECRET_URL.format(place=closed_place)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n"))
    added = here("camera", "add", "door", "-", "--debug", "-vv")
    assert "Warning: it gives no pictures now (unreachable): nobody listens on that port" in added.stderr
    assert "It is stored all the same" in added.stderr
    everything = [
        added,
        here("camera", "list"),
        here("camera", "list", "--json"),
        here("camera", "set", "door", "--fps", "1"),
        here("camera", "test", "door", code=1),
        here("camera", "test", "door", "--json", "--debug", "-vv", code=1),
        here("camera", "test", url, "--debug", "-vv", code=1),
        here("camera", "snapshot", "door", "-o", data / "door.jpg", "--debug", code=1),
        here("camera", "add", "door", url, code=1),
        here("redis", "HGETALL", "fs:{default}:camera:door"),
    ]
    for done in everything:
        assert "S3cret" not in done.stdout + done.stderr
    assert f"rtsp://admin:***@{closed_place}/live?token=***" in here("camera", "list").stdout
    assert b"S3cret" not in held_by(server, data)
    assert stat.S_IMODE((data / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a/b", SYNTHETIC], "can't be called 'a/b'"),
        (["küche", SYNTHETIC], "can't be called 'küche'"),
        (["a" * 300, SYNTHETIC], "names have 1 to 64 letters"),
        (["door", "/home/me/S3cret.mp4"], "is a path on this computer"),
        (["door", "file:///S3cret.mp4"], "is a path on this computer"),
        (["door", "rtps://user:S3cret@host/a"], "did you mean rtsp://"),
        (["door", "rtsp://user:S3cret@host:99999/a"], "a port that is no number from 1 to 65535"),
        (["door", "rtsp://user:S3cret@/a"], "has no host"),
        (["door", SYNTHETIC, "--sub-url", "S3cret"], "has no scheme"),
        (["door", SYNTHETIC, "--zone", "0,0 2,0 1,1"], "lies outside of the picture"),
        (["door", SYNTHETIC, "--zone", "0,0 50,0 50,50"], "percent is written 50%"),
        (["door", SYNTHETIC, "--zone", "0,0 101%,0 1,1"], "the point 1.01,0 lies outside"),
        (["door", SYNTHETIC, "--zone", "0,0 1,1"], "has 2 points; an area has three at least"),
        (["door", SYNTHETIC, "--mask", "0,0 1,1 1,0 0,1"], "its sides cross"),
        (["door", SYNTHETIC, "--mask", "left"], "is no pair x,y"),
        (["door", SYNTHETIC, "--mask", "a,b 1,1 0,1"], "has no numbers"),
        (["door", SYNTHETIC, "--mask", ""], "is empty"),
        (["door", SYNTHETIC, "--fps", "26"], "26"),
        (["door", SYNTHETIC, "--hwaccel", "Rm -rf"], "neither none nor auto"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_be_no_camera_is_refused_in_words(
    here: Here, data: Path, arguments: list[str], said: str
) -> None:
    done = here("camera", "add", *arguments, "--no-test", code=2)
    assert said in done.stderr
    assert "S3cret" not in done.stderr
    # Before anything was made.
    assert not data.exists()


@pytest.mark.parametrize("url", ["rtsp://user:S3cret@host/a", "user:S3cret@host/a"])
def test_a_url_in_the_wrong_place_is_not_repeated(here: Here, server: redis.Redis, url: str) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test")
    done = [
        here("camera", "add", url, "gate", code=2),
        *(
            here("camera", *words, url, code=2)
            for words in (["pause"], ["remove", "-y"], ["set", "--fps", "1"])
        ),
        here("watch", url, code=2),
    ]
    assert all("URL" in one.stderr for one in done)
    assert "S3cret" not in "".join(one.said for one in done)


def test_a_url_without_its_scheme_is_not_repeated(here: Here, server: redis.Redis) -> None:
    url = "user:S3cret@host/a"
    for code, words in ((2, ["camera", "test"]), (2, ["camera", "snapshot", "-o", "a.jpg"]), (1, ["run"])):
        done = here(*words, url, code=code)
        assert "has no scheme such as rtsp:// in front" in done.stderr
        assert "S3cret" not in done.said


def test_what_is_not_there_is_told(here: Here, server: redis.Redis) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test")
    assert "There is a camera 'door'" in here("camera", "add", "door", SYNTHETIC, code=1).stderr
    for words in (
        ["set", "gate", "--fps", "1"],
        ["pause", "gate"],
        ["remove", "-y", "gate"],
        ["show", "gate"],
        ["test", "gate"],
    ):
        said = here("camera", *words, code=1).stderr
        assert "There is no camera 'gate' in collection 'default': there are door." in said
    assert "no camera was named: there are door." in here("camera", "pause", code=2).stderr
    assert "leave the names out" in here("camera", "pause", "door", "--all", code=2).stderr
    assert "nothing was named that is to change" in here("camera", "set", "door", code=2).stderr
    both = here("camera", "set", "door", "--no-zones", "--zone", LEFT_HALF, code=2)
    assert "--no-zones takes away" in both.stderr


def test_settings_say_what_is_usual(here: Here, server: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_CAMERA_FPS", "3")
    monkeypatch.setenv("FACESTREAM_CAMERA_TRANSPORT", "udp")
    camera = here("camera", "add", "door", SYNTHETIC, "--no-test", "--transport", "tcp", "--json").json()
    assert (camera["fps"], camera["transport"]) == (3, "tcp")
    # What is only usual changes nothing that was said.
    assert here("camera", "set", "door", "--fps", "9", "--json").json()["transport"] == "tcp"


def test_a_test_says_what_a_camera_sends(here: Here, server: redis.Redis) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test", "--sub-url", f"{SYNTHETIC}&frames=1")
    done = here("camera", "test", "door", "--seconds", "0.5", "--json", code=1)
    main, sub = done.json()["camera"], done.json()["sub-stream"]
    assert (main["codec"], main["width_px"], main["height_px"], main["announced_fps"]) == (
        "synthetic",
        320,
        240,
        20,
    )
    assert 0 < main["fps"] <= 21
    assert main["error"] is None
    assert sub["error"] == {"kind": "lost", "text": "it ended the connection"}
    said = here("camera", "test", SYNTHETIC, "--seconds", "0.5").stdout
    assert "size          320x240\n" in said
    assert "(20 announced)\n" in said


def test_the_first_look_is_at_both_streams(here: Here, server: redis.Redis, closed_place: str) -> None:
    added = here("camera", "add", "door", SYNTHETIC, "--sub-url", "synthetic://gate?width=160&height=90")
    assert "It sends synthetic, 320x240;" in added.stderr
    assert "Its sub-stream sends synthetic, 160x90;" in added.stderr
    assert "Warning: faces would be cut out of the sub-stream: the main stream has 320x240" in added.stderr
    told = here("camera", "add", "gate", SYNTHETIC, "--sub-url", f"rtsp://{closed_place}/a", "--json")
    camera = told.json()
    assert (camera["seen"]["width_px"], camera["error"], camera["sub_seen"]) == (320, None, None)
    assert camera["sub_error"]["kind"] == "unreachable"
    assert "Warning: its sub-stream gives no pictures now (unreachable)" in told.stderr


def test_a_test_says_where_two_streams_do_not_show_the_same(here: Here, server: redis.Redis) -> None:
    sub = "synthetic://gate?width=160&height={}"
    for height, warned in ((120, False), (90, True)):
        here("camera", "add", f"gate{height}", SYNTHETIC, "--no-test", "--sub-url", sub.format(height))
        told = here("camera", "test", f"gate{height}", "--seconds", "0.5").stderr
        assert ("the main stream has 320x240, the sub-stream 160x90: set both to the same" in told) is warned


def test_a_camera_whose_secret_is_missing_is_told_when_it_is_opened(
    here: Here, server: redis.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed_place: str
) -> None:
    url = f"rtsp://user:{{env:DOOR_PASSWORD}}@{closed_place}/a?token={{file:{tmp_path / 'token'}}}"
    added = here("camera", "add", "door", url, "--json").json()
    assert added["error"]["kind"] == "url"
    assert "environment variable DOOR_PASSWORD" in added["error"]["text"]
    monkeypatch.setenv("DOOR_PASSWORD", "S3cret")
    assert f"{tmp_path / 'token'}, which can't be read" in here("camera", "test", "door", code=1).stderr
    (tmp_path / "token").write_text("S3cret\n")
    done = here("camera", "test", "door", code=1)
    assert "unreachable: nobody listens" in done.stderr
    assert "S3cret" not in done.stdout + done.stderr


def test_a_snapshot_shows_zones_and_masks(here: Here, server: redis.Redis, tmp_path: Path) -> None:
    here("camera", "add", "door", f"{SYNTHETIC}&pattern=black", "--no-test", "--zone", LEFT_HALF, code=0)
    here("camera", "set", "door", "--mask", "60%,60% 90%,60% 90%,90%", "-q")
    plain, marked = tmp_path / "plain.png", tmp_path / "marked.png"
    here("camera", "set", "door", "--url", SYNTHETIC)
    assert here("camera", "snapshot", "door", "-o", plain).stderr == f"{plain}: 320x240\n"
    here("camera", "snapshot", "door", "-o", marked, "--zones")
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    found = [cv2.imread(str(path)) for path in (plain, marked)]
    assert [image.shape for image in found] == [(240, 320, 3)] * 2
    # The middle, where the zone ends, is blue then.
    assert np.abs(found[1][100:140, 158:161].astype(int) - (178, 114, 0)).min(axis=(1, 2)).max() == 0
    assert "has no zones" in here("camera", "snapshot", SYNTHETIC, "-o", plain, "--zones", code=2).stderr
    assert ".jpg or .png" in here("camera", "snapshot", "door", "-o", tmp_path / "a.txt", code=2).stderr


def test_how_a_camera_is_doing_is_listed(here: Here, server: redis.Redis) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test")
    status = CameraStatus(
        "door", "host-1", "backing_off", 1.0, "it closes\x1b the connection", 9.96, 4.98, 0.25, faces=7
    )
    CameraStore(server, Keys("default")).write_statuses([status], ttl_s=600)
    (camera,) = here("camera", "list", "--json").json()
    assert (camera["status"]["state"], camera["status"]["faces"]) == ("backing_off", 7)
    line = here("camera", "list").stdout.splitlines()[1]
    for shown in ("down", "5.0/10.0", "0.2 s", "  7  ", "it closes\\x1b the connection"):
        assert shown in line
    # What is over is told as such, or not at all.
    CameraStore(server, Keys("default")).write_statuses([replace(status, state="streaming")], ttl_s=600)
    assert "closes" not in here("camera", "list").stdout
    assert "it closes\\x1b the connection (over)" in here("camera", "show", "door").stdout
    both = replace(status, state="streaming", main_state="backing_off", main_error="refused")
    CameraStore(server, Keys("default")).write_statuses([both], ttl_s=600)
    assert here("camera", "list").stdout.splitlines()[1].endswith("  main stream: refused")


def test_a_damaged_record_is_listed_beside_the_others_and_can_be_removed(
    here: Here, server: redis.Redis, tmp_path: Path
) -> None:
    for name in ("door", "gate"):
        here("camera", "add", name, SYNTHETIC, "--no-test")
    server.hset(Keys("default").camera("door"), "fps", "fast")
    door, gate = here("camera", "list", "--json").json()
    assert (door["name"], gate["name"]) == ("door", "gate")
    assert "'fps' is not a number" in door["damaged"]
    first, second = here("camera", "list").stdout.splitlines()[1:]
    assert first.startswith("door    damaged ")
    assert "'fps' is not a number" in first
    assert second.startswith("gate    not watched ")
    here("camera", "add", "yard", SYNTHETIC, "--no-test")
    here("backup", tmp_path / "all.facestream")
    copied = here("restore", tmp_path / "all.facestream", "--collection", "copy", "--json").json()
    assert copied["sealed_cameras"] == ["door"]
    here("camera", "remove", "door", "--yes")
    assert [camera["name"] for camera in here("camera", "list", "--json").json()] == ["gate", "yard"]


def test_cameras_are_of_one_collection(here: Here, server: redis.Redis) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test", "--collection", "home")
    assert here("camera", "list", "--json").json() == []
    (info,) = here("collections", "--json").json()
    assert (info["name"], info["people"], info["cameras"]) == ("home", 0, 1)
    dropped = here("collections", "drop", "home", "--yes")
    assert "is gone (0 people, 0 tracks, 0 sources, 1 camera)" in dropped.stderr
    assert list(server.scan_iter("*")) == []


def test_without_its_key_a_camera_is_told_with_the_way_out(
    here: Here, server: redis.Redis, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here("camera", "add", "door", SYNTHETIC, "--no-test")
    key = (data / KEY_FILE).read_text()
    (data / KEY_FILE).unlink()
    # No second key is made, which would open some cameras and not others.
    for words in (
        ["test", "door"],
        ["add", "gate", SYNTHETIC, "--no-test"],
        ["set", "door", "--url", SYNTHETIC],
    ):
        done = here("camera", *words, code=1)
        assert "There is no key to unseal" in done.stderr
        assert KEY_VARIABLE in done.stderr
    assert not (data / KEY_FILE).exists()
    # What needs no URL goes on.
    here("camera", "set", "door", "--fps", "1")
    monkeypatch.setenv(KEY_VARIABLE, "A" * 43 + "=")
    assert "sealed with another key" in here("camera", "test", "door", code=1).stderr
    assert "sealed with another key" in here("camera", "add", "gate", SYNTHETIC, code=1).stderr
    monkeypatch.setenv(KEY_VARIABLE, key)
    here("camera", "test", "door", "--seconds", "0.5")


def test_cameras_travel_sealed_in_backups(
    here: Here, server: redis.Redis, data: Path, tmp_path: Path, closed_place: str
) -> None:
    url = SECRET_URL.format(place=closed_place)
    here("camera", "add", "door", url, "--no-test", "--sub-url", url)
    file = tmp_path / "all.facestream"
    here("backup", file)
    assert b"S3cret" not in file.read_bytes()
    assert here("restore", file, "--collection", "copy", "--json").json()["sealed_cameras"] == []
    for collection in ("default", "copy"):
        # It could be unsealed in either.
        done = here("camera", "test", "door", "--collection", collection, code=1)
        assert done.stderr.count("unreachable: nobody listens") == 2
    (data / KEY_FILE).unlink()
    told = here("restore", file, "--collection", "elsewhere")
    assert "URLs of cameras can't be opened here: door" in told.stderr
    assert here("restore", file, "--replace", "-y", "--json").json()["sealed_cameras"] == ["door"]
    assert "no key" in here("camera", "test", "door", "--collection", "elsewhere", code=1).stderr


@pytest.fixture(scope="module")
def film() -> H264Film:
    return painted_film()


def test_a_camera_of_the_network_is_tested(
    here: Here, server: redis.Redis, film: H264Film, tmp_path: Path
) -> None:
    with RtspServer(film, user="admin", password="S3c%40ret", digest=True) as camera:
        # As nobody encoded it.
        url = f"rtsp://admin:S3c%2540ret@{camera.host}/live"
        added = here("camera", "add", "door", url)
        assert "It sends h264, 160x120; the first picture came after" in added.stderr
        seen = here("camera", "test", "door", "--seconds", "0.5", "--json").json()["camera"]
        assert (seen["codec"], seen["width_px"], seen["corrupt"]) == ("h264", 160, 0)
        assert seen["url"] == f"rtsp://admin:***@{camera.host}/live"
        here("camera", "snapshot", "door", "-o", tmp_path / "door.jpg")
        assert cv2.imread(str(tmp_path / "door.jpg")).shape == (120, 160, 3)
        wrong = here("camera", "test", f"rtsp://admin:S3cret@{camera.host}/live", code=1)
        assert "Error: refused: it refuses the user name or password" in wrong.stderr
        assert "S3cret" not in wrong.stdout + wrong.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("camera", "add", SECRET_URL, "door"),
        ("camera", "add", "door", SECRET_URL, SECRET_URL),
        ("camera", "test", "admin:S3cret@{place}/live"),
        ("camera", "remove", SECRET_URL, "--yes"),
        ("camera", SECRET_URL),
        ("watch", SECRET_URL),
        (SECRET_URL,),
        ("camera", "add", "door", SYNTHETIC, "--hwaccel", SECRET_URL),
    ],
)
def test_a_url_that_no_command_expects_is_not_repeated(
    here: Here, server: redis.Redis, words: list[str]
) -> None:
    done = here(*words, code=2)
    assert "Error: " in done.stderr
    assert "S3cret" not in done.said


def test_a_host_that_nobody_knows_is_unreachable(here: Here) -> None:
    done = here("camera", "test", "rtsp://admin:S3cret@nowhere.invalid/live", "--json", code=1)
    assert done.json()["camera"]["error"]["kind"] == "unreachable"
    assert "S3cret" not in done.stdout + done.stderr
