"""The merges of a clustering, drawn, with the faces below them."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from facestream.drawing.colours import INK, ClusterColours
from facestream.drawing.dendrogram import MIXED, Dendrogram, hung, lay_out
from facestream.drawing.face_strip import MOST_FACES, StripFace, draw_strip, strip_height_in
from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.place import Place
from workers.clustering.grouping import Algorithm, Grouping, Linkage

DoubleArray = npt.NDArray[np.float64]

_BAND_IN = 0.5
# Length of stems that don't reach zero, in heights of the axes.
_HANGING = 0.05
# Narrower parts of a band have no room for a number.
_LEAST_NUMBERED_IN = 0.22
# Of more lines, vector formats hold a picture.
_MOST_LINES = 3000


def draw_dendrogram(
    figure: Figure, place: Place, grouping: Grouping, tree: DoubleArray, tiles: FaceTiles
) -> None:
    """Draw the merges: of few faces with each of them, of more with a face for each cluster.

    Of many clusters all branches are drawn without faces, because the cut lies among the thinnest ones.

    Args:
        figure: Where.
        place: For the axes and what is below them.
        grouping: The clusters.
        tree: float64 (N - 1, 4), its merges.
        tiles: Draws faces.
    """
    title = "Dendrogram"
    if grouping.algorithm is Algorithm.HDBSCAN:
        title += ", cut branch by branch where clusters last longest"
    elif grouping.cut is not None:
        title += f", cut at {grouping.cut:.4g} (dashed)"
    drawn = lay_out(tree, grouping.labels, folded=False)
    if len(drawn.tips) > MOST_FACES:
        folded = lay_out(tree, grouping.labels, folded=True)
        if len(folded.tips) <= MOST_FACES:
            drawn = folded
            title += "; a wedge is a whole cluster"
    count = len(drawn.tips)
    with_faces = count <= MOST_FACES
    below_in = strip_height_in(count, place.width) if with_faces else _BAND_IN
    axes = place.above(below_in).axes(figure, title, _height_name(grouping))
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_xticks([])
    axes.set_ylim(0, max(float(tree[:, 2].max()), grouping.cut or 0.0, 1e-9) * 1.06)
    if not with_faces and grouping.cut is None:
        drawn = hung(drawn, axes.get_ylim()[1] * _HANGING)
    _draw_branches(axes, drawn, tiles.colours, fine=not with_faces)
    if grouping.cut is not None:
        axes.axhline(grouping.cut, color=INK, linewidth=1.1, linestyle=(0, (5, 3)))
    if with_faces:
        faces = [
            StripFace((k + 0.5) / count, tiles.most_central(tip.items), len(tip.items))
            for k, tip in enumerate(drawn.tips)
        ]
        draw_strip(figure, place.lower(below_in), faces, tiles)
    else:
        _draw_band(place.lower(below_in).canvas(figure), drawn, tiles.colours, place.width)


def _height_name(grouping: Grouping) -> str:
    if grouping.algorithm is Algorithm.HDBSCAN:
        return "mutual reachability distance"
    linkage = grouping.settings.get("linkage", "average")
    metric = "Euclidean" if linkage in (Linkage.WARD, Linkage.CENTROID) else "cosine"
    return f"{metric} distance, {linkage} linkage"


def _draw_branches(axes: Axes, drawn: Dendrogram, colours: ClusterColours, *, fine: bool) -> None:
    lines = LineCollection(
        list(drawn.merges),
        colors=[INK if label == MIXED else colours.of_cluster(label) for label in drawn.labels.tolist()],
        linewidths=0.6 if fine else 1.5,
        capstyle="projecting",
        rasterized=len(drawn.tips) > _MOST_LINES,
    )
    axes.add_collection(lines, autolim=False)
    wedges = [(k, tip) for k, tip in enumerate(drawn.tips) if len(tip.items) > 1]
    if wedges:
        triangles = PolyCollection(
            [[(k, tip.height), (k - 0.4, 0), (k + 0.4, 0)] for k, tip in wedges],
            facecolors=[colours.of_cluster(tip.label) for _, tip in wedges],
        )
        axes.add_collection(triangles, autolim=False)


def _draw_band(axes: Axes, drawn: Dendrogram, colours: ClusterColours, width_in: float) -> None:
    """Clusters as a band of their colours, with number and size where there is room."""
    step = width_in / len(drawn.tips)
    start = 0
    for label, run in groupby(tip.label for tip in drawn.tips):
        count = len(list(run))
        x, wide = start * step, count * step
        start += count
        axes.add_patch(Rectangle((x, 0.22), wide, 0.24, facecolor=colours.of_cluster(label), linewidth=0))
        if label >= 0 and wide >= _LEAST_NUMBERED_IN:
            middle = x + wide / 2
            axes.text(middle, 0.33, f"{label + 1}", color="white", fontsize=8, ha="center", va="center")
            axes.text(middle, 0.17, f"×{count:,}", color=INK, fontsize=8, ha="center", va="top")
