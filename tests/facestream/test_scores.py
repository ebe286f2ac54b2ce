"""The measure that quality is asserted with."""

from __future__ import annotations

import pytest
from scores import Mark, bcubed_f, clip_score, overlap

HERE, THERE = (0.0, 0.0, 10.0, 10.0), (50.0, 0.0, 60.0, 10.0)


def test_bcubed_of_what_can_be_counted_by_hand() -> None:
    assert bcubed_f([("p1", "A"), ("p1", "A"), ("p2", "B")]) == 1
    # One cluster for two people of two: precision 1/2, recall 1.
    assert bcubed_f([("p1", "A"), ("p1", "A"), ("p1", "B"), ("p1", "B")]) == pytest.approx(2 / 3)
    # Everybody alone: precision 1, recall 1/2.
    assert bcubed_f([("p1", "A"), ("p2", "A"), ("p3", "B"), ("p4", "B")]) == pytest.approx(2 / 3)


def test_overlap_of_boxes() -> None:
    assert overlap(HERE, HERE) == 1
    assert overlap(HERE, THERE) == 0
    assert overlap(HERE, (0.0, 0.0, 10.0, 5.0)) == 0.5


def test_a_perfect_clip_scores_one() -> None:
    truth = {frame: [Mark(HERE, "A"), Mark(THERE, "B")] for frame in range(0, 60, 2)}
    faces = {frame: [Mark(THERE, "p2"), Mark(HERE, "p1")] for frame in range(0, 60, 5)}
    assert clip_score(truth, faces).score == 1


def test_junk_and_missing_faces_cost_and_ignored_ones_do_not() -> None:
    truth = {0: [Mark(HERE, "A"), Mark(THERE, "ignore")], 6: [Mark(HERE, "A")]}
    result = clip_score(truth, {0: [Mark(HERE, "p1"), Mark(THERE, "p1")], 6: [Mark(THERE, "p1")]})
    # Found once of two, the other alone: precision 1, recall 1/2; one junk face beside one that is right.
    assert result.bcubed_f == pytest.approx(2 / 3)
    assert result.junk == 0.5
    # A face given to nobody is no junk.
    assert clip_score(truth, {0: [Mark(HERE, "p1")], 6: [Mark(THERE, "")]}).junk == 0


def test_frames_too_far_away_do_not_count() -> None:
    truth = {10: [Mark(HERE, "A")], 20: [Mark(HERE, "A")]}
    assert clip_score(truth, {13: [Mark(HERE, "p1")], 17: [Mark(HERE, "p1")]}).bcubed_f == 1
    assert clip_score(truth, {14: [Mark(HERE, "p1")], 16: [Mark(HERE, "p1")]}).bcubed_f == pytest.approx(
        2 / 3
    )
