"""`facestream backfill`: the people of a plain run, over several processes."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from command_runs import Cli, wait_until
from scenes import repeat

from facestream.configuration.settings import Place
from facestream.wiring import keys_of, open_handle

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, media: Path, long_video: Path) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    shutil.copy(long_video, folder)
    shutil.copy(media / "again.mp4", folder)
    shutil.copytree(media / "photos", folder / "photos")
    (folder / "bad.mp4").write_text("no video")
    return folder


def partition(cli: Cli) -> set[frozenset[tuple[str, str, int, int]]]:
    """People as the faces that they have: file, frame, rough place."""
    people: dict[str, set[tuple[str, str, int, int]]] = defaultdict(set)
    for row in cli.rows():
        place = (round(float(row["x1"]) / 80), round(float(row["y1"]) / 80))
        people[row["identity"]].add((Path(row["source"]).name, row["frame"], *place))
    return {frozenset(faces) for faces in people.values()}


def test_it_finds_the_people_of_a_plain_run_and_goes_on(cli: Cli, archive: Path, tmp_path: Path) -> None:
    errors = tmp_path / "failed.csv"
    words = ["--segment", "4s", "--processes", "2", "--errors", errors, "--json"]
    done = cli("backfill", archive, *words, code=1)
    report = done.json()
    assert (report["files"], len(report["sources"]), report["already_done"]) == (5, 4, 0)
    assert [Path(failed["source"]).name for failed in report["failed"]] == ["bad.mp4"]
    assert "over 2 processes" in done.stderr
    rows = list(csv.reader(errors.read_text().splitlines()))
    assert [rows[0], rows[1][0]] == [["path", "error"], str(archive / "bad.mp4")]
    plain = cli.over(tmp_path / "plain")
    plain("run", archive, code=1)
    ours, theirs = partition(cli), partition(plain)
    # A face may be lost where it is seen but for a moment before a border.
    assert len(ours) == len(theirs)
    alike = sum(max(len(mine & other) for other in theirs) for mine in ours)
    assert alike >= 0.9 * sum(map(len, theirs))
    joins = sum(
        bool(value)
        for key, fields in cli.records().items()
        if ":track:" in key
        for name, value in fields.items()
        if name == b"continues"
    )
    assert joins >= 1
    before = cli.records()
    again = cli("backfill", archive, "--segment", "4s", "--processes", "1", "--json", code=1).json()
    assert (again["already_done"], again["frames"]) == (4, 0)
    assert partition(cli) == ours
    assert {key for key in before if ":track:" in key} == {key for key in cli.records() if ":track:" in key}


def words_of(process: psutil.Process) -> str:
    """Its command line; empty for one that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_a_process_that_is_killed_costs_nothing(cli: Cli, archive: Path, tmp_path: Path) -> None:
    long = repeat(archive / "long.mp4", tmp_path / "longer.mp4", 2)
    started = cli.start("backfill", long, "--segment", "6s", "--processes", "2", "--json")

    def children() -> list[psutil.Process]:
        found = psutil.Process(started.process.pid).children(recursive=True)
        return [p for p in found if "facestream.backfill.backfill_process" in words_of(p)]

    place = Place(cli.data_dir)
    with open_handle(place) as handle:
        looking = keys_of(place).looking
        wait_until(lambda: handle.client.hlen(looking) == 2, "both processes at work")
        os.kill(children()[0].pid, signal.SIGKILL)
    done = started.end()
    assert done.code == 0, done
    assert done.json()["failed"] == []
    rows = cli.rows()
    assert all(row["identity"] != "" for row in rows)
    # Somebody is seen in each of the four parts.
    assert {int(float(row["time_s"]) // 6) for row in rows} >= {0, 1, 2, 3}
    assert len(cli.people()) == 4


def test_it_is_stopped_and_goes_on(cli: Cli, archive: Path) -> None:
    started = cli.start("backfill", archive / "long.mp4", "--segment", "4s", "--processes", "1")
    started.wait_for("over 1 process")
    assert started.interrupt().code == 130
    done = cli("backfill", archive / "long.mp4", "--segment", "4s", "--processes", "1", "--json").json()
    assert done["interrupted"] is False
    assert len(cli.people()) == 4
