"""Numbers that Python programs give."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import facestream
from facestream.bounds import check_number, is_number
from facestream.clusters.cluster_settings import ClusterSettings
from facestream.errors import UsageError
from facestream.recorded.run_report import RunOptions


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.5), np.int64(1), Fraction(1, 2)])
def test_numbers_within_their_bounds_pass(value: Any) -> None:
    check_number(value, "share", 0, 1)
    assert is_number(value)


@pytest.mark.parametrize("value", [-0.1, 1.1, 10**400, math.nan, math.inf, "0.5", None, True, [0.5], 0.5j])
def test_others_are_refused_by_name_with_their_bounds(value: Any) -> None:
    with pytest.raises(UsageError, match=r"^share is .*; it must be a number, 0 to 1\.$"):
        check_number(value, "share", 0, 1)


def test_bounds_may_be_open_and_numbers_whole() -> None:
    with pytest.raises(UsageError, match="a number, more than 0 and at most 9"):
        check_number(0, "rate", 0, 9, above=True)
    with pytest.raises(UsageError, match="a whole number, 1 or more"):
        check_number(2.5, "limit", 1, whole=True)
    check_number(1e9, "size")
    with pytest.raises(UsageError, match=r"^--eps is 'far'; a cosine distance is more than 0"):
        ClusterSettings.of({"eps": "far"})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "options",
    [
        {"fps": math.nan},
        {"fps": math.inf},
        {"fps": 0},
        {"fps": "5"},
        {"start_s": -5},
        {"start_s": 5, "end_s": 2},
        {"start_s": Fraction(5), "end_s": Fraction(1)},
        {"end_s": math.nan},
        {"min_face_px": math.nan},
        {"min_face_px": 1},
        {"max_pixels": 0},
        {"max_pixels": 1.5},
        {"clustering": "kmeans"},
        {"recorded_at": "2026-01-01"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, options: Any) -> None:
    video = tmp_path / "video.mp4"
    video.write_bytes(b"not looked at")
    with pytest.raises(UsageError, match=next(reversed(options))):
        facestream.process(video, data_dir=tmp_path / "data", **options)
    assert not (tmp_path / "data").exists()


def test_nothing_to_process_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was given no path"):
        facestream.process(data_dir=tmp_path / "data")
    assert RunOptions(paths=(), end_s=math.inf).paths == ()


def test_options_that_there_are_not_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no option 'epsilon'; there are algorithm, linkage"):
        facestream.cluster(tmp_path, epsilon=0.02)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"--k is 12\.0; it must be a whole number"):
        facestream.cluster(tmp_path, algorithm="kmeans", k=12.0)  # type: ignore[arg-type]
    for wrong in ({"unassigned": "foo"}, {"labels_from": "foo"}):
        with pytest.raises(UsageError, match="is 'foo'; it must be one of"):
            facestream.evaluate(tmp_path, tmp_path, **wrong)  # type: ignore[arg-type]
