"""A disk that gets full under the data folder: said clearly, nothing lost, and the same command goes on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import scenes
from command_runs import PATIENCE_S, Cli, wait_until

pytestmark = pytest.mark.e2e

MOUNT = shutil.which("mount")


@dataclass(frozen=True)
class Disk:
    """A small file system."""

    path: Path

    def fill(self, free_bytes: int) -> None:
        """Leave so much free."""
        with contextlib.suppress(OSError), (self.path / "fill").open("wb") as file:
            # Page by page: who asks for too much at once gets nothing.
            while os.statvfs(self.path).f_bavail * os.statvfs(self.path).f_frsize > free_bytes:
                file.write(bytes(4096))
                file.flush()

    def free(self) -> None:
        (self.path / "fill").unlink()


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    # Short: the path of a unix socket has at most 107 characters.
    path = tmp_path_factory.mktemp("disk")
    if MOUNT is None:
        pytest.skip("there is no mount command to make a small disk with")
    mounted = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        # Lazily, since a failed test may have left a server in it.
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def small(disk: Disk, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A command line over a data folder on the small disk, with its output elsewhere."""
    cli = Cli(disk.path / "data", environment, tmp_path_factory.mktemp("cwd"))
    yield cli
    cli.end_all()


def test_what_was_stored_stays_and_the_same_command_goes_on(small: Cli, disk: Disk, media: Path) -> None:
    small("run", media / "photos" / "astronaut.jpg")
    (her,) = small.people()
    before = small.records()
    small.wait_for_the_server_to_go()

    # On the way, and from the start.
    for free_bytes in (60_000, 0):
        disk.fill(free_bytes)
        done = small("run", media / "duo.mp4", code=1)

        assert done.stdout == ""
        said = done.stderr.splitlines()[-1]
        assert said.startswith("Error: The disk is full")
        assert said.endswith(
            "What was stored before is kept. Free some space, then run the same command again."
        )
        # Neither the server nor its guardian stays behind, though they can't write into their log either.
        small.wait_for_the_server_to_go()
        assert small.server_processes() == []

    disk.free()
    after = small.records()
    assert after.keys() >= before.keys()
    for key, record in before.items():
        if ":sample:" in key or ":track:" in key:
            assert after[key] == record
    assert her["id"] in {person["id"] for person in small.people()}
    result = small("run", "--json", media / "duo.mp4").json()
    assert len(result["people"]) == 2
    rows = [int(row["frame"]) for row in small.rows() if row["source"].endswith("duo.mp4")]
    assert rows == scenes.sampled_frames()
    (astronaut,) = (person for person in small.people() if person["id"] == her["id"])
    assert {Path(s["source"]).name for s in astronaut["sightings"]} == {"astronaut.jpg", "duo.mp4"}
    assert "already processed" in small("run", media / "duo.mp4").stderr


@pytest.mark.parametrize("free_bytes", [0, 8192])
def test_a_full_disk_is_told_where_nothing_was_stored_yet(
    small: Cli, disk: Disk, media: Path, free_bytes: int
) -> None:
    disk.fill(free_bytes)

    done = small("run", media / "duo.mp4", code=1)

    assert done.stderr.startswith("Error: The d")
    assert "disk" in done.stderr
    assert "is full" in done.stderr
    assert "ree some space" in done.stderr
    assert small.server_processes() == []

    disk.free()
    assert small.people() == []


def test_serving_goes_on_when_there_is_space_again_and_says_so_once(
    small: Cli, disk: Disk, media: Path
) -> None:
    small("run", media / "photos" / "astronaut.jpg")
    (her,) = small.people()
    serving = small.start("serve", "--port", "0", "--json")
    serving.wait_for("}")
    url = json.loads(serving.stdout)["api"]

    def named(name: str) -> int:
        to = f"{url}/people/{her['id']}/name"
        return httpx2.post(to, json={"name": name}, timeout=PATIENCE_S, verify=False).status_code

    assert named("Eileen") == 200
    disk.fill(0)
    wait_until(lambda: named(f"Nobody {time.monotonic()} {60 * 'x'}") == 507, "a full disk")
    # It has tried to go on.
    time.sleep(1.5)
    disk.free()
    wait_until(lambda: named("Eileen Collins") == 200, "an answer")
    serving.wait_for("answers again after")
    serving.process.send_signal(signal.SIGTERM)
    done = serving.end()

    assert done.code == 0
    told = [
        line
        for line in done.stderr.splitlines()
        if "WARNING facestream.events.news: The disk is full" in line
    ]
    assert len(told) == 1
