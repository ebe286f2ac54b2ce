"""Parts of a picture, outlined by points."""

from __future__ import annotations

import math
from itertools import combinations

Point = tuple[float, float]
Polygon = tuple[Point, ...]
"""Corners in order, as shares of the picture's width and height, 0 to 1; the last is joined to the first."""

MOST_POINTS = 100

_SMALLEST_AREA = 1e-6


def check_polygon(polygon: Polygon) -> None:
    """Refuse what outlines no part of a picture.

    Raises:
        ValueError: If it has fewer than three or too many points, one outside of the picture, no area, or
            sides that cross.
    """
    if len(polygon) < 3:
        raise ValueError(f"it has {len(polygon)} points; an area has three at least")
    if len(polygon) > MOST_POINTS:
        raise ValueError(f"it has {len(polygon)} points; at most {MOST_POINTS} are allowed")
    for x, y in polygon:
        if not (math.isfinite(x) and math.isfinite(y) and 0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"the point {x:g},{y:g} lies outside of the picture, which goes from 0,0 to 1,1")
    sides = [(polygon[k], polygon[(k + 1) % len(polygon)]) for k in range(len(polygon))]
    for (i, (a, b)), (k, (c, d)) in combinations(enumerate(sides), 2):
        neighbours = k == i + 1 or (i == 0 and k == len(sides) - 1)
        if not neighbours and _cross(a, b, c, d):
            raise ValueError(
                f"its sides cross: the one from {_shown(a)} to {_shown(b)} and the one from {_shown(c)} to "
                f"{_shown(d)}; give the corners in the order in which one walks around the area"
            )
    if abs(_area(polygon)) < _SMALLEST_AREA:
        raise ValueError("its points lie on one line, so that it has no area")


def _shown(point: Point) -> str:
    return f"{point[0]:g},{point[1]:g}"


def _area(polygon: Polygon) -> float:
    """Area by the shoelace formula, negative where the corners go against the clock."""
    return sum(_turn((0.0, 0.0), a, b) for a, b in zip(polygon, (*polygon[1:], polygon[0]), strict=True)) / 2


def _turn(origin: Point, a: Point, b: Point) -> float:
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two sides have a point in common."""
    one, two = _turn(a, b, c), _turn(a, b, d)
    three, four = _turn(c, d, a), _turn(c, d, b)
    if one * two < 0 and three * four < 0:
        return True
    touching = ((one, a, b, c), (two, a, b, d), (three, c, d, a), (four, c, d, b))
    return any(turn == 0 and _within(start, end, point) for turn, start, end, point in touching)


def _within(start: Point, end: Point, point: Point) -> bool:
    """Whether a point on the line through a side lies on the side."""
    return all(min(s, e) <= p <= max(s, e) for s, e, p in zip(start, end, point, strict=True))
