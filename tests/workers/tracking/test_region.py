from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.tracking.region import Region

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
# The shape of an L: the upper right quarter is outside.
CORNER = [(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)]

shares = st.floats(0.0, 1.0, width=32)
polygons = st.lists(st.tuples(shares, shares), min_size=3, max_size=8)


def holds(region: Region, *points: tuple[float, float]) -> list[bool]:
    """Whether faces of 20 px around points, in shares of 640x360, count."""
    boxes = np.array(
        [(640 * x - 10, 360 * y - 10, 640 * x + 10, 360 * y + 10) for x, y in points], np.float32
    )
    return [bool(held) for held in region.holds(boxes.reshape(-1, 4), 640, 360)]


def test_everything_counts_without_zones_and_masks() -> None:
    assert holds(Region(), (0.0, 0.0), (0.5, 0.5), (1.0, 1.0)) == [True] * 3
    assert Region().cells(3, 4).all()


def test_the_centre_of_a_face_decides() -> None:
    assert holds(Region([LEFT]), (0.49, 0.5), (0.51, 0.5)) == [True, False]
    assert holds(Region([], [LEFT]), (0.49, 0.5), (0.51, 0.5)) == [False, True]


def test_a_zone_may_have_corners_that_point_inwards() -> None:
    assert holds(Region([CORNER]), (0.25, 0.25), (0.75, 0.75), (0.75, 0.25)) == [True, True, False]


def test_a_mask_wins_over_a_zone_and_zones_add_up() -> None:
    right = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
    small = [(0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)]
    region = Region([LEFT, right], [small])
    assert holds(region, (0.1, 0.1), (0.9, 0.9), (0.3, 0.3)) == [True, True, False]


def test_a_face_that_the_edge_of_the_picture_cuts_counts_as_on_it() -> None:
    assert holds(Region([LEFT]), (-0.05, 0.5), (1.05, 0.5)) == [True, False]


def test_no_face_is_no_trouble() -> None:
    assert holds(Region([LEFT])) == []


def test_cells_are_those_that_a_zone_touches_and_no_mask_covers() -> None:
    most = [(0.0, 0.0), (0.45, 0.0), (0.45, 1.0), (0.0, 1.0)]
    assert Region([most]).cells(2, 4).tolist() == [[True, True, False, False]] * 2
    assert Region([], [most]).cells(2, 4).tolist() == [[False, True, True, True]] * 2
    tiny = [(0.61, 0.1), (0.62, 0.1), (0.615, 0.12)]
    assert Region([tiny]).cells(1, 5).tolist() == [[False, False, False, True, False]]


@pytest.mark.parametrize(
    ("polygon", "problem"),
    [
        ([(0.0, 0.0), (1.0, 1.0)], "at least 3 corners"),
        ([(0.0, 0.0), (1.2, 0.0), (1.0, 1.0)], "outside the picture"),
        ([(0.0, 0.0), (float("nan"), 0.0), (1.0, 1.0)], "outside the picture"),
    ],
)
def test_refuses_what_is_no_polygon_in_the_picture(polygon: list[tuple[float, float]], problem: str) -> None:
    with pytest.raises(ValueError, match=f"a zone .*{problem}"):
        Region([polygon])
    with pytest.raises(ValueError, match=f"a mask .*{problem}"):
        Region([], [polygon])


@given(polygons, st.lists(st.tuples(shares, shares), min_size=1, max_size=20))
def test_a_polygon_is_a_zone_where_it_is_no_mask(
    polygon: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    zone, mask = holds(Region([polygon]), *points), holds(Region([], [polygon]), *points)
    # Nothing is out of both, and in both is only what lies on the edge.
    assert all(inside or outside for inside, outside in zip(zone, mask, strict=True))


@pytest.mark.parametrize("corner", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_a_zone_that_is_a_corner_of_the_picture_has_its_cell(corner: tuple[float, float]) -> None:
    region = Region([[corner] * 3])
    assert holds(region, corner) == [True]
    cells = region.cells(9, 16)
    assert cells.sum() == 1
    assert cells[-int(corner[1]), -int(corner[0])]


@given(polygons, st.tuples(shares, shares))
def test_where_a_face_counts_its_cell_does_too(
    polygon: list[tuple[float, float]], point: tuple[float, float]
) -> None:
    region = Region([polygon])
    if holds(region, point) == [True]:
        rows, columns = 9, 16
        cells = region.cells(rows, columns)
        row, column = min(int(point[1] * rows), rows - 1), min(int(point[0] * columns), columns - 1)
        # On a border between two cells either will do.
        assert cells[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].any()
