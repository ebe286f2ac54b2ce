from __future__ import annotations

import numpy as np
import pytest

from workers.models.calibration import normalised
from workers.models.measurement import SIZES_PX, measured_calibration


def at_sizes(labels: list[int], shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Vectors (2, N, 6) of photos at two sizes; the small ones are moved, all in one direction."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(labels) + 1, 6))[labels]
    large = normalised((centres + 0.3 * random.normal(size=centres.shape)).astype(np.float32))
    moved = large + np.array([shift, 0, 0, 0, 0, 0], np.float32)
    return np.stack([normalised(moved.astype(np.float32)), large])


def test_means_and_spread_are_those_of_all_pairs() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2])
    vectors = at_sizes(labels.tolist())
    found = measured_calibration(vectors, labels, (20, 100))
    similarity = vectors[1] @ vectors[1].T
    same = labels[:, None] == labels[None]
    one, two = similarity[same & ~np.eye(6, dtype=bool)], similarity[~same]
    assert found.genuine[1, 1] == pytest.approx(one.mean(), abs=1e-5)
    assert found.impostor[1, 1] == pytest.approx(two.mean(), abs=1e-5)
    assert found.spread[1, 1] == pytest.approx(np.sqrt((one.var() + two.var()) / 2), abs=1e-5)
    assert found.sizes_px.tolist() == [20, 100]


def test_the_tables_are_symmetric() -> None:
    labels = [k % 4 for k in range(30)]
    found = measured_calibration(at_sizes(labels, 0.5), np.array(labels), (20, 100))
    for table in (found.genuine, found.impostor, found.spread):
        assert (table == table.T).all()


def test_what_comes_with_the_size_alone_is_taken_out() -> None:
    labels = [k % 40 for k in range(120)]
    plain = measured_calibration(at_sizes(labels), np.array(labels), (20, 100))
    moved = measured_calibration(at_sizes(labels, 0.5), np.array(labels), (20, 100))
    assert moved.mean[0, 0] - moved.mean[1, 0] > 0.3
    # Untouched, the move would make strangers more alike by more than that.
    assert moved.impostor[0, 0] == pytest.approx(plain.impostor[0, 0], abs=0.1)


def test_several_blocks_are_as_good_as_one() -> None:
    labels = np.array([k % 9 for k in range(700)])
    vectors = at_sizes(labels.tolist())
    found = measured_calibration(vectors, labels, (20, 100))
    moved = normalised(vectors[0] - vectors[0].mean(axis=0) + vectors[1].mean(axis=0)) @ vectors[1].T
    assert found.impostor[0, 1] == pytest.approx(moved[labels[:, None] != labels[None]].mean(), abs=1e-5)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_both_kinds_of_pairs_are_needed(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="photos of two people, and two of one of them"):
        measured_calibration(at_sizes(labels), np.array(labels), (20, 100))


def test_the_sizes_reach_from_the_smallest_that_is_found() -> None:
    assert list(SIZES_PX) == sorted(SIZES_PX)
    assert SIZES_PX[0] < 16 < 60 < SIZES_PX[-1]
