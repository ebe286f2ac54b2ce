"""Found people beside known ones: which face is which, and what cannot be compared."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facestream.errors import LabelError, UsageError
from facestream.quality.evaluation import (
    Evaluation,
    evaluate,
    evaluate_tables,
    found_table,
    read_points,
    truth_table,
)
from facestream.quality.labels import name_in

HERE, THERE = (0, 0, 10, 10), (50, 0, 60, 10)


def write(path: Path, header: str, *rows: tuple[Any, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def judged(truth: Path, found: Path, **options: Any) -> Evaluation:
    return evaluate_tables(truth_table(truth), found_table(found), **options)


TRUE_FACES = "frame,x1,y1,x2,y2,label"
FOUND_FACES = "source,frame,x1,y1,x2,y2,identity"


def test_a_perfect_clip_scores_one(tmp_path: Path) -> None:
    truth = write(
        tmp_path / "clip.truth.csv",
        TRUE_FACES,
        *((f, *box, who) for f in range(0, 60, 2) for box, who in ((HERE, "A"), (THERE, "B"))),
    )
    found = write(
        tmp_path / "faces.csv",
        FOUND_FACES,
        *(("clip.mp4", f, *box, who) for f in range(0, 60, 5) for box, who in ((THERE, "p2"), (HERE, "p1"))),
    )
    result = judged(truth, found)
    assert (result.kind, result.agreement.items, result.assigned, result.score) == ("faces", 20, 20, 1)
    assert result.torn == result.mixed == ()


def test_junk_and_missing_faces_cost_and_ignored_ones_do_not(tmp_path: Path) -> None:
    truth = write(tmp_path / "truth.csv", TRUE_FACES, (0, *HERE, "A"), (0, *THERE, "ignore"), (6, *HERE, "A"))
    found = write(
        tmp_path / "faces.csv",
        FOUND_FACES,
        ("v.mp4", 0, *HERE, "p1"),
        ("v.mp4", 0, *THERE, "p1"),
        ("v.mp4", 6, *THERE, "p1"),
    )
    result = judged(truth, found)
    # Found once of two, the other alone; one junk face beside one that is right.
    assert result.agreement.bcubed.f() == pytest.approx(2 / 3)
    assert (result.junk, result.score) == (0.5, pytest.approx(1 / 3))
    assert judged(truth, found, unassigned="drop").agreement.bcubed.f() == 1


def test_a_face_is_looked_for_in_the_nearest_frame_in_reach(tmp_path: Path) -> None:
    truth = write(tmp_path / "truth.csv", TRUE_FACES, (10, *HERE, "A"), (20, *HERE, "A"))
    near = write(tmp_path / "near.csv", FOUND_FACES, ("v.mp4", 13, *HERE, "p1"), ("v.mp4", 17, *HERE, "p1"))
    far = write(tmp_path / "far.csv", FOUND_FACES, ("v.mp4", 14, *HERE, "p1"), ("v.mp4", 16, *HERE, "p1"))
    assert judged(truth, near).assigned == 2
    assert judged(truth, far).assigned == 0
    assert judged(truth, far, reach_frames=4).assigned == 2


def test_of_several_videos_the_one_that_the_truth_is_called_after_counts(tmp_path: Path) -> None:
    truth = write(tmp_path / "b.truth.csv", TRUE_FACES, (0, *HERE, "A"))
    rows = [("x/a.mp4", 0, *THERE, "p1"), ("x/b.mp4", 0, *HERE, "p2")]
    result = judged(truth, write(tmp_path / "faces.csv", FOUND_FACES, *rows))
    assert (result.assigned, result.junk, result.elsewhere) == (1, 0, 1)
    other = write(tmp_path / "c.csv", TRUE_FACES, (0, *HERE, "A"))
    with pytest.raises(LabelError, match="does not say which video"):
        judged(other, tmp_path / "faces.csv")


def album(folder: Path, *names: str) -> Path:
    """A photo of each name, all different."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(list(name.encode()))
        cv2.imwrite(str(path), random.integers(0, 256, (100, 200, 3), np.uint8))
    return folder


def test_photos_are_labelled_by_folders_or_names_and_the_central_face_counts(tmp_path: Path) -> None:
    folders = album(tmp_path / "folders", "Ann Lee/1.jpg", "Ann Lee/2.jpg", "Bo/1.jpg")
    names = album(tmp_path / "names", "Ann_Lee_0001.jpg", "Ann_Lee_0002.jpg", "Bo_0001.jpg")
    middle, edge = (80, 30, 120, 70), (0, 0, 60, 60)
    for photos, files in (
        (folders, ("Ann Lee/1.jpg", "Ann Lee/2.jpg", "Bo/1.jpg")),
        (names, ("Ann_Lee_0001.jpg", "Ann_Lee_0002.jpg", "Bo_0001.jpg")),
    ):
        found = write(
            tmp_path / "faces.csv",
            FOUND_FACES,
            (f"/moved/{files[0]}", 0, *edge, "p9"),
            (f"/moved/{files[0]}", 0, *middle, "p1"),
            (f"/moved/{files[1]}", 0, *middle, "p1"),
            ("/moved/other/7.jpg", 0, *middle, "p1"),
        )
        result = judged(photos, found)
        assert (result.kind, result.agreement.items, result.agreement.classes) == ("photos", 3, 2)
        # Bo was not found: a person of its own, which is right.
        assert (result.assigned, result.agreement.bcubed.f(), result.elsewhere) == (2, 1, 1)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Ann_Lee_0001", "Ann_Lee"),
        ("Bo-2", "Bo"),
        ("Bo (3)", "Bo"),
        ("Cy", "Cy"),
        ("0001", "0001"),
        ("7", "7"),
    ],
)
def test_a_file_is_labelled_by_its_name_without_the_number(stem: str, name: str) -> None:
    assert name_in(stem) == name


