"""Photos of two folders or tables beside each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from facestream.errors import LabelError
from facestream.quality.evaluation import evaluate, found_table, truth_table
from facestream.quality.photo_rows import photo_rows

PEOPLE = {"Ann": ("1", "2"), "Bo": ("1", "2"), "Cy": ("z1", "z2")}


def photo(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8)
    cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Two photos each of three people; of two they have the same names."""
    names = [f"{who}/{name}.png" for who, photos in PEOPLE.items() for name in photos]
    for seed, name in enumerate(names):
        photo(tmp_path / "truth" / name, seed)
    return tmp_path / "truth"


@pytest.fixture
def found(truth: Path, tmp_path: Path) -> Path:
    """The same photos, each person in a folder of another name."""
    for number, who in enumerate(PEOPLE):
        shutil.copytree(truth / who, tmp_path / "found" / f"c{number}")
    return tmp_path / "found"


def table(path: Path, columns: str, *rows: str) -> Path:
    path.write_text("\n".join((columns, *rows)) + "\n")
    return path


# Two folders ----------------------------------------------------------------------------------------------


def test_photos_of_two_folders_are_the_same_where_they_hold_the_same(truth: Path, found: Path) -> None:
    result = evaluate(truth, found)
    assert (result.agreement.items, result.assigned, result.elsewhere) == (6, 6, 0)
    assert result.agreement.bcubed.f() == 1


def test_photos_that_were_renamed_are_found_by_what_they_hold(truth: Path, found: Path) -> None:
    for number, path in enumerate(sorted(found.rglob("*.png"))):
        path.rename(path.with_name(f"renamed {number}.png"))
    photo(found / "c9" / "other.png", 99)
    result = evaluate(truth, found)
    assert (result.assigned, result.elsewhere, result.agreement.bcubed.f()) == (6, 1, 1)


def test_photos_that_were_saved_again_are_found_by_their_names(tmp_path: Path) -> None:
    for number, name in enumerate(("Ann/a1.png", "Ann/a2.png", "Bo/b1.png")):
        photo(tmp_path / "truth" / name, number)
    # One holds the same as before.
    shutil.copytree(tmp_path / "truth" / "Bo", tmp_path / "found" / "c2")
    for number in (1, 2):
        photo(tmp_path / "found" / "c1" / f"a{number}.png", 10 + number)
    result = evaluate(tmp_path / "truth", tmp_path / "found")
    assert (result.assigned, result.elsewhere, result.agreement.bcubed.f()) == (3, 0, 1)


def test_one_of_them_that_was_saved_again_is_found_by_its_name(truth: Path, found: Path) -> None:
    photo(found / "c2" / "z2.png", 77)
    result = evaluate(truth, found)
    assert (result.assigned, result.elsewhere, result.agreement.bcubed.f()) == (6, 0, 1.0)
    # And one that has another name now by what it holds.
    (found / "c2" / "z1.png").rename(found / "c2" / "other.png")
    assert evaluate(truth, found).agreement.bcubed.f() == 1.0


def test_where_paths_are_the_same_a_name_alone_is_of_another_file(tmp_path: Path) -> None:
    true = table(
        tmp_path / "truth.csv",
        "source,label",
        *("/t/Ann/1.jpg,Ann", "/t/Ann/2.jpg,Ann", "/t/Bo/3.jpg,Bo", "/t/Bo/9.jpg,Bo"),
    )
    seen = table(
        tmp_path / "found.csv",
        "source,identity",
        *("/t/Ann/1.jpg,p1", "/t/Ann/2.jpg,p1", "/t/Bo/3.jpg,p2", "/other/9.jpg,p7"),
    )
    result = evaluate(true, seen)
    assert (result.assigned, result.elsewhere) == (3, 1)


def test_a_copy_that_is_not_to_be_judged_may_have_that_label(truth: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(truth / "Ann" / "1.png", tmp_path / "copy.png"))
    true = table(
        tmp_path / "truth.csv",
        "source,label",
        *(f"{truth}/Ann/1.png,Ann", f"{copy},ignore", f"{truth}/Bo/1.png,Bo"),
    )
    seen = table(tmp_path / "found.csv", "source,identity", f"{truth}/Ann/1.png,p1", f"{truth}/Bo/1.png,p2")
    assert evaluate(true, seen).agreement.bcubed.f() == 1.0


def test_photos_that_were_saved_again_are_found_by_their_paths(truth: Path, tmp_path: Path) -> None:
    # Two people have photos of the same names, so that names alone would not tell.
    for number, path in enumerate(sorted(truth.rglob("*.png"))):
        photo(tmp_path / "found" / path.relative_to(truth), 20 + number)
    result = evaluate(truth, tmp_path / "found")
    assert (result.assigned, result.elsewhere, result.agreement.bcubed.f()) == (6, 0, 1.0)


def test_different_photos_of_one_name_are_not_called_one_photo(tmp_path: Path) -> None:
    for number, name in enumerate(("truth/Ann/1.png", "truth/Bo/2.png", "found/c0/1.png", "found/c1/1.png")):
        photo(tmp_path / name, number)
    words = r"nothing tells which .* '1\.png' is: it may be .*c0/1\.png' and .*c1/1\.png' of .*found\. Give"
    with pytest.raises(LabelError, match=words):
        evaluate(tmp_path / "truth", tmp_path / "found")


