"""What is written is for its user alone: biometric data and secrets, whatever the umask is."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from command_runs import Cli, Done, wait_until

Here = Callable[..., Done]

ENDED = {"done", "failed", "cancelled"}


@pytest.fixture
def no_umask() -> Iterator[None]:
    """The least careful user there is: whoever makes a file must say himself whom it is for."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What somebody else could read or change, with its mode; sockets and links are nothing to read."""
    found = []
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
        plain = stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
        if plain and stat.S_IMODE(status.st_mode) != wanted:
            found.append(f"{stat.S_IMODE(status.st_mode):o} {path.relative_to(folder.parent)}")
    return found


@pytest.mark.e2e
@pytest.mark.usefixtures("no_umask")
def test_whatever_is_left_behind_is_private(
    here: Here, environment: dict[str, str], media: Path, tmp_path: Path
) -> None:
    data, photo, out = tmp_path / "data", media / "photos" / "group.jpg", tmp_path / "out"
    here("camera", "add", "door", "rtsp://admin:S3cret@192.0.2.1/live")
    here("camera", "pause", "door")
    serving = Cli(data, environment, tmp_path / "cwd", preloaded=False).start("serve", "--port", "0")
    try:
        serving.wait_for("openapi.json")
        (page,) = re.findall(r"^Page: (http\S+)$", serving.stdout, re.MULTILINE)
        with httpx2.Client(base_url=f"{page}/api/v1", timeout=60) as client:
            sent = client.post("/jobs/upload", params={"name": "us.jpg"}, content=photo.read_bytes())
            # Which is a run in a process of its own.
            job = f"/jobs/{sent.json()['id']}"
            wait_until(lambda: client.get(job).json()["state"] in ENDED, "the end of the job")
            person = client.get("/people").json()["items"][0]["id"]
    finally:
        serving.interrupt()
    out.mkdir(0o700)
    here("people")
    here("people", "export-all", person, "-o", out / "person.zip")
    here("people", "export-all", person, "-o", out / "person")
    here("people", "thumbnails", person, "-o", out / "faces")
    here("report", "-o", out / "people.html")
    here("export", "--format", "mot", "-o", out / "mot")
    here("cluster", photo, "-o", out / "clusters.csv", "--folders", out / "clusters")
    here("backup", out / "all.facestream")

    kept = {path.relative_to(data).parts[0] for path in data.rglob("*") if path.is_file()}
    assert {"redis", "thumbnails", "uploads", "camera.key", "facestream.json"} <= kept
    assert len(list(out.rglob("*.jpg"))) >= 3
    assert open_to_others(data) == []
    assert open_to_others(out) == []
    socket_folder = Path("/tmp") / f"facestream-{os.geteuid()}"
    assert not socket_folder.is_dir() or stat.S_IMODE(socket_folder.stat().st_mode) == 0o700


def test_a_folder_that_came_from_elsewhere_is_closed_again(tmp_path: Path) -> None:
    from storage.datafolder import DataFolder

    DataFolder(tmp_path / "data")
    copy = shutil.copytree(tmp_path / "data", tmp_path / "copy")
    for name in ("redis", "thumbnails"):
        (copy / name).chmod(0o755)

    folder = DataFolder(copy)

    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder.redis_dir, folder.thumbnails_dir)] == [
        0o700
    ] * 2
