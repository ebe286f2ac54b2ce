"""facestream camera import: all or nothing, and all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from command_runs import Done

from facestream.cameras.camera_file import read_cameras
from facestream.errors import SettingsError
from storage.camera_store import CameraStore
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys

Here = Callable[..., Done]

GOOD = """
# Two of them.
[[camera]]
name = "door"
url = "rtsp://admin:S3cret@host/live"
fps = 2
zones = ["0,0 50%,0 50%,100% 0,100%", [[0, 0], [1, 0.5], [0, 1]]]

[[camera]]
name = "desk"
url = "webcam:0"
sub_url = "webcam:1"
min_face = 40
masks = []
transport = "tcp"
hwaccel = "cuda"
keyframes_only = true
"""


@pytest.fixture
def server(here: Here, tmp_path: Path) -> Iterator[redis.Redis]:
    """The server of `here`, kept up between commands."""
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        yield handle.client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.toml"
    path.write_text(GOOD)
    return path


def test_all_cameras_of_a_file_are_added(here: Here, server: redis.Redis, file: Path) -> None:
    assert here("camera", "import", file, "--dry-run").stderr == "2 cameras would be added.\n"
    assert list(server.scan_iter("*")) == []
    assert here("camera", "import", file).stderr == "2 cameras added.\n"
    desk, door = here("camera", "list", "--json").json()
    assert (door["name"], door["url"], door["fps"]) == ("door", "rtsp://admin:***@host/live", 2)
    assert door["zones"] == [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]], [[0, 0], [1, 0.5], [0, 1]]]
    names = ("fps", "sub_url", "min_face_px", "masks", "transport", "hwaccel", "keyframes_only")
    assert [desk[name] for name in names] == [5, "v4l2:///dev/video1", 40, [], "tcp", "cuda", True]


def test_one_that_is_there_already_is_replaced_only_if_somebody_says_so(
    here: Here, server: redis.Redis, file: Path
) -> None:
    here("camera", "add", "desk", "synthetic://x", "--no-test")
    for more in ([], ["--dry-run"]):
        said = here("camera", "import", file, *more, code=1).stderr
        assert f"there are some of {file} already: desk. Nothing was done; --replace puts" in said
    assert [camera["name"] for camera in here("camera", "--json").json()] == ["desk"]
    done = here("camera", "import", file, "--replace")
    assert done.stderr == "2 cameras added, 1 of them in place of older ones.\n"
    assert here("camera", "--json").json()[0]["url"] == "v4l2:///dev/video0"


def test_one_that_is_replaced_stays_paused_or_sent_by_a_reader(
    here: Here, server: redis.Redis, file: Path
) -> None:
    here("camera", "import", file)
    here("camera", "pause", "door")
    CameraStore(server, Keys("default")).change("desk", lambda camera: camera.changed(remote=True))
    before = {camera["name"]: camera for camera in here("camera", "--json").json()}
    file.write_text(GOOD.replace("fps = 2", "fps = 3"))
    here("camera", "import", file, "--replace")
    after = {camera["name"]: camera for camera in here("camera", "--json").json()}
    assert after["door"]["fps"] == 3
    kept = ("paused", "remote")
    assert [[after[name][key] for key in kept] for name in ("door", "desk")] == [[True, False], [False, True]]
    assert before.keys() == after.keys()


def test_more_areas_than_there_can_be_are_told_of_by_a_dry_run_as_well(
    here: Here, server: redis.Redis, file: Path
) -> None:
    many = ", ".join(['"0,0 1,0 1,1"'] * 33)
    file.write_text(f'[[camera]]\nname = "door"\nurl = "rtsp://host/live"\nmasks = [{many}]\n')
    for more in ([], ["--dry-run"]):
        said = here("camera", "import", file, *more, code=2).stderr
        assert "door: there are 33 masks; at most 32 are allowed." in said
    assert list(server.scan_iter("*camera*")) == []


def test_settings_say_what_is_usual(
    here: Here, server: redis.Redis, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_CAMERA_FPS", "1.5")
    monkeypatch.setenv("FACESTREAM_CAMERA_MIN_FACE", "50")
    desk, door = sorted(here("camera", "import", file, "--json").json(), key=lambda camera: camera["name"])
    assert (door["fps"], door["min_face_px"]) == (2, 50)
    assert (desk["fps"], desk["min_face_px"]) == (1.5, 40)


def test_all_that_is_wrong_is_told_with_its_line_and_without_secrets(
    here: Here, server: redis.Redis, file: Path
) -> None:
    file.write_text(
        GOOD
        + """
[[camera]]
name = "a/b"
url = "rtsp://admin:S3cret@host:99999/live"

[[camera]]
nmae = "x"
zones = ["0,0 1,1"]
"S3cret pass" = 1

[[camera]]
name = "door"
url = 5
fps = 30
masks = "0,0 1,1 0,1"
keyframes_only = "yes"
transport = "http"
min_face = true
hwaccel = ""

[S3cretTable]
a = 1
""".replace("S3cretTable", "'S3cret table'")
    )
    done = here("camera", "import", file, code=2)
    assert "S3cret" not in done.stderr
    told = [line.removeprefix("Error: ").removeprefix(str(file)) for line in done.stderr.splitlines()]
    expected = [
        ":20: name: a camera can't be called 'a/b'",
        ":21: url: The camera's URL has a port that is no number",
        ":23: this camera has no name.",
        ":23: this camera has no url.",
        ":24: a camera has no nmae; did you mean name?",
        ":25: zones: number 1 is no area: it has 2 points",
        ":26: a camera has no ***; there are name, url,",
        ":29: there is a camera 'door' in line 4 already.",
        ":30: url: it must be a text, in quotes.",
        ":31: fps: it must be a number above 0 and at most 25.",
        ":32: masks: it must be a list of areas",
        ":33: keyframes_only: it must be true or false.",
        ":34: transport: it must be auto, tcp or udp.",
        ":35: min_face: it must be a number from 12 to 10000.",
        ":36: hwaccel: it must be none, auto or",
        ":38: there is no *** here, only [[camera]].",
    ]
    assert len(told) == len(expected), done.stderr
    for line, beginning in zip(told, expected, strict=True):
        assert line.startswith(beginning)
    assert list(server.scan_iter("*")) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"there is no \[\[camera\]\] in it"),
        ("[[camera]]\nname = 'a'\nurl = rtsp://u:S3cret@h/a", r"toml:3: this is not TOML"),
        ("[camera]\nname = 'a'", r"toml:1: cameras are tables with the header \[\[camera\]\]"),
        ("camera = [{name = 'a', url = 'webcam:0'}]", r"toml:1: cameras are tables with the header"),
        ("camera = 'S3cret'", r"toml:1: cameras are tables with the header"),
        ("[[camera]]\nname = 'a'\nurl = 'webcam:0'\n[[camera.more]]\nb = 1", "a camera has no more"),
        (
            "[[camera]]\nname = 'a'\nurl = 'webcam:0'\nzones = [[1, 2]]",
            "number 1 is no area: it must be",
        ),
        ("[[camera]]\nname = 'a'\nurl = 'webcam:0'\nzones = [[[0, 0], [1, 0], [nan, 1]]]", "outside"),
    ],
)
def test_files_that_are_none_are_told(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "cameras.toml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=said) as caught:
        read_cameras(path, {})
    assert "S3cret" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(here: Here, tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert str(missing) in here("camera", "import", missing, code=2).stderr
