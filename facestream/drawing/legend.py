"""Which colour is which cluster."""

from __future__ import annotations

from matplotlib.figure import Figure

from facestream.drawing.colours import ALONE, INK, NOBODY
from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.place import Place
from facestream.people.people_view import counted
from workers.clustering.grouping import Grouping

_MOST_ROWS = 14
_ROW_IN = 0.54
_SIDE_IN = 0.46


def draw_legend(figure: Figure, place: Place, grouping: Grouping, tiles: FaceTiles) -> None:
    """List the largest clusters with a face of each, and count the others.

    Args:
        figure: Where.
        place: A column.
        grouping: The clusters.
        tiles: Draws faces.
    """
    axes = place.canvas(figure)
    sizes = grouping.sizes()
    y = place.height - _ROW_IN / 2
    for cluster, size in enumerate(sizes[:_MOST_ROWS].tolist()):
        tiles.draw(axes, tiles.face_of(cluster), (_SIDE_IN / 2 + 0.02, y), _SIDE_IN)
        axes.text(_SIDE_IN + 0.14, y, f"×{size:,}", fontsize=10, color=INK, va="center")
        y -= _ROW_IN
    alone = tiles.colours.alone
    more = max(grouping.clusters - _MOST_ROWS, 0) - alone
    for number, colour, text in (
        (more, None, counted(more, "more cluster")),
        (alone, ALONE, f"{alone:,} alone"),
        (grouping.nobody, NOBODY, f"{grouping.nobody:,} in none"),
    ):
        if not number:
            continue
        if colour:
            axes.plot(_SIDE_IN / 2, y + 0.1, "o", color=colour, markersize=9)
        axes.text(_SIDE_IN + 0.14, y + 0.1, text, fontsize=10, color=INK, va="center")
        y -= 0.32
