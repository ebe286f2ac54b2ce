"""Zones and masks as people write them."""

from __future__ import annotations

from storage.polygon import Point, Polygon, check_polygon

_EXAMPLE = '"0,0 50%,0 50%,100% 0,100%" is the left half'


def parse_area(text: str) -> Polygon:
    """Read the corners of a part of a picture.

    Args:
        text: ``x,y x,y x,y ...``: three corners or more in the order in which one walks around it, as shares
            of the picture's width and height from its upper left corner (0.25) or as percent (25%).

    Raises:
        ValueError: If it is none; says what is wrong.
    """
    corners = text.split()
    if not corners:
        raise ValueError(f"it is empty; {_EXAMPLE}")
    polygon = tuple(_point(corner) for corner in corners)
    check_polygon(polygon)
    return polygon


def shown_area(polygon: Polygon) -> str:
    """An area as `parse_area` reads it, in percent."""
    return " ".join(f"{100 * x:.6g}%,{100 * y:.6g}%" for x, y in polygon)


def _point(corner: str) -> Point:
    parts = corner.split(",")
    if len(parts) != 2:
        raise ValueError(f"the corner {corner[:20]!r} is no pair x,y; {_EXAMPLE}")
    return _share(parts[0], corner), _share(parts[1], corner)


def _share(written: str, corner: str) -> float:
    percent = written.endswith("%")
    try:
        value = float(written.removesuffix("%"))
    except ValueError:
        raise ValueError(f"the corner {corner[:20]!r} has no numbers; {_EXAMPLE}") from None
    if not percent and 1 < value <= 100:
        raise ValueError(
            f"the corner {corner[:20]!r} lies outside of the picture, which goes from 0,0 to 1,1; percent is "
            f"written {written}%"
        )
    return value / 100 if percent else value
