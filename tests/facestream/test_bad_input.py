"""facestream run: files that can't be read are named with what to do, and cost the others nothing."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import broken_files
import pytest
import scenes
from command_runs import Cli, Done, Started

pytestmark = pytest.mark.e2e

# Sides of a square that is a little larger than allowed: nothing costs more here than such pictures.
HUGE_PX = 5888


@dataclass(frozen=True)
class Mixed:
    """A run over a folder in which hardly anything is as it should be."""

    folder: Path
    cli: Cli
    done: Done
    result: dict[str, Any]
    rows: list[dict[str, str]]

    def said_of(self, name: str) -> str:
        """The lines that name a file, without those of the result."""
        return "\n".join(line for line in self.done.stderr.splitlines() if name in line)

    def failed(self) -> dict[str, str]:
        return {Path(item["source"]).name: item["error"] for item in self.result["failed"]}

    def damaged(self) -> dict[str, str]:
        return {Path(item["source"]).name: item["warning"] for item in self.result["damaged"]}

    def frames_of(self, name: str) -> list[int]:
        return [int(row["frame"]) for row in self.rows if Path(row["source"]).name == name]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], media: Path) -> Mixed:
    folder = tmp_path_factory.mktemp("mixed")
    whole = broken_files.index_first(media / "duo.mp4", tmp_path_factory.mktemp("whole") / "whole.mp4")
    (folder / "empty.mp4").touch()
    broken_files.noise(folder / "noise.mp4")
    broken_files.noise(folder / "noise.jpg")
    broken_files.web_page(folder / "page.mp4")
    broken_files.web_page(folder / "page.jpg")
    broken_files.first_half(whole, folder / "half.mp4")
    broken_files.first_half(media / "duo.mp4", folder / "no index.mp4")
    broken_files.flipped(whole, folder / "flipped.mp4")
    broken_files.sound(folder / "song.mp4", "aac")
    broken_files.sound(folder / "song.avi", "pcm_s16le")
    broken_files.without_frames(folder / "no frames.mp4")
    broken_files.video_of_size(folder / "tiny.mp4", 1, frames=5)
    broken_files.video_of_size(folder / "huge.mp4", HUGE_PX)
    broken_files.playlist(folder / "list.ts", whole)
    broken_files.concatenation(folder / "list.mp4", whole)
    broken_files.first_half(media / "photos" / "astronaut.jpg", folder / "half.jpg")
    shutil.copy(media / "photos" / "group.jpg", folder / "zoo.jpg")
    # Not looked at in a folder, for their endings.
    named = tmp_path_factory.mktemp("named")
    broken_files.playlist(named / "list.m3u8", whole)
    broken_files.concatenation(named / "list.ffconcat", whole)
    cli = Cli(tmp_path_factory.mktemp("fs") / "data", environment)
    done = cli("run", "--json", folder, named / "list.m3u8", named / "list.ffconcat", code=1)
    return Mixed(folder, cli, done, done.json(), cli.rows())


# In a folder with all kinds of trouble.


def test_what_can_be_read_among_bad_files_is_done(mixed: Mixed) -> None:
    people = [p for p in mixed.result["people"] if any("zoo.jpg" in s["source"] for s in p["sightings"])]
    assert len(people) == 6
    assert len(mixed.frames_of("zoo.jpg")) == 6
    assert {person["id"] for person in mixed.cli.people()} == {p["id"] for p in mixed.result["people"]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.mp4", "is empty (0 bytes); was its recording or download interrupted?"),
        ("noise.mp4", "is not a video, or its beginning is damaged; check that it plays"),
        ("noise.jpg", "is not a photo in a format that is read (JPEG, PNG,"),
        ("page.mp4", "is not a video but a web page; a failed download leaves one"),
        ("page.jpg", "is not a photo but a web page; a failed download leaves one"),
        (
            "no index.mp4",
            "is an MP4 or MOV file without a usable index, as an interrupted recording or download leaves it",
        ),
        ("song.mp4", "holds no moving pictures, only sound; name a video file"),
        ("song.avi", "holds no moving pictures, only sound; name a video file"),
        ("no frames.mp4", "is a video without a single frame; was its recording interrupted?"),
        (
            "huge.mp4",
            "has frames of 5888x5888 = 34,668,544 pixels, allowed are 33,177,600; scale it down, or",
        ),
        (
            "list.ts",
            "is not a video but a playlist, which names other files; for safety none of them is opened",
        ),
        (
            "list.mp4",
            "is not a video but a playlist, which names other files; for safety none of them is opened",
        ),
        ("list.m3u8", "is not a video but a playlist, which names other files; for safety"),
        ("list.ffconcat", "is not a video but a playlist, which names other files; for safety"),
        ("half.jpg", "is a damaged or cut-off photo"),
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_the_reason(mixed: Mixed, name: str, reason: str) -> None:
    assert f"{name}' {reason}" in mixed.failed()[name]
    assert f"{name}' {reason}" in mixed.said_of(name)
    assert mixed.frames_of(name) == []


def test_nothing_else_is_taken_for_bad(mixed: Mixed) -> None:
    assert len(mixed.failed()) == 15
    assert mixed.damaged().keys() == {"half.mp4", "flipped.mp4"}


def test_names_of_bad_files_are_repeated_at_the_end(cli: Cli, tmp_path: Path, media: Path) -> None:
    broken_files.noise(tmp_path / "noise.mp4")
    shutil.copy(media / "photos" / "astronaut.jpg", tmp_path / "good.jpg")

    done = cli("run", "--quiet", tmp_path, code=1)

    assert done.stdout.startswith("person ")
    assert done.stderr.splitlines()[-1] == f"Not read, see above: {tmp_path / 'noise.mp4'}"
    assert len(done.stderr.splitlines()) == 2


def test_half_a_video_counts_as_far_as_it_goes_with_a_warning(mixed: Mixed) -> None:
    frames = mixed.frames_of("half.mp4")
    assert 3 <= len(frames) < len(scenes.sampled_frames())
    assert frames == scenes.sampled_frames()[: len(frames)]
    said = mixed.said_of("half.mp4: the pictures end at ")
    assert "s of 3.2 s: the file is cut off or damaged; what could be read counts" in said
    # Once, and without its name a second time.
    assert said.count("half.mp4") == 1


def test_flipped_bits_in_the_middle_cost_only_what_they_hit(mixed: Mixed) -> None:
    frames = mixed.frames_of("flipped.mp4")
    assert frames[:4] == scenes.sampled_frames()[:4]
    assert "damaged, and faces around there may be wrong" in mixed.damaged()["flipped.mp4"]
    assert mixed.damaged()["flipped.mp4"] in mixed.said_of("flipped.mp4")


def test_a_video_of_one_pixel_is_done_without_a_word(mixed: Mixed) -> None:
    assert "tiny.mp4" not in mixed.failed() | mixed.damaged()
    assert mixed.frames_of("tiny.mp4") == []
    assert "tiny.mp4: 1x1 h264" in mixed.done.stderr


def test_going_over_the_same_folder_again_adds_nothing(mixed: Mixed) -> None:
    again = mixed.cli("run", "--json", mixed.folder, code=1).json()

    assert mixed.cli.rows() == mixed.rows
    assert {Path(item["source"]).name for item in again["failed"]} == mixed.failed().keys() - {
        "list.m3u8",
        "list.ffconcat",
    }


# One path alone.


@pytest.mark.parametrize("name", ["missing.mp4", "/nowhere/at all.jpg"])
def test_a_missing_path_is_named(cli: Cli, name: str) -> None:
    done = cli("run", name, code=1)

    assert f"Error: '{name}' doesn't exist" in done.stderr
    assert done.stdout == ""
    assert not cli.data_dir.exists()


def test_an_empty_file_alone_is_an_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()

    assert f"Error: '{tmp_path}/empty.mp4' is empty" in cli("run", tmp_path / "empty.mp4", code=1).stderr


def test_a_folder_without_videos_says_shortly_what_is_there(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "list.m3u8").write_text("#EXTM3U")

    said = cli("run", tmp_path, code=1).stderr

    assert f"'{tmp_path}' holds no video or photo, only others (" in said
    assert ".txt" in said
    assert "read if you name the file itself" in said
    assert len(said) < 250 + len(str(tmp_path))


def test_a_folder_with_nothing_in_it_says_so(cli: Cli, tmp_path: Path) -> None:
    assert f"'{tmp_path}' is an empty folder" in cli("run", tmp_path, code=1).stderr


def test_all_of_several_useless_paths_are_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()

    said = cli("run", "missing.mp4", tmp_path / "empty.mp4", code=1).stderr

    assert "'missing.mp4' doesn't exist" in said
    assert "empty.mp4' is empty" in said


def test_a_wrong_path_is_reported_before_what_takes_its_time_is_loaded(cli: Cli) -> None:
    said = cli("run", "missing.mp4", code=1, PYTHONPROFILEIMPORTTIME="1").stderr

    loaded = {
        line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")
    }
    assert "facestream.recorded.sources" in loaded
    assert loaded.isdisjoint({"cv2", "onnxruntime", "av", "numpy"})


def test_a_missing_path_among_good_ones_costs_them_nothing(cli: Cli, media: Path) -> None:
    done = cli("run", "--json", "missing.mp4", media / "photos" / "astronaut.jpg", code=1)

    assert [Path(item["source"]).name for item in done.json()["failed"]] == ["missing.mp4"]
    assert len(done.json()["people"]) == 1


def test_a_video_with_no_faces_is_no_failure(cli: Cli, tmp_path: Path) -> None:
    dark = scenes.video(tmp_path, "dark.mp4", scenes.DARK)

    assert cli("run", dark).stdout == "No people were found.\n"
    assert cli("people").stdout == "No people in collection 'default' yet.\n"
    assert cli("people", "--json").json() == []


def test_what_this_user_may_not_read_is_named_and_costs_the_others_nothing(
    cli: Cli, media: Path, tmp_path: Path
) -> None:
    shutil.copy(media / "photos" / "astronaut.jpg", tmp_path / "good.jpg")
    for name in ("locked.mp4", "inside/locked.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(media / "duo.mp4", tmp_path / name)
    (tmp_path / "locked.mp4").chmod(0)
    (tmp_path / "inside").chmod(0)
    command = [sys.executable, "-m", "facestream", "run", "--json"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything, and there is no setpriv to take that right away")
        rights = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command]
    paths = [str(tmp_path / "locked.mp4"), str(tmp_path)]
    try:
        done = Started([*command, *paths], cli.environment(), tmp_path.with_name("cwd")).end()
        alone = Started([*command, paths[0]], cli.environment(), tmp_path.with_name("cwd")).end()
    finally:
        (tmp_path / "inside").chmod(0o755)

    assert done.code == alone.code == 1
    assert {Path(item["source"]).name for item in done.json()["failed"]} == {"locked.mp4", "inside"}
    assert "inside' may not be read by this user; check its permissions" in done.stderr
    assert len(done.json()["people"]) == 1
    assert alone.stderr.startswith(
        f"Error: '{tmp_path}/locked.mp4' may not be read by this user; check its perm"
    )
    assert "Traceback" not in done.stderr + alone.stderr


def test_a_video_that_breaks_off_keeps_what_came_before(cli: Cli, media: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    scenes.remux(media / "duo.mp4", whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])

    done = cli.start("run", "--json", cut).end()

    assert "cut.mkv" in done.stderr
    assert done.json()["people"]
    frames = [int(row["frame"]) for row in cli.rows()]
    assert frames == scenes.sampled_frames()[: len(frames)]
    assert len(frames) >= 5


# --max-pixels.


def test_larger_pictures_can_be_allowed(cli: Cli, tmp_path: Path) -> None:
    huge = broken_files.video_of_size(tmp_path / "huge.mp4", HUGE_PX)

    # Looking for large faces alone, which is quick.
    done = cli("run", "--max-pixels", HUGE_PX**2, "--min-face", "2000", "--json", huge)

    assert (done.json()["frames"], done.json()["failed"]) == (1, [])


def test_smaller_pictures_can_be_refused(cli: Cli, media: Path) -> None:
    done = cli("run", "--json", "--max-pixels", 640 * 360, media, code=1)

    errors = {Path(item["source"]).name: item["error"] for item in done.json()["failed"]}
    assert errors.keys() == {"astronaut.jpg", "group.jpg"}
    assert "has 512x512 = 262,144 pixels, allowed are 230,400; scale it down, or" in errors["astronaut.jpg"]
    assert "--max-pixels" in errors["astronaut.jpg"]
    assert len(done.json()["people"]) == 2
