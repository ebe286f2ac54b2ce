"""`facestream backfill`: the people of a plain run, over several processes."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from command_runs import Cli, wait_until
from scenes import repeat

from facestream.configuration.settings import Place
from facestream.wiring import keys_of, open_handle
from storage.lease import Lease

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
    assert rows[0] == ["path", "error", "recorded_at"]
    assert [rows[1][0], rows[1][2]] == [str(archive / "bad.mp4"), ""]
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


def test_a_list_of_failed_files_keeps_their_dates_and_names_of_any_bytes(
    cli: Cli, media: Path, tmp_path: Path
) -> None:
    bad = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    bad.write_text("no video")
    failed = tmp_path / "failed.csv"
    (tmp_path / "dates.csv").write_bytes(b"path,recorded_at\ncaf\xe9.mp4,2026-05-01T12:00:00Z\n")
    done = cli("backfill", tmp_path / "dates.csv", "--errors", failed, "--processes", "1", code=1)
    assert "fault of facestream" not in done.stderr
    assert [os.fsencode(line) for line in failed.read_text(errors="surrogateescape").splitlines()][
        1
    ].endswith(b",2026-05-01T12:00:00.000Z")
    shutil.copy(media / "again.mp4", bad)
    report = cli("backfill", failed, "--processes", "1", "--json").json()
    (source,) = cli("sources", "--json").json()
    assert (len(report["sources"]), source["recorded_at"][:10]) == (1, "2026-05-01")


def test_people_of_photos_with_another_date_are_told_of_by_it(cli: Cli, media: Path, tmp_path: Path) -> None:
    shutil.copytree(media / "photos", tmp_path / "photos")
    names = sorted(path.name for path in (tmp_path / "photos").iterdir())
    for year in (2001, 2002):
        table = tmp_path / "photos" / "list.csv"
        table.write_text("path,recorded_at\n" + "".join(f"{name},{year}-05-01\n" for name in names))
        cli("backfill", table, "--processes", "1")
        records = [fields for key, fields in cli.records().items() if ":identity:" in key]
        seen_s = [float(fields[b"first_seen_s"]) for fields in records if b"first_seen_s" in fields]
        assert {time.gmtime(at_s).tm_year for at_s in seen_s} == {year}


def test_what_settings_say_of_samples_and_clustering_holds_as_for_a_run(cli: Cli, media: Path) -> None:
    cli(
        "backfill",
        media / "photos",
        "--processes",
        "1",
        FACESTREAM_SAMPLES="all",
        FACESTREAM_CLUSTERING="dbscan",
    )
    place = Place(cli.data_dir)
    with open_handle(place) as handle:
        assert handle.client.xlen(keys_of(place).faces) > 0
        assert handle.client.hget(keys_of(place).meta, "clustering") == b"dbscan"


def test_a_part_that_was_put_aside_is_not_waited_for(cli: Cli, archive: Path) -> None:
    place = Place(cli.data_dir)
    with open_handle(place) as handle:
        keys = keys_of(place)
        # Nobody takes anything in meanwhile.
        lease = Lease(handle.client, keys.leader, ttl_s=600)
        assert lease.acquire()
        started = cli.start("backfill", archive / "long.mp4", "--segment", "4s", "--processes", "1", "--json")

        def taken_away() -> bool:
            entries = handle.client.xrange(keys.samples)
            ends = [entry_id for entry_id, fields in entries if fields[b"type"] == b"segment"]
            return bool(ends and handle.client.xdel(keys.samples, *ends))

        wait_until(taken_away, "the end of a part")
        lease.release()
        done = started.end()
    assert (done.code, done.json()["interrupted"]) == (1, False)
    (failed,) = done.json()["failed"]
    assert "was not taken in; see `facestream dead`" in failed["error"]
