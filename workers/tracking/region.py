"""Where in the picture faces count."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from workers.tracking.boxes import centres

Polygon = Sequence[tuple[float, float]]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

# Raster points per side of a cell, when it is asked which cells a region touches.
_POINTS = 16
_SHIFT = 8


class Region:
    """Zones in which faces are looked for, less masks, in which they are not.

    A face belongs where its centre is. The edge of a zone belongs to it, and that of a mask does not. A
    polygon that crosses itself holds what a line from far away enters an odd number of times.

    Args:
        zones: Polygons of (x, y) in shares of the picture's width and height, from its upper left corner;
            without any, all of the picture counts.
        masks: Polygons that don't count.

    Raises:
        ValueError: If a polygon has less than 3 corners, or one outside the picture.
    """

    def __init__(self, zones: Sequence[Polygon] = (), masks: Sequence[Polygon] = ()) -> None:
        self._zones = [_corners(zone, "zone") for zone in zones]
        self._masks = [_corners(mask, "mask") for mask in masks]

    def holds(self, boxes_xyxy: FloatArray, width_px: int, height_px: int) -> BoolArray:
        """Which boxes count.

        Args:
            boxes_xyxy: float32 (N, 4), px; a centre beyond the edge of the picture counts as on it.
            width_px: Width of the picture.
            height_px: Its height.

        Returns:
            bool (N,).
        """
        if not (self._zones or self._masks) or len(boxes_xyxy) == 0:
            return np.ones(len(boxes_xyxy), np.bool_)
        points = np.clip(centres(boxes_xyxy) / [width_px, height_px], 0, 1)
        return np.array([self._holds_point(float(x), float(y)) for x, y in points], np.bool_)

    def _holds_point(self, x: float, y: float) -> bool:
        inside = not self._zones or any(cv2.pointPolygonTest(z, (x, y), False) >= 0 for z in self._zones)
        return inside and all(cv2.pointPolygonTest(mask, (x, y), False) <= 0 for mask in self._masks)

    def cells(self, rows: int, columns: int) -> BoolArray:
        """Cells of a grid over the picture in some part of which faces count, bool (rows, columns)."""
        shape = (rows * _POINTS, columns * _POINTS)
        inside = _raster(self._zones, shape) if self._zones else np.ones(shape, np.bool_)
        if self._masks:
            inside &= ~_raster(self._masks, shape)
        blocks = inside.reshape(rows, _POINTS, columns, _POINTS)
        return np.asarray(blocks.any(axis=(1, 3)), np.bool_)


def _corners(polygon: Polygon, kind: str) -> FloatArray:
    corners = np.array(polygon, np.float32)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise ValueError(f"a {kind} needs at least 3 corners of two numbers each, got {list(polygon)!r}")
    if not ((corners >= 0) & (corners <= 1)).all():
        raise ValueError(
            f"a {kind} has a corner outside the picture, whose shares are 0 to 1: {list(polygon)!r}"
        )
    return corners


def _raster(polygons: Sequence[FloatArray], shape: tuple[int, int]) -> BoolArray:
    """Points of a raster within any of some polygons, bool of that shape."""
    result = np.zeros(shape, np.bool_)
    for corners in polygons:
        drawn = np.zeros(shape, np.uint8)
        # The middle of a raster point is half a point from its edge. The picture's own edge is drawn as well.
        size = np.array([shape[1], shape[0]])
        at = np.clip(corners * size - 0.5, 0, size - 1)
        cv2.fillPoly(drawn, [np.rint(at * 2**_SHIFT).astype(np.int32)], 1, shift=_SHIFT)
        result |= drawn.astype(np.bool_)
    return result
