from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from facestream.clusters.projection import principal_components, project
from workers.models.calibration import normalised

FloatArray = npt.NDArray[np.float32]


def people(count: int, faces: int, width: float = 0.05) -> FloatArray:
    """So many faces of so many people, person by person."""
    random = np.random.default_rng(0)
    centres = np.repeat(random.normal(size=(count, 16)), faces, axis=0)
    return normalised((centres + width * random.normal(size=centres.shape)).astype(np.float32))


def test_faces_of_one_person_lie_together() -> None:
    points = project(people(6, 10)).points
    apart = np.hypot(*(points[:, None] - points[None]).T)
    same = np.repeat(np.arange(6), 10)[:, None] == np.repeat(np.arange(6), 10)[None]
    assert apart[same].max() < apart[~same].min()


def test_the_same_faces_give_the_same_picture() -> None:
    first, second = project(people(5, 8)), project(people(5, 8))
    assert first.points.tolist() == second.points.tolist()


def test_few_faces_are_shown_along_their_principal_components() -> None:
    found = project(people(3, 2))
    assert found.method == "principal components"
    assert found.points == pytest.approx(principal_components(people(3, 2)))


def test_principal_components_keep_distances_on_a_plane() -> None:
    flat = np.array([[0, 0, 0], [3, 0, 0], [0, 4, 0]], np.float32) @ np.linalg.qr(
        np.random.default_rng(0).normal(size=(3, 3))
    )[0].astype(np.float32)
    a, b, c = principal_components(flat.astype(np.float32))
    assert sorted(np.hypot(*(x - y)) for x, y in ((a, b), (a, c), (b, c))) == pytest.approx(
        [3, 4, 5], abs=1e-5
    )


@pytest.mark.parametrize("count", [1, 2, 30])
def test_equal_faces_lie_on_one_point(count: int) -> None:
    points = project(np.repeat(people(1, 1), count, axis=0)).points
    assert points.tolist() == [[0.0, 0.0]] * count


def test_two_faces_that_many_copies_are_of_are_told_apart() -> None:
    points = project(np.repeat(people(2, 1), 20, axis=0)).points
    assert np.isfinite(points).all()
    assert np.ptp(points[:20], axis=0).max() < np.hypot(
        *(points[:20].mean(axis=0) - points[20:].mean(axis=0))
    )


def test_of_very_many_faces_some_are_taken_and_always_the_same() -> None:
    found = project(people(20, 3), most=40)
    assert len(found.rows) == len(found.points) == 40
    assert (np.diff(found.rows) > 0).all()
    assert found.rows.tolist() == project(people(20, 3), most=40).rows.tolist()


@pytest.mark.parametrize("dimension", [1, 2])
def test_vectors_may_be_short(dimension: int) -> None:
    vectors = normalised(np.random.default_rng(0).normal(size=(5, dimension)).astype(np.float32))
    assert project(vectors).points.shape == (5, 2)
