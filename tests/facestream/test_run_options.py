"""facestream run: what its options do."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import broken_files
import pytest
import scenes
from command_runs import Cli

from storage.connection import open_redis
from storage.datafolder import DataFolder

pytestmark = pytest.mark.e2e


@pytest.fixture
def duo(media: Path) -> Path:
    return media / "duo.mp4"


def source_of(cli: Cli) -> dict[bytes, bytes]:
    (record,) = [value for key, value in cli.records().items() if ":source:" in key and ":tracks" not in key]
    return dict(record)


def frames_of(cli: Cli) -> list[int]:
    return [int(row["frame"]) for row in cli.rows()]


def test_a_part_then_the_whole_looks_at_the_gaps_alone(cli: Cli, duo: Path) -> None:
    part = cli("run", "--json", "--start", "1", "--end", "0:02.4", duo).json()
    assert frames_of(cli) == [frame for frame in scenes.sampled_frames() if 25 <= frame < 60]
    assert part["frames"] == 7

    whole = cli("run", "--json", duo)

    assert "parts of it were processed before; missing are 00:00.0 to " in whole.stderr
    assert whole.json()["frames"] == len(scenes.sampled_frames()) - 7
    # One face a frame in this video: no frame twice, none left out.
    assert frames_of(cli) == scenes.sampled_frames()
    assert len(whole.json()["people"]) == 2
    assert int(source_of(cli)[b"sampled"]) == len(scenes.sampled_frames())
    assert "already processed" in cli("run", duo).stderr


def test_what_is_long_before_the_start_is_not_decoded(cli: Cli, duo: Path, tmp_path: Path) -> None:
    # Three times the same, which begins with a keyframe; what is broken is in the second.
    whole = scenes.repeat(duo, tmp_path / "long.mp4", 3)
    broken = broken_files.flipped(whole, tmp_path / "flipped.mp4")

    late = cli("run", "--json", "--start", "7.6", broken).json()
    early = cli("run", "--json", "--start", "3", "--end", "7.6", broken).json()

    assert (late["frames"], late["damaged"]) == (10, [])
    assert "damaged" in early["damaged"][0]["warning"]


def test_the_rate_of_a_file_that_goes_on_is_kept(cli: Cli, duo: Path) -> None:
    cli("run", "--fps", "2.5", "--end", "1.6", duo)

    done = cli("run", "--fps", "25", "--json", duo)

    assert "Its rate of then, 2.5 frames/s, stays." in done.stderr
    assert frames_of(cli) == list(range(0, 80, 10))
    assert source_of(cli)[b"fps"] == b"2.5"


def test_native_looks_at_every_frame(cli: Cli, duo: Path) -> None:
    result = cli("run", "--fps", "native", "--end", "0.8", "--json", duo).json()

    assert result["frames"] == 20
    assert frames_of(cli) == list(range(20))
    assert source_of(cli)[b"fps"] == b"native"


def test_samples_all_sends_every_face_to_a_stream_that_is_cut(cli: Cli, duo: Path) -> None:
    limit, slack = 100_000, 200
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        # What a long day of cameras would leave.
        script = "for _ = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'old', '1') end"
        handle.client.eval(script, 1, "fs:{default}:faces", str(limit + 2 * slack))
        assert handle.client.xlen("fs:{default}:faces") == limit + 2 * slack

        result = cli("run", "--samples", "all", "--json", duo).json()

        length = handle.client.xlen("fs:{default}:faces")
        latest: list[Any] = handle.client.xrevrange("fs:{default}:faces", count=result["faces"] + 1)
    assert limit <= length <= limit + slack
    *faces, oldest = [fields for _, fields in latest]
    assert b"old" in oldest
    assert {int(face[b"frame"]) for face in faces} == set(scenes.sampled_frames())
    assert {len(face[b"vector"]) for face in faces} == {256}
    assert {face[b"crop_jpeg"] for face in faces} == {b""}


def test_samples_best_leaves_that_stream_out(cli: Cli, media: Path) -> None:
    cli("run", media / "photos" / "astronaut.jpg")
    assert "fs:{default}:faces" not in cli.records()


def test_people_who_are_ignored_are_counted_and_not_shown(cli: Cli, media: Path) -> None:
    cli("run", media / "photos" / "astronaut.jpg")
    cli("people", "ignore", "p1")
    again = cli("run", media / "photos" / "astronaut.jpg")
    assert again.stdout == "No people were found.\n"
    assert "Not shown: 1 person whom you ignore; `facestream people --ignored" in again.stderr


def test_recorded_at_is_for_one_recording(cli: Cli, duo: Path) -> None:
    done = cli("run", "--recorded-at", "2026-05-01", duo, duo.with_name("again.mp4"), code=2)
    assert "there are 2 videos. Run them one by one, or with --dated-names where" in done.stderr
    assert "facestream backfill" in done.stderr


def test_recorded_at_takes_no_photos_dates_away(cli: Cli, duo: Path, media: Path) -> None:
    photos = media / "photos"
    done = cli("run", "--recorded-at", "2026-05-01", duo, *sorted(photos.iterdir())[:2], code=2)
    assert "there are 1 video and 2 photos. Run them one by one" in done.stderr
    one = cli(
        "run", "--recorded-at", "2026-05-01T12:00:00Z", photos / "astronaut.jpg", "--json", TZ="UTC"
    ).json()
    assert one["people"][0]["sightings"][0]["start_at"].startswith("2026-05-01T12:00:00")


def test_a_date_that_is_given_later_reaches_the_people(cli: Cli, duo: Path) -> None:
    cli("run", duo)
    sighting = cli.people()[0]["sightings"][0]
    assert sighting["start_at"] is None
    assert "in the file" not in cli("people", "show", "p1").stdout

    first = cli("run", "--recorded-at", "2026-05-01T12:00:00+00:00", duo, TZ="UTC")
    assert (
        "duo.mp4: its date was changed: it begins at 2026-05-01 12:00:00, and not at an unknown date."
        in first.stderr
    )
    assert "already processed, at 5 frames/s; nothing else was changed" in first.stderr

    # A date alone does not say where in the file to look.
    _, _, columns, shown, *_ = cli("people", "show", "p1", TZ="UTC").stdout.splitlines()
    assert columns.endswith("in the file  source")
    assert shown.split("  ")[0].startswith("2026-05-01 12:00:0")
    assert shown.split()[4] == f"00:{sighting['start_s']:04.1f}"

    identity = cli("redis", "--json", "HGETALL", "fs:{default}:identity:p1").json()
    assert identity["wall_clock"] == "1"
    assert 1777636800 <= float(identity["first_seen_s"]) < 1777636800 + 10

    again = cli("run", "--recorded-at", "2026-05-02T08:00:00+00:00", duo, TZ="UTC")
    assert "it begins at 2026-05-02 08:00:00, and not at 2026-05-01 12:00:00." in again.stderr
    same = cli("run", "--recorded-at", "2026-05-02T08:00:00+00:00", duo, TZ="UTC")
    assert "nothing was added" in same.stderr
    assert "date" not in same.stderr
    # Dates are kept to the millisecond.
    finer = "2026-05-02T08:00:00.123456+00:00"
    assert "its date was changed" in cli("run", "--recorded-at", finer, duo).stderr
    assert "date" not in cli("run", "--recorded-at", finer, duo).stderr


def test_recorded_at_gives_dates_in_local_time(cli: Cli, duo: Path) -> None:
    when, zone = "2026-05-01T18:30:00", "JST-9"

    result = cli("run", "--recorded-at", when, "--json", duo, TZ=zone).json()

    began = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
    sightings = [sighting for person in result["people"] for sighting in person["sightings"]]
    for sighting in sightings:
        for edge in ("start", "end"):
            at = datetime.fromisoformat(sighting[f"{edge}_at"])
            assert (at - began).total_seconds() == pytest.approx(sighting[f"{edge}_s"], abs=1e-3)
    assert "2026-05-01 18:30:00" in cli("people", TZ=zone).stdout
    # A date that was given once is known from then on.
    assert cli("run", "--json", duo).json()["people"] == result["people"]


def test_dates_are_taken_from_names_where_that_is_asked_for(cli: Cli, duo: Path, tmp_path: Path) -> None:
    # One is its content, so that names alone don't make two.
    night, undated = tmp_path / "hall_20260501_220000.mp4", tmp_path / "holiday.mp4"
    shutil.copy(duo, night)
    shutil.copy(duo.with_name("again.mp4"), undated)
    done = cli("run", "--dated-names", tmp_path, TZ="JST-9")
    assert "holiday.mp4: there is no date with a time in its name: it keeps its own" in done.stderr
    dates = {Path(row["path"]).name: row["recorded_at"] for row in cli("sources", "--json").json()}
    assert datetime.fromisoformat(dates[night.name]) == datetime(2026, 5, 1, 13, tzinfo=UTC)
    assert dates[undated.name] is None
    refused = cli("run", "--dated-names", "--recorded-at", "2026-05-01", night, code=2)
    assert "Leave one of the two out" in refused.stderr


def test_archives_take_dates_from_names_as_well(cli: Cli, duo: Path, tmp_path: Path) -> None:
    shutil.copy(duo, tmp_path / "2026-05-01 22.00.00.mp4")
    cli("backfill", "--dated-names", "--processes", "1", tmp_path, TZ="UTC")
    (source,) = cli("sources", "--json").json()
    assert datetime.fromisoformat(source["recorded_at"]) == datetime(2026, 5, 1, 22, tzinfo=UTC)


def test_smaller_faces_than_min_face_are_not_looked_for(cli: Cli, duo: Path) -> None:
    # The astronaut's face has up to 170 px.
    done = cli("run", "--min-face", "300", "--end", "1.4", duo)

    assert done.stdout == "No people were found.\n"
    assert cli("export").stdout.count("\n") == 1


def test_quiet_says_nothing_but_the_result(cli: Cli, media: Path) -> None:
    done = cli("run", "-q", media / "photos" / "astronaut.jpg")

    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


def test_quiet_says_nothing_of_what_was_done_before(cli: Cli, duo: Path) -> None:
    for command in ("run", "run", "backfill"):
        assert cli(command, "-q", duo).stderr == ""


def test_verbose_tells_what_was_passed_over(cli: Cli, media: Path, tmp_path: Path) -> None:
    (tmp_path / "her.jpg").symlink_to(media / "photos" / "astronaut.jpg")
    (tmp_path / "notes.txt").write_text("no picture")

    assert "notes.txt" in cli("run", "-v", tmp_path).stderr
    assert "notes.txt" not in cli("run", tmp_path).stderr
