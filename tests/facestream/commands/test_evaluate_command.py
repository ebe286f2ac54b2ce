"""facestream evaluate, as people run it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Cli, Done, Processed

pytestmark = pytest.mark.e2e


def test_the_people_of_a_collection_are_judged(processed: Processed, tmp_path: Path) -> None:
    rows = processed.cli.rows()
    truth = tmp_path / "duo.truth.csv"
    with truth.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "x1", "y1", "x2", "y2", "label"])
        for row in rows:
            if row["source"].endswith("duo.mp4"):
                writer.writerow(
                    [*(row[c] for c in ("frame", "x1", "y1", "x2", "y2")), f"who {row['identity']}"]
                )

    result = processed.cli("evaluate", truth, "--json").json()

    assert result["compared"] == "faces"
    assert result["people"] == result["clusters"] >= 2
    assert result["bcubed"]["f"] == result["pairs"]["f"] == result["score"] == 1
    assert result["elsewhere"] == sum(not row["source"].endswith("duo.mp4") for row in rows)
    said = processed.cli("evaluate", truth).stdout
    for word in ("BCubed", "pairs", "purity", "Rand index", "NMI", "junk", "1.000"):
        assert word in said


def test_tables_are_compared_without_a_server(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("label\nA\nA\nB\n")
    (tmp_path / "found.csv").write_text("cluster\n1\n2\n2\n")

    done = cli("evaluate", tmp_path / "truth.csv", tmp_path / "found.csv", "--beta", "2")

    assert "F2" in done.stdout
    assert "People in several clusters: 1\n  A: 1 1, 1 2" in done.stdout
    assert not cli.data_dir.exists()


def test_faces_of_another_video_are_doubted(cli: Cli, tmp_path: Path) -> None:
    box = "frame,x1,y1,x2,y2,label"
    (tmp_path / "truth.csv").write_text(f"{box}\n0,0,0,50,50,Ann\n6,0,0,50,50,Bo\n")
    (tmp_path / "found.csv").write_text(f"{box}\n0,200,200,250,250,p1\n6,200,200,250,250,p2\n")
    doubted = cli("evaluate", tmp_path / "truth.csv", tmp_path / "found.csv")
    assert "None of the true faces lies where somebody was found." in doubted.stderr
    assert "None of" not in cli("evaluate", tmp_path / "truth.csv", tmp_path / "truth.csv").stderr


def test_wrong_usage_is_named(here: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("label\nA\n")
    (tmp_path / "found.csv").write_text("cluster\n1\n2\n")
    truth, found = tmp_path / "truth.csv", tmp_path / "found.csv"
    for words, code, said in (
        ([truth, found], 1, "has 1 rows and"),
        ([truth, tmp_path / "none.csv"], 2, "does not exist"),
        ([truth, found, "--collection", "x"], 2, "give one"),
        ([truth, found, "--half", "x"], 2, "--only"),
        ([truth, found, "--beta", "0"], 2, "--beta"),
        ([truth, found, "--vectors", found], 2, "not a NumPy file"),
    ):
        done = here("evaluate", *words, code=code)
        assert said in done.stderr, done
        assert "Traceback" not in done.stderr
