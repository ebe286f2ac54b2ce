"""facestream calibrate: real faces of known people, varied, and a clip of which the truth is known."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import albums
import numpy as np
import pytest
import scenes
from albums import PEOPLE, VIEWS
from command_runs import Cli
from PIL import Image

import facestream
from facestream.demo_video import GROUP, known_faces
from facestream.errors import LabelError, UsageError
from stream import heif
from workers.models.calibration import Calibration
from workers.models.manifest import read_manifest
from workers.models.measurement import SIZES_PX
from workers.models.pack import find_pack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return albums.album(tmp_path_factory.mktemp("album"))


@pytest.fixture(scope="module")
def results(
    album: Path, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> tuple[dict[str, Any], Path]:
    """The JSON, and the folder with alike.png and calibration.npz."""
    folder = tmp_path_factory.mktemp("results")
    cli = Cli(folder / "data", environment)
    plot, output = folder / "alike.png", folder / "calibration.npz"
    return cli("calibrate", "--json", album, "--plot", plot, "-o", output).json(), folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of all seven with its truth beside it."""
    path = scenes.video(tmp_path_factory.mktemp("clips"), "seven.mp4", scenes.SEVEN)
    with path.with_suffix(".truth.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", "x1", "y1", "x2", "y2", "label"])
        rows.writerows([face.frame, *face.box_xyxy, face.name] for face in known_faces(scenes.SEVEN))
    return path


# Photos ---------------------------------------------------------------------------------------------------


def test_all_photos_are_compared_with_all(results: tuple[dict[str, Any], Path]) -> None:
    found, _ = results
    assert (found["kind"], found["items"], found["people"]) == ("photos", PEOPLE * VIEWS, PEOPLE)
    result = found["results"]["all"]
    assert result["genuine"]["pairs"] == PEOPLE * VIEWS * (VIEWS - 1) // 2
    assert result["impostor"]["pairs"] == PEOPLE * (PEOPLE - 1) // 2 * VIEWS**2
    assert result["genuine"]["mean"] > result["impostor"]["mean"] + 0.05
    assert result["d_prime"] > 2
    assert found["unreadable"] == found["faceless"] == found["doubled"] == []


def test_thresholds_are_given_as_far_as_the_pairs_go(results: tuple[dict[str, Any], Path]) -> None:
    found, _ = results
    one, *others = found["results"]["all"]["points"]
    # One pair of 189 may be accepted.
    assert (one["far"], one["allowed"], one["accepted"], one["sure"]) == (0.01, 1, 1, False)
    assert one["distance"] == pytest.approx(1 - one["threshold"])
    assert one["threshold"] >= found["results"]["all"]["impostor"]["most"]
    assert one["tar"] > 0.6
    assert [(point["threshold"], point["tar"], point["accepted"]) for point in others] == [(None,) * 3] * 2
    assert found["thresholds_toml"] is None


def test_the_closest_strangers_are_named_with_their_photos(results: tuple[dict[str, Any], Path]) -> None:
    pairs = results[0]["results"]["all"]["closest_strangers"]
    assert pairs[0]["similarity"] == results[0]["results"]["all"]["impostor"]["most"]
    for pair in pairs:
        assert pair["names"][0] != pair["names"][1]
        assert [Path(file).parent.name for file in pair["files"]] == pair["names"]
    assert len({frozenset(pair["names"]) for pair in pairs}) == len(pairs)


def test_the_calibration_of_all_sizes_can_be_used_by_a_pack(results: tuple[dict[str, Any], Path]) -> None:
    found, folder = results
    calibration = Calibration.load(folder / "calibration.npz")
    # A third of the faces have 50 to 60 px: of 100 px there are too few pairs without them.
    assert calibration.sizes_px.tolist() == list(SIZES_PX[:-1])
    assert calibration.mean.shape == (len(SIZES_PX) - 1, 128)
    # Blur is likeness.
    assert calibration.impostor[0, 0] > calibration.impostor[-1, -1]
    assert [row["size_px"] for row in found["by_size"]] == list(SIZES_PX[:-1])
    assert found["sizes_left_out"] == [{"size_px": 100, "faces": 12}]
    assert found["by_size"][-1]["genuine"] == pytest.approx(float(calibration.genuine[-1, -1]), abs=1e-5)


