"""Faces in a row or two below axes, each led to from where it belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.place import Place

# More faces than these are staggered in two rows.
_ONE_ROW = 24
# With more, faces are too small to be known.
MOST_FACES = 60
_SIDE_IN = 0.66
_GAP_IN = 0.07
_LEADER_IN = 0.14


@dataclass(frozen=True, slots=True)
class StripFace:
    """A face of a strip.

    Attributes:
        share: Where it belongs, as share of the width, [0, 1].
        item: Whose it is.
        count: How many faces it stands for.
    """

    share: float
    item: int
    count: int


def strip_height_in(count: int, width_in: float) -> float:
    """Height of a strip of so many faces."""
    return _LEADER_IN + _rows(count) * (_side_in(count, width_in) + _GAP_IN)


def draw_strip(figure: Figure, place: Place, faces: Sequence[StripFace], tiles: FaceTiles) -> None:
    """Draw faces side by side at equal distances.

    Args:
        figure: Where.
        place: Its height is that of `strip_height_in`.
        faces: From left to right, at most `MOST_FACES`.
        tiles: Draws them.
    """
    axes = place.canvas(figure)
    side, rows = _side_in(len(faces), place.width), _rows(len(faces))
    for k, face in enumerate(faces):
        x = (k + 0.5) * place.width / len(faces)
        y = place.height - _LEADER_IN - side / 2 - k % rows * (side + _GAP_IN)
        axes.plot(
            [face.share * place.width, x, x],
            [place.height, place.height - _LEADER_IN, y],
            color=tiles.colours.of_item(face.item),
            linewidth=1,
            zorder=1,
        )
        tiles.draw(axes, face.item, (x, y), side, count=face.count)


def _rows(count: int) -> int:
    return 1 if count <= _ONE_ROW else 2


def _side_in(count: int, width_in: float) -> float:
    return min(_SIDE_IN, _rows(count) * width_in / max(count, 1) - _GAP_IN)
