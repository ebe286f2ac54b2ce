import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.polygon import Polygon, check_polygon

SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


@pytest.mark.parametrize(
    "polygon",
    [
        SQUARE,
        tuple(reversed(SQUARE)),
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
        ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),
        # Hollow: a point of it lies inside of its corners.
        ((0.0, 0.0), (1.0, 0.0), (0.5, 0.2), (0.5, 1.0)),
        # A corner on a straight side.
        ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.5, 1.0)),
    ],
)
def test_areas_of_a_picture_are_taken(polygon: Polygon) -> None:
    check_polygon(polygon)


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ((), "has 0 points"),
        (((0.0, 0.0), (1.0, 1.0)), "has 2 points; an area has three at least"),
        (((0.0, 0.0),) * 101, "at most 100"),
        (((0.0, 0.0), (1.1, 0.0), (1.0, 1.0)), "the point 1.1,0 lies outside of the picture"),
        (((0.0, -0.1), (1.0, 0.0), (1.0, 1.0)), "the point 0,-0.1 lies outside"),
        (((0.0, math.nan), (1.0, 0.0), (1.0, 1.0)), "outside"),
        (((0.0, math.inf), (1.0, 0.0), (1.0, 1.0)), "outside"),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), "its sides cross: the one from 0.1,0.1 to 0.9,0.9"),
        # Two triangles that meet in a corner.
        (((0.0, 0.0), (0.5, 0.5), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0)), "its sides cross"),
        (((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)), "its points lie on one line"),
        (((0.5, 0.5), (0.5, 0.5), (0.5, 0.5)), "its points lie on one line"),
    ],
)
def test_what_outlines_no_part_of_a_picture_is_refused(polygon: Polygon, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        check_polygon(polygon)


@given(
    st.floats(0.05, 0.45),
    st.lists(st.floats(0, 2 * math.pi - 0.01), min_size=3, max_size=12, unique_by=lambda a: round(a, 1)),
)
def test_corners_on_a_circle_are_an_area_in_their_order_only(radius: float, angles: list[float]) -> None:
    corners = [(0.5 + radius * math.cos(a), 0.5 + radius * math.sin(a)) for a in sorted(angles)]
    check_polygon(tuple(corners))
    if len(corners) > 3:
        corners[0], corners[1] = corners[1], corners[0]
        with pytest.raises(ValueError, match="cross"):
            check_polygon(tuple(corners))