def test_names_that_several_have_are_told_where_nothing_else_tells(truth: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("c0/1.png", "c1/2.png", "c2/z1.png")):
        photo(tmp_path / "found" / name, 10 + number)
    words = (
        r"nothing tells which .* '1\.png' is: .*Ann/1\.png' and .*Bo/1\.png' of .* \(2 such names\)\. Give"
    )
    with pytest.raises(LabelError, match=words):
        evaluate(truth, tmp_path / "found")


def test_a_photo_in_folders_of_two_people_is_told(truth: Path, found: Path) -> None:
    shutil.copy(found / "c0" / "1.png", found / "c1" / "group.png")
    words = r"c0/1\.png' and '.*c1/group\.png' are one photo, .* Keep one of them, or give the table"
    with pytest.raises(LabelError, match=words):
        evaluate(truth, found)


def test_a_photo_twice_in_the_folder_of_one_person_counts_once(truth: Path, found: Path) -> None:
    shutil.copy(found / "c0" / "1.png", found / "c0" / "again.png")
    assert evaluate(truth, found).agreement.bcubed.f() == 1


# Copies ---------------------------------------------------------------------------------------------------


def test_a_copy_goes_by_what_became_of_the_other(truth: Path, tmp_path: Path) -> None:
    shutil.copy(truth / "Ann" / "1.png", truth / "Ann" / "copy.png")
    rows = [f"{path},{path.parent.name}" for path in truth.rglob("*.png") if path.name != "1.png"]
    result = evaluate(truth, table(tmp_path / "found.csv", "source,identity", *rows))
    # Bo/1 was not found, and Ann/1 is there as its copy.
    assert (result.agreement.items, result.assigned, result.elsewhere) == (7, 6, 0)


def test_a_copy_that_is_found_itself_goes_by_itself(truth: Path, tmp_path: Path) -> None:
    shutil.copy(truth / "Ann" / "1.png", truth / "Ann" / "copy.png")
    rows = [f"{truth}/Ann/1.png,p1", f"{truth}/Ann/copy.png,p2"]
    labels = truth_table(truth)
    found = found_table(table(tmp_path / "found.csv", "source,identity", *rows))
    about, _ = photo_rows(labels, found)
    assert {Path(row.key).name: k for row, k in zip(labels.rows, about, strict=True) if k is not None} == {
        "1.png": 0,
        "copy.png": 1,
    }


def test_one_photo_of_two_people_is_told(truth: Path, found: Path) -> None:
    shutil.copy(truth / "Ann" / "1.png", truth / "Bo" / "copy.png")
    words = (
        r"Ann/1\.png' and .*Bo/copy\.png' are copies of one photo, labelled 'Ann' and 'Bo'\. .* keep the copy"
    )
    with pytest.raises(LabelError, match=words):
        evaluate(truth, found)


# Tables ---------------------------------------------------------------------------------------------------


def test_two_labels_of_one_photo_need_boxes(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", "source,label", "a.jpg,Ann", "b.jpg,Bo", "a.jpg,Bo")
    found = table(tmp_path / "found.csv", "source,identity", "a.jpg,p1", "b.jpg,p2")
    with pytest.raises(LabelError, match=r"truth\.csv: 'a\.jpg' is there 2 times, .* Add columns x1, y1"):
        evaluate(truth, found)


def test_two_faces_of_one_photo_in_one_cluster_need_no_boxes(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", "source,label", "a.jpg,Ann", "b.jpg,Bo")
    found = table(tmp_path / "found.csv", "source,identity", "a.jpg,p1", "a.jpg,p1", "b.jpg,p2")
    result = evaluate(truth, found)
    assert (result.assigned, result.elsewhere) == (2, 0)


def test_as_much_of_the_paths_counts_as_tells_them_apart(tmp_path: Path) -> None:
    names = ("Ann/2020/1.jpg", "Bo/2020/1.jpg", "Bo/2021/1.jpg")
    truth = table(tmp_path / "truth.csv", "source,label", *(f"old/{name},{name[:2]}" for name in names))
    found = table(
        tmp_path / "found.csv", "source,identity", *(f"/moved/to/{name},{name[:2]}" for name in names)
    )
    result = evaluate(truth, found)
    assert (result.assigned, result.agreement.bcubed.f()) == (3, 1)


def test_a_name_that_two_found_files_have_is_told(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", "source,label", "1.jpg,Ann", "2.jpg,Bo")
    found = table(tmp_path / "found.csv", "source,identity", "x/1.jpg,p1", "y/1.jpg,p2", "x/2.jpg,p2")
    with pytest.raises(LabelError, match=r"'1\.jpg' is: it may be 'x/1\.jpg' and 'y/1\.jpg' of .*found\.csv"):
        evaluate(truth, found)
    # Only those that are asked about matter.
    found = table(tmp_path / "found.csv", "source,identity", "x/1.jpg,p1", "y/3.jpg,p2", "x/3.jpg,p2")
    assert evaluate(truth, found).assigned == 1