def test_faces_too_small_for_the_largest_size_change_nothing_of_what_a_size_means(
    cli: Cli, album: Path, results: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    larger = tmp_path / "album"
    shutil.copytree(album, larger)
    # They come last, so that the others are made smaller at the same places as without them.
    for number, path in enumerate(sorted(album.rglob("0.jpg"))[:4]):
        folder = larger / f"zoe {number // 2}"
        folder.mkdir(exist_ok=True)
        with Image.open(path) as photo:
            photo.resize((photo.width * 2 // 5, photo.height * 2 // 5)).save(folder / f"{number}.png")

    found = cli("calibrate", "-q", "--json", larger, "-o", tmp_path / "calibration.npz").json()

    assert (found["items"], found["too_small"] - results[0]["too_small"]) == (PEOPLE * VIEWS + 4, 4)
    assert found["by_size"] == results[0]["by_size"]


def test_the_plot_is_a_picture_with_the_closest_faces(results: tuple[dict[str, Any], Path]) -> None:
    with Image.open(results[1] / "alike.png") as image:
        assert image.width > image.height > 800
        lower = np.asarray(image.convert("RGB").crop((0, image.height * 3 // 4, image.width, image.height)))
    # Faces are colourful; axes and text are not.
    spread = np.ptp(lower.astype(int), axis=2)
    assert (spread > 40).mean() > 0.05


def test_what_is_left_out_is_named(cli: Cli, album: Path, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    names = [*GROUP.faces][:2]
    for name in names:
        shutil.copytree(album / name, folder / name)
    shutil.copy(album / names[0] / "0.jpg", folder / names[0] / "copy.jpg")
    (folder / names[0] / "broken.jpg").write_bytes(b"no photo")
    Image.new("RGB", (200, 200), "grey").save(folder / names[1] / "wall.png")

    done = cli("calibrate", folder, "--plot", tmp_path / "alike.svg")

    assert "6 photos of 2 people; models open." in done.stdout
    assert "1 photo: the same picture as another, left out" in done.stderr
    assert f"{folder / names[0] / 'copy.jpg'} = {folder / names[0] / '0.jpg'}" in done.stderr
    assert "1 photo: can't be read" in done.stderr
    assert "broken.jpg" in done.stderr
    assert "1 photo: no face found" in done.stderr
    assert "wall.png" in done.stderr
    assert "too few pairs" in done.stdout
    assert "How close did a stranger get?" in done.stdout
    assert "[thresholds]" not in done.stdout
    assert (tmp_path / "alike.svg").read_text().rstrip().endswith("</svg>")


def test_only_people_of_a_list_are_measured(cli: Cli, album: Path, tmp_path: Path) -> None:
    halves = tmp_path / "halves.csv"
    chosen = [*GROUP.faces][:2]
    rows = [f'"{name}",{"calibrate" if name in chosen else "report"}' for name in GROUP.faces]
    halves.write_text("\n".join(["name,half", *rows]))

    found = cli("calibrate", "-q", "--json", album, "--only", halves, "--half", "calibrate").json()

    assert found["people"] == 2
    assert {name for pair in found["results"]["all"]["closest_strangers"] for name in pair["names"]} == set(
        chosen
    )


# Clips ----------------------------------------------------------------------------------------------------


def test_tracks_of_a_clip_are_named_and_compared(cli: Cli, clip: Path, tmp_path: Path) -> None:
    found = cli("calibrate", "--json", clip, "--plot", tmp_path / "alike.pdf", TMPDIR=str(tmp_path)).json()

    assert (found["kind"], found["people"]) == ("clips", PEOPLE)
    # All six of the group are in one shot.
    assert found["rise"]["pairs_together"][0] >= 15
    assert found["rise"]["video_rise"] == max(found["rise"]["together"][0], 0)
    assert found["rise"]["across"] is None
    # Of one clip, all pairs are within it.
    assert set(found["results"]) == {"all"}
    assert found["results"]["all"]["genuine"]["mean"] > found["results"]["all"]["impostor"]["mean"]
    for pair in found["results"]["all"]["closest_strangers"]:
        assert pair["names"][0] != pair["names"][1]
        assert [Path(file).name for file in pair["files"]] == [clip.name] * 2
    # The temporary data folder is gone.
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("facestream-")] == []
    assert (tmp_path / "alike.pdf").read_bytes().startswith(b"%PDF")


def test_ctrl_c_ends_it_and_leaves_nothing(cli: Cli, clip: Path, tmp_path: Path) -> None:
    started = cli.start("calibrate", clip, TMPDIR=str(tmp_path))
    started.wait_for(clip.name)

    done = started.interrupt()

    assert done.code == 130
    assert "Interrupted." in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


# What can't be measured -----------------------------------------------------------------------------------


def people(folder: Path, **photos: int) -> Path:
    """A folder with so many photos of each; they are never looked at."""
    for name, count in photos.items():
        (folder / name).mkdir(parents=True)
        for k in range(count):
            (folder / name / f"{k}.jpg").write_bytes(b"photo")
    return folder


def test_one_person_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="all photos are of 'anna'; at least two people are needed"):
        facestream.calibrate(people(tmp_path, anna=3))


def test_nobody_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="3 people, and of nobody two photos"):
        facestream.calibrate(people(tmp_path, anna=1, bert=1, cleo=1))


def test_sizes_need_several_photos_of_two(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="all photos of people with several are of 'anna'"):
        facestream.calibrate(people(tmp_path, anna=2, bert=1), by_size=True)


def test_people_who_are_not_there_are_refused(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("name\ndora\n")
    with pytest.raises(LabelError, match="no photos of those people"):
        facestream.calibrate(people(tmp_path / "photos", anna=2, bert=2), only=listed)


def test_a_half_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--only FILE"):
        facestream.calibrate(people(tmp_path, anna=2, bert=2), half="calibrate")


def test_single_photos_are_refused(tmp_path: Path) -> None:
    photo = tmp_path / "anna_1.jpg"
    Image.new("RGB", (9, 9)).save(photo)
    with pytest.raises(UsageError, match="one folder of labelled photos is needed"):
        facestream.calibrate(photo)


def test_photos_and_clips_together_are_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"both photos, such as .* and clips, such as .*{clip.name}"):
        facestream.calibrate(people(tmp_path, anna=2, bert=2), clip)


def test_photos_of_phones_beside_their_clips_are_refused_as_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(heif, "is_readable", lambda: False)
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(12))
    (tmp_path / "IMG_1.MOV").write_bytes(b"\0\0\0\x18ftypqt  " + bytes(12))
    with pytest.raises(UsageError, match=r"both photos, such as .*IMG_1\.HEIC.*, and clips, such as .*MOV"):
        facestream.calibrate(tmp_path)


def test_a_clip_of_which_nobody_says_who_is_in_it_is_refused(clip: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copy(clip, tmp_path / "bare.mp4"))
    with pytest.raises(LabelError, match=r"bare\.mp4: nobody says who is in it\. Put bare\.csv beside it"):
        facestream.calibrate(bare)
    bare.with_suffix(".csv").write_text("frame,label\n0,anna\n")
    with pytest.raises(LabelError, match=r"bare\.csv: the columns frame, x1, y1, x2 and y2 are needed"):
        facestream.calibrate(bare)


def test_what_is_for_photos_is_refused_for_clips(clip: Path) -> None:
    with pytest.raises(UsageError, match="are for photos, not for clips"):
        facestream.calibrate(clip, by_size=True)


def test_copies_of_one_photo_are_no_pairs(cli: Cli, album: Path, tmp_path: Path) -> None:
    for name in [*GROUP.faces][:2]:
        (tmp_path / name).mkdir()
        for k in range(2):
            shutil.copy(album / name / "0.jpg", tmp_path / name / f"{k}.jpg")
    done = cli("calibrate", tmp_path, code=1)
    assert "of nobody two faces, 2 photos left out" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--plot", "alike.bmp"], 2, "alike.bmp: a plot is written as .png, .svg, .pdf"),
        (["--plot", "nowhere/alike.png"], 1, "nowhere/alike.png: can't be written"),
        (["-o", "nowhere/c.npz"], 1, "nowhere/c.npz: can't be written"),
        (["--half", "calibrate"], 2, "--only FILE"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(
    cli: Cli, album: Path, arguments: list[str], code: int, said: str
) -> None:
    done = cli("calibrate", album, *arguments, code=code)
    assert said in done.stderr
    assert done.stdout == ""


# The default pack -----------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_thresholds_of_the_default_pack_come_from_here(cli: Cli, tmp_path: Path) -> None:
    data = os.environ.get("FACESTREAM_TEST_DATA")
    if not data:
        pytest.skip("FACESTREAM_TEST_DATA is not set")
    with (Path(data) / "lfw_halves.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == "calibrate" and row["photos"] == "2"]
    for row in rows[:40]:
        (tmp_path / row["name"]).symlink_to(Path(data) / "lfw" / row["name"])

    found = cli("calibrate", "-q", "--json", tmp_path).json()

    thresholds = read_manifest(find_pack("open")).thresholds
    assert thresholds is not None
    assert (found["items"], found["people"]) == (80, 40)
    one, two, _ = found["results"]["all"]["points"]
    # A thirteenth of the photos: the percent is known well, the thousandth by three pairs.
    assert one["threshold"] == pytest.approx(thresholds.far_1e2, abs=0.01)
    assert two["threshold"] == pytest.approx(thresholds.far_1e3, abs=0.02)
    assert one["tar"] > 0.9
