from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.exports.row_files import write_csv, write_json, write_jsonl

COLUMNS = ("name", "seconds", "provisional", "seen_at")


def written(name: str, seconds: float = 1.5, seen_at: str | None = None) -> str:
    file = io.StringIO()
    row = {"name": name, "seconds": seconds, "provisional": True, "seen_at": seen_at}
    assert write_csv(COLUMNS, [row], file) == 1
    return file.getvalue()


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(first: str) -> None:
    columns, cells = csv.reader(io.StringIO(written(f"{first}HYPERLINK(1)"), newline=""))
    assert (tuple(columns), cells[0]) == (COLUMNS, f"'{first}HYPERLINK(1)")


def test_numbers_stay_numbers_truth_is_a_number_and_what_nobody_knows_is_empty() -> None:
    assert written("Ada", -1.5).splitlines()[1] == "Ada,-1.5,1,"


@given(st.text())
def test_every_other_text_comes_back_as_it_was(name: str) -> None:
    *_, cells = csv.reader(io.StringIO(written(name), newline=""))
    assert cells[0] == (f"'{name}" if name[:1] in {"=", "+", "-", "@", "\t", "\r"} else name)


def test_json_has_texts_as_they_are() -> None:
    rows = [{"name": "=1", "seconds": 0.5, "provisional": False, "seen_at": None, "more": 1}] * 2
    whole, lines = io.StringIO(), io.StringIO()
    assert write_json(COLUMNS, rows, whole) == write_jsonl(COLUMNS, rows, lines) == 2
    expected = {"name": "=1", "seconds": 0.5, "provisional": False, "seen_at": None}
    assert json.loads(whole.getvalue()) == [expected] * 2
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == [expected] * 2
