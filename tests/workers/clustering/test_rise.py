from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.clustering.pairs import Labelled
from workers.clustering.rise import measure_rise
from workers.models.calibration import Calibration

FLAT = Calibration.flat(2, genuine=0.9, impostor=0.1, spread=0.1)


def film(similarity: float, clips: int = 1, people: int = 12) -> tuple[Labelled, list[tuple[int, int]]]:
    """In each clip one person beside many others, all equally like him, and all seen together with him."""
    vectors, labels, sources, together = [], [], [], []
    away = [similarity, np.sqrt(1 - similarity**2)]
    for clip in range(clips):
        first = len(labels)
        vectors += [[1.0, 0.0], *[away] * people]
        labels += range(people + 1)
        sources += [clip] * (people + 1)
        together += [(first, first + k) for k in range(1, people + 1)]
    return Labelled(np.array(vectors, np.float32), np.array(labels), np.array(sources)), together


def sizes(items: Labelled, size_px: float = 100.0) -> np.ndarray:
    return np.full(len(items.labels), size_px, np.float32)


def test_people_as_alike_as_calibrated_do_not_rise() -> None:
    items, together = film(0.1)
    found = measure_rise(items, sizes(items), together, FLAT, 1)
    assert found.together == (pytest.approx(0, abs=1e-6),)
    assert found.video_rise == pytest.approx(0, abs=1e-6)


def test_people_less_alike_than_calibrated_make_no_rise() -> None:
    items, together = film(0.0)
    found = measure_rise(items, sizes(items), together, FLAT, 1)
    assert found.together == (pytest.approx(-0.1, abs=1e-6),)
    assert found.video_rise == 0


def test_the_clip_that_rises_most_counts() -> None:
    low, together = film(0.12)
    high, _ = film(0.2)
    both = Labelled(
        np.concatenate([low.vectors, high.vectors]),
        np.concatenate([low.labels, high.labels]),
        np.concatenate([low.sources, high.sources + 1]),
    )
    together += [(a + len(low.labels), b + len(low.labels)) for a, b in together]
    found = measure_rise(both, sizes(both), together, FLAT, 2)
    assert found.together == (pytest.approx(0.02, abs=1e-6), pytest.approx(0.1, abs=1e-6))
    assert found.video_rise == pytest.approx(0.1, abs=1e-6)


def test_what_goes_beyond_the_calibration_is_the_rise() -> None:
    items, together = film(0.2, clips=3)
    found = measure_rise(items, sizes(items), together, FLAT, 3)
    assert found.pairs_together == (12, 12, 12)
    assert found.together == tuple([pytest.approx(0.1, abs=1e-6)] * 3)
    assert found.video_rise == pytest.approx(0.1, abs=1e-6)


def test_a_clip_with_few_pairs_does_not_speak() -> None:
    items, together = film(0.2, people=9)
    found = measure_rise(items, sizes(items), together, FLAT, 2)
    assert (found.pairs_together, found.together, found.video_rise) == ((9, 0), (None, None), None)


def test_pairs_of_one_person_are_held_against_what_is_expected_of_those() -> None:
    items, together = film(0.2, clips=2)
    found = measure_rise(items, sizes(items), together, FLAT, 2)
    # The same vectors in both clips: 1 where 0.9 is expected.
    assert found.genuine == pytest.approx(0.1, abs=1e-6)
    assert found.across is not None


def test_one_clip_has_nothing_across() -> None:
    items, together = film(0.2)
    found = measure_rise(items, sizes(items), together, FLAT, 1)
    assert (found.across, found.genuine) == (None, None)


def test_small_faces_are_expected_to_be_more_alike() -> None:
    by_size = replace(
        FLAT,
        sizes_px=np.array([20, 100], np.float32),
        mean=np.zeros((2, 2), np.float32),
        genuine=np.full((2, 2), 0.9, np.float32),
        impostor=np.array([[0.2, 0.15], [0.15, 0.1]], np.float32),
        spread=np.full((2, 2), 0.1, np.float32),
    )
    items, together = film(0.2)
    small, large = (measure_rise(items, sizes(items, px), together, by_size, 1) for px in (20, 100))
    assert small.together == (pytest.approx(0, abs=1e-6),)
    assert large.together == (pytest.approx(0.1, abs=1e-6),)
