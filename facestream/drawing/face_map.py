"""Faces on a plane: pictures where there is room, dots for the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy.optimize import linear_sum_assignment

from facestream.drawing.face_tiles import FaceTiles

IntArray = npt.NDArray[np.intp]
DoubleArray = npt.NDArray[np.float64]

MOST_PICTURES = 150
_SIDES_IN = (0.42, 1.1)
# Share of the plane that pictures take together, at most.
_SHARE = 0.25
_GAP_IN = 0.05
# Sides of a picture between the plane's edge and the outermost point.
_MARGIN = 0.6
_SMALLER = 0.9
_ROUNDING_IN = 1e-9


def draw_map(axes: Axes, points: DoubleArray, rows: IntArray, labels: IntArray, tiles: FaceTiles) -> None:
    """Draw the plane.

    Args:
        axes: Measured in inches, empty.
        points: float64 (M, 2), where the items lie.
        rows: int (M,), which items they are.
        labels: int (N,), cluster of each item, or -1.
        tiles: Draws pictures.
    """
    size_in = np.array([axes.get_xlim()[1], axes.get_ylim()[1]])
    pictured = np.flatnonzero([tiles.has(row) for row in rows.tolist()])
    side = float(np.sqrt(_SHARE * size_in.prod() / max(min(len(pictured), MOST_PICTURES), 1)))
    side = float(np.clip(side, *_SIDES_IN))
    at_in = _fitted(points, size_in, side * _MARGIN)
    if len(pictured) <= MOST_PICTURES:
        places, side = placed(at_in[pictured], side, size_in)
    else:
        pictured = pictured[with_room(at_in[pictured], labels[rows[pictured]], side)]
        places = at_in[pictured]
    _draw_dots(axes, at_in, rows, labels, tiles)
    for k, place in zip(pictured.tolist(), places, strict=True):
        axes.plot(
            *np.stack([at_in[k], place]).T,
            color=tiles.colours.of_item(int(rows[k])),
            linewidth=0.8,
            zorder=2.5,
        )
        tiles.draw(axes, int(rows[k]), (float(place[0]), float(place[1])), side)


def _fitted(points: DoubleArray, size_in: DoubleArray, margin_in: float) -> DoubleArray:
    """Points stretched over a rectangle."""
    low, high = points.min(axis=0), points.max(axis=0)
    wide = np.maximum(high - low, 1e-12)
    # Along a direction in which they don't differ, they lie in the middle.
    share = np.where(high - low > 1e-9, (points - low) / wide, 0.5)
    return np.asarray(margin_in + share * (size_in - 2 * margin_in))


def _draw_dots(axes: Axes, at_in: DoubleArray, rows: IntArray, labels: IntArray, tiles: FaceTiles) -> None:
    area = float(np.clip(12_000 / max(len(rows), 1), 14, 40))
    # Those of nobody below the others.
    for layer, nobody in ((2.0, True), (2.1, False)):
        those = (labels[rows] < 0) == nobody
        axes.scatter(
            at_in[those, 0],
            at_in[those, 1],
            s=area,
            c=[tiles.colours.of_item(int(row)) for row in rows[those]],
            edgecolors="white",
            linewidths=0.3,
            zorder=layer,
        )


def placed(points_in: DoubleArray, side_in: float, size_in: DoubleArray) -> tuple[DoubleArray, float]:
    """Find places for squares: their own where nobody else is, else cells of a grid near to them.

    The cells are those with the least sum of squared ways (Crouse 2016), so that a crowd becomes a block.

    Args:
        points_in: float64 (M, 2), where their centres would be.
        side_in: How large they would be.
        size_in: Width and height of the plane.

    Returns:
        float64 (M, 2), where their centres are, and how large they are: smaller where there was no room.
    """
    low, high = np.full(2, side_in / 2), size_in - side_in / 2
    columns, rows = ((high - low) / (side_in + _GAP_IN) + 1).astype(int)
    if columns * rows < len(points_in):
        return placed(points_in, side_in * _SMALLER, size_in)
    cells = np.stack(
        np.meshgrid(np.linspace(low[0], high[0], columns), np.linspace(low[1], high[1], rows)), axis=-1
    ).reshape(-1, 2)
    ways = ((points_in[:, None] - cells[None]) ** 2).sum(axis=2)
    _, chosen = linear_sum_assignment(ways)
    places = cells[chosen]
    own = np.clip(points_in, low, high)
    for k in range(len(places)):
        # It itself touches its own place or not.
        if not np.delete(_touches(places, own[k], side_in), k).any():
            places[k] = own[k]
    return places, side_in


def with_room(points_in: DoubleArray, labels: IntArray, side_in: float) -> IntArray:
    """Choose squares that don't overlap: of each cluster in turn, the most central first.

    Args:
        points_in: float64 (M, 2), centres.
        labels: int (M,), cluster of each, or -1.
        side_in: How large they are.

    Returns:
        int, which ones, ascending, at most `MOST_PICTURES`.
    """
    chosen: list[int] = []
    for k in _most_central_first(points_in, labels).tolist():
        if not _touches(points_in[chosen], points_in[k], side_in).any():
            chosen.append(k)
        if len(chosen) == MOST_PICTURES:
            break
    return np.array(sorted(chosen), np.intp)


def _touches(centres_in: DoubleArray, centre_in: DoubleArray, side_in: float) -> npt.NDArray[np.bool_]:
    """Which squares are too near to one."""
    return np.asarray((np.abs(centres_in - centre_in) < side_in + _GAP_IN - _ROUNDING_IN).all(axis=1))


def _most_central_first(points_in: DoubleArray, labels: IntArray) -> IntArray:
    """An order: of each cluster its most central point, the largest cluster first, then of each the next."""
    turn = np.zeros(len(labels), np.intp)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        centre = np.median(points_in[members], axis=0)
        nearest_first = np.argsort(np.hypot(*(points_in[members] - centre).T), kind="stable")
        turn[members[nearest_first]] = np.arange(len(members))
    # Nobody comes last in each turn.
    return np.lexsort((np.where(labels < 0, len(labels), labels), turn))
