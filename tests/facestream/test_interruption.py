"""Ctrl-C, kill -9 and company: what was found is kept, and the end is the same."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scenes
from command_runs import PATIENCE_S, Cli

from facestream.__main__ import EXIT_INTERRUPTED

pytestmark = pytest.mark.e2e

Rows = list[tuple[str, ...]]


def found(cli: Cli) -> Rows:
    """Every face, without the names of its person and track."""
    return sorted(
        tuple(row[name] for name in ("frame", "x1", "y1", "x2", "y2", "score")) for row in cli.rows()
    )


def together(cli: Cli) -> set[frozenset[tuple[str, str]]]:
    """Which faces are of one person, whatever they are called."""
    people: dict[str, set[tuple[str, str]]] = {}
    for row in cli.rows():
        people.setdefault(row["identity"], set()).add((row["frame"], row["x1"]))
    return {frozenset(faces) for faces in people.values()}


@dataclass(frozen=True)
class Whole:
    """A run that nothing interrupted."""

    video: Path
    rows: Rows
    together: set[frozenset[tuple[str, str]]]
    result: dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], long_video: Path) -> Whole:
    cli = Cli(tmp_path_factory.mktemp("fs") / "data", environment)
    result = cli("run", "--json", long_video).json()
    assert len(result["people"]) == 4
    return Whole(long_video, found(cli), together(cli), result)


def check_that_it_goes_on(cli: Cli, whole: Whole) -> None:
    """The same command again brings what an uninterrupted run has."""
    result = cli("run", "--json", whole.video).json()
    assert result["interrupted"] is False
    assert len(result["people"]) == len(whole.result["people"])
    assert found(cli) == whole.rows
    assert together(cli) == whole.together
    assert not any(person["provisional"] for person in result["people"])
    assert "already processed" in cli("run", whole.video).stderr


def test_ctrl_c_keeps_what_was_found_and_the_same_command_goes_on(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", "--json", whole.video)
    started.wait_for("first person found")

    done = started.interrupt()

    assert done.code == 130
    assert "Traceback" not in done.stderr
    result = done.json()
    assert result["interrupted"] is True
    assert 0 < result["frames"] < whole.result["frames"]
    assert result["people"]
    assert {person["id"] for person in cli.people()} == {person["id"] for person in result["people"]}
    assert set(found(cli)) < set(whole.rows)
    check_that_it_goes_on(cli, whole)


def test_ctrl_c_prints_the_table_and_says_how_to_go_on(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", whole.video)
    started.wait_for("first person found")

    done = started.interrupt()

    assert done.code == 130
    assert done.stdout.startswith("person ")
    assert len(done.stdout.splitlines()) >= 2
    assert "Interrupted: what was found is kept; the same command goes on from here." in done.stderr


def test_sigterm_ends_a_run_as_ctrl_c_does(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", "--json", whole.video)
    started.wait_for("first person found")

    started.process.send_signal(signal.SIGTERM)

    done = started.end()
    assert done.code == 130
    assert done.json()["interrupted"] is True


def test_ctrl_c_before_the_first_frame_is_no_crash(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", whole.video)
    started.wait_for("long.mp4: 640x360")

    done = started.interrupt()

    assert done.code == 130
    assert "Traceback" not in done.stderr


def test_a_killed_run_leaves_nothing_running_and_the_same_command_goes_on(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", "--json", whole.video)
    started.wait_for("first person found")
    assert cli.server_processes()

    started.kill()

    cli.wait_for_the_server_to_go()
    assert cli.server_processes() == []
    assert not list(cli.data_dir.rglob("*.sock"))
    check_that_it_goes_on(cli, whole)
    assert "fs:{default}:leader" not in cli.records()


def test_what_a_killed_run_left_undone_is_done_by_the_next(cli: Cli, media: Path) -> None:
    cli("run", media / "duo.mp4")
    # As if it had been killed right before its re-cluster.
    entry = ("type", "recluster", "reason", "end of a video")
    cli("redis", "--write", "XADD", "fs:{default}:samples", "*", *entry)
    assert cli("redis", "XLEN", "fs:{default}:samples").stdout == "1\n"

    assert "already processed" in cli("run", media / "duo.mp4").stderr

    assert cli("redis", "XLEN", "fs:{default}:samples").stdout == "0\n"
    # Or after its tracks had been taken in.
    (track, *_) = cli("tracks", "list", "--json").json()
    cli("redis", "--write", "SADD", "fs:{default}:provisional", track["id"])
    assert "provisional tracks: 1" in cli("stats").stdout

    cli("run", media / "duo.mp4")

    assert "provisional" not in cli("stats").stdout


def test_going_on_with_other_options_doubles_no_face(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", "--json", "--min-face", "60", whole.video)
    started.wait_for("first person found")
    started.interrupt()

    cli("run", "--min-face", "20", whole.video)

    seen: dict[str, list[tuple[float, float]]] = {}
    for row in cli.rows():
        x, y = (float(row["x1"]) + float(row["x2"])) / 2, (float(row["y1"]) + float(row["y2"])) / 2
        others = seen.setdefault(row["frame"], [])
        assert all(abs(x - u) + abs(y - v) > 20 for u, v in others), row
        others.append((x, y))
    # Nor does any sample lie about that no track names.
    records = cli.records()
    tracks = [record for key, record in records.items() if key.startswith("fs:{default}:track:")]
    named = {sample_id for track in tracks for sample_id in track[b"sample_ids"].decode().split()}
    stored = {key.removeprefix("fs:{default}:sample:") for key in records if ":sample:" in key}
    assert stored == named


def test_two_runs_at_once_find_the_same_people_once(cli: Cli, media: Path) -> None:
    started = [cli.start("run", "--json", media / name) for name in ("duo.mp4", "again.mp4")]

    results = [run.end() for run in started]

    assert [done.code for done in results] == [0, 0], results
    people = cli.people()
    assert len(people) == 2
    for person in people:
        assert {Path(s["source"]).name for s in person["sightings"]} == {"duo.mp4", "again.mp4"}
    for name in ("duo.mp4", "again.mp4"):
        rows = [int(row["frame"]) for row in cli.rows() if row["source"].endswith(name)]
        assert rows == scenes.sampled_frames()
    cli.wait_for_the_server_to_go()
    assert cli.server_processes() == []


def test_the_same_file_in_two_runs_at_once_counts_once(
    make_cli: Callable[[], Cli], cli: Cli, media: Path
) -> None:
    alone = make_cli()
    frames = alone("run", "--json", media / "duo.mp4").json()["frames"]

    started = [cli.start("run", "--json", media / "duo.mp4") for _ in range(2)]
    results = [run.end() for run in started]

    assert [done.code for done in results] == [0, 0], results
    # One of them did the work, and the other waited for it.
    assert sorted(done.json()["frames"] for done in results) == [0, frames]
    assert found(cli) == found(alone)
    assert together(cli) == together(alone)
    assert len(cli.people()) == 2


@pytest.mark.parametrize("commands", [("run", "run"), ("run", "backfill")])
def test_two_that_are_given_one_folder_share_its_videos(
    cli: Cli, media: Path, tmp_path: Path, commands: tuple[str, str]
) -> None:
    for name in ("duo.mp4", "again.mp4"):
        (tmp_path / name).symlink_to(media / name)

    started = [cli.start(command, "--json", tmp_path) for command in commands]
    results = [one.end() for one in started]

    assert [done.code for done in results] == [0, 0], results
    # Each of them ends when all is done, whoever did it.
    assert [len(done.json()["sources"]) for done in results] == [2, 2]
    assert sum(done.json()["frames"] for done in results) == 2 * len(scenes.sampled_frames())
    assert len(cli.people()) == 2
    assert not [key for key in cli.records() if ":looking" in key]


@pytest.mark.parametrize("commands", [("run", "run"), ("run", "backfill")])
def test_two_that_are_given_one_folder_share_its_photos(
    cli: Cli, media: Path, commands: tuple[str, str]
) -> None:
    started = [cli.start(command, "--json", media / "photos") for command in commands]
    results = [one.end() for one in started]

    assert [done.code for done in results] == [0, 0], results
    photos = [source for source in cli("sources", "--json").json() if source["kind"] == "photo"]
    assert sum(done.json()["frames"] for done in results) == len(photos) > 1
    assert not [key for key in cli.records() if ":looking" in key]


def test_a_file_of_a_run_that_was_killed_is_waited_for_by_nobody(cli: Cli, whole: Whole) -> None:
    started = cli.start("run", "--json", whole.video)
    started.wait_for("first person found")
    started.kill()

    assert "another process" not in cli("run", whole.video).stderr


def at_a_terminal() -> None:
    """Make standard input the terminal of this process, which ends with it even where tests run by nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_the_end_of_the_terminal_is_an_orderly_one(cli: Cli, long_video: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    page = tmp_path / "report.html"
    process = subprocess.Popen(
        [sys.executable, "-m", "facestream", "run", str(long_video), "--report", str(page)],
        env=cli.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=at_a_terminal,
    )
    os.close(theirs)
    said = b""
    # The line is drawn before anybody is in it.
    while not re.search(rb"[1-9]\d* (person|people)", said):
        said += os.read(ours, 65536)
    # As when a window is closed, or a line breaks down.
    os.close(ours)

    assert process.wait(PATIENCE_S) == EXIT_INTERRUPTED
    # What was found by then is stored and shown.
    assert cli.people()
    assert page.exists()