def test_a_folder_per_person_can_be_judged(tmp_path: Path) -> None:
    truth = album(tmp_path / "names", "Ann_1.jpg", "Ann_2.jpg", "Bo_1.jpg", "Bo_2.jpg")
    found = album(tmp_path / "found", "1/Ann_1.jpg", "1/Ann_2.jpg", "1/Bo_1.jpg", "nobody/Bo_2.jpg")
    result = evaluate(truth, found)
    assert (result.assigned, result.clusters, result.agreement.clusters) == (3, 1, 2)
    assert result.cluster_count_ratio == 0.5
    assert [(m.who, m.faces, m.parts) for m in result.mixed] == [("1", 3, (("Ann", 2), ("Bo", 1)))]


def test_rows_without_a_name_are_paired_by_their_order(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.csv", "label", ("A",), ("A",), ("B",), ("B",))
    found = write(tmp_path / "f.csv", "cluster", (1,), (2,), (2,), (2,))
    result = judged(truth, found)
    assert result.agreement.purity == 0.75
    assert [(m.who, m.parts) for m in result.torn] == [("A", (("1", 1), ("2", 1)))]
    assert [(m.who, m.parts) for m in result.mixed] == [("2", (("B", 2), ("A", 1)))]


def test_an_empty_line_between_rows_of_one_column_is_told(tmp_path: Path) -> None:
    truth = write(tmp_path / "truth.csv", "label", ("A",), ("B",), ("B",))
    found = tmp_path / "found.csv"
    found.write_text("cluster\n1\n\n2\n")
    with pytest.raises(
        LabelError, match=r'found\.csv, line 3: is empty\. Write "" for a row without a value'
    ):
        judged(truth, found)
    found.write_text('cluster\n1\n""\n2\n\n\n')
    assert judged(truth, found).assigned == 2


def test_one_name_in_two_spellings_is_one(tmp_path: Path) -> None:
    e, apart = "\u00e9", "e\u0301"
    truth = write(tmp_path / "truth.csv", "file,label", (f"{e}.jpg", f"Ren{e}"), ("b.jpg", f"Ren{apart}"))
    found = write(tmp_path / "found.csv", "file,cluster", (f"{apart}.jpg", 1), ("b.jpg", 1))
    result = judged(truth, found)
    assert (result.assigned, result.elsewhere, result.agreement.classes) == (2, 0, 1)


def test_a_name_that_is_no_text_is_found_as_it_is_stored(tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", "Ann/a.jpg", "Bob/b.jpg")
    (photos / "Ann" / "a.jpg").rename(photos / "Ann" / os.fsdecode(b"l\xe9.jpg"))
    stored = [(f"{photos}/Ann/l\\xe9.jpg", 1), (f"{photos}/Bob/b.jpg", 2)]
    found = write(tmp_path / "found.csv", "source,identity", *stored)
    result = judged(photos, found)
    assert (result.assigned, result.elsewhere) == (2, 0)


def test_vectors_and_distances_add_measures_without_truth(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.csv", "label", *"AABB")
    found = write(tmp_path / "f.csv", "cluster", *"1122")
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    result = judged(truth, found, points=vectors).separation
    assert result is not None
    assert result.silhouette is not None
    assert result.silhouette > 0.9
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same = judged(truth, found, points=1 - unit @ unit.T, distances=True).separation
    assert same is not None
    assert same.silhouette == pytest.approx(result.silhouette)
    assert same.davies_bouldin is None
    with pytest.raises(UsageError, match="not square"):
        judged(truth, found, points=vectors, distances=True)
    with pytest.raises(UsageError, match="3 points and 4 labels"):
        judged(truth, found, points=vectors[:3])
    with pytest.raises(UsageError, match="not finite"):
        judged(truth, found, points=vectors * np.nan)
    one = judged(truth, write(tmp_path / "one.csv", "cluster", *"1111"), points=vectors).separation
    assert one is not None
    assert one.silhouette is one.davies_bouldin is one.dunn is None


def test_all_noise_is_nobody_found_and_not_an_error(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.csv", "source,label", ("a/1.jpg", "A"), ("a/2.jpg", "A"))
    found = write(tmp_path / "f.csv", "source,cluster", ("a/1.jpg", ""), ("a/2.jpg", ""))
    result = judged(truth, found)
    assert (result.assigned, result.agreement.clusters, result.agreement.bcubed.recall) == (0, 2, 0.5)
    with pytest.raises(LabelError, match="none was given to anybody"):
        judged(truth, found, unassigned="drop")


@pytest.mark.parametrize(
    ("truth", "found", "words"),
    [
        ("label\nA\nB\n", "cluster\n1\n", "2 rows and .* has 1"),
        ('label\nA\n""\n', "cluster\n1\n2\n", "row 2 has no label"),
        ("label\nignore\n", "cluster\n1\n", "no face to judge"),
        ("", "cluster\n1\n", "is empty"),
        ("label\n", "cluster\n1\n", "holds no rows"),
        ("who\nA\n", "cluster\n1\n", "no column says whose"),
        ("label,label\nA,B\n", "cluster\n1\n", "there twice"),
        ("label,x1\nA,1\n", "cluster\n1\n", "only x1"),
        ("label,source\nA\n", "cluster\n1\n", "line 2: 1 values for 2 columns"),
        ("source,label\na.jpg,A\n", "cluster\n1\n", "does not say which file"),
        ("label\nA\n", "source,cluster\na.jpg,1\n", "neither which file"),
        ("source,label\na.jpg,A\n", "source,cluster\nb.jpg,1\n", "no file in common"),
        ("frame,x1,y1,x2,y2,label\n0,0,0,9,9,A\n", "cluster\n1\n", "lacks columns"),
        ("frame,x1,y1,x2,y2,label\n0,0,0,nan,9,A\n", "cluster\n1\n", "line 2: .*no box"),
        ("frame,x1,y1,x2,y2,label\n0,9,0,0,9,A\n", "cluster\n1\n", "line 2: .*no box"),
        ("frame,x1,y1,x2,y2,label\nx,0,0,9,9,A\n", "cluster\n1\n", "line 2: frame is 'x'"),
        ("source,label\na.jpg,A\n", "source,cluster\na.jpg,1\na.jpg,2\n", "there 2 times"),
    ],
)
def test_what_cannot_be_compared_is_named(tmp_path: Path, truth: str, found: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(truth)
    (tmp_path / "f.csv").write_text(found)
    with pytest.raises(LabelError, match=words):
        judged(tmp_path / "t.csv", tmp_path / "f.csv")


def test_files_that_are_no_tables_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"label\n\xff\xfe\n")
    with pytest.raises(LabelError, match="UTF-8"):
        truth_table(tmp_path / "t.csv")
    (tmp_path / "v.npy").write_text("no array")
    with pytest.raises(UsageError, match="not a NumPy file"):
        read_points(tmp_path / "v.npy")
    mixed = album(tmp_path / "mixed", "Ann/1.jpg", "Bo_1.jpg")
    with pytest.raises(LabelError, match="--labels-from"):
        truth_table(mixed)


def test_only_some_people_may_be_judged(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.csv", "source,label", ("1.jpg", "A"), ("2.jpg", "B"))
    people = write(tmp_path / "p.csv", "name,half", ("A", "one"), ("B", "two"), ("C", "three"))
    assert [row.label for row in truth_table(truth, people=people, half="two").rows] == ["B"]
    with pytest.raises(LabelError, match="no half 'x'; there are: one, three, two"):
        truth_table(truth, people=people, half="x")
    with pytest.raises(LabelError, match="none of the 1 names"):
        truth_table(truth, people=people, half="three")


@pytest.mark.data
def test_a_clip_is_scored_as_by_the_scorer_that_stands_by_itself(tmp_path: Path) -> None:
    folder = os.environ.get("FACESTREAM_TEST_DATA")
    scorer = Path(folder or "/nowhere").parent / "tools" / "score_clip.py"
    if not scorer.is_file():
        pytest.skip("FACESTREAM_TEST_DATA is not set, or has no scorer beside it")
    assert folder is not None
    truth = Path(folder) / "clips" / "sitcom.truth.csv"
    random = np.random.default_rng(1)
    with truth.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["frame"]) % 4 == 0]
    found = []
    for row in rows:
        box = np.array([float(row[side]) for side in ("x1", "y1", "x2", "y2")]) + random.normal(0, 4, 4)
        if random.random() < 0.9 and box[2] > box[0] and box[3] > box[1]:
            who = random.choice([row["label"], "p1", ""], p=[0.7, 0.2, 0.1])
            found.append(("sitcom.mp4", int(row["frame"]) + 1, *box.round(2), who))
    faces = write(tmp_path / "faces.csv", FOUND_FACES, *found)
    command = [sys.executable, str(scorer), str(truth), str(faces), "--json"]
    import json

    expected = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    result = judged(truth, faces)
    assert result.agreement.items == expected["faces"]
    for name, value in {
        "bcubed_p": result.agreement.bcubed.precision,
        "bcubed_r": result.agreement.bcubed.recall,
        "pairwise_f": result.agreement.pairs.f(),
        "junk": result.junk,
        "score": result.score,
    }.items():
        assert value == pytest.approx(expected[name], abs=6e-5), name
