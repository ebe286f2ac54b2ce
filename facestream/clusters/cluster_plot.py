"""The picture of a clustering: what the algorithm saw, and the faces on a plane."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.clusters.projection import Projection, project
from facestream.drawing.colours import INK, ClusterColours
from facestream.drawing.curve_panels import draw_k_distances, draw_silhouettes
from facestream.drawing.dendrogram_panel import draw_dendrogram
from facestream.drawing.face_map import draw_map
from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.figure_file import check_format, new_figure, write_figure
from facestream.drawing.legend import draw_legend
from facestream.drawing.place import Place
from facestream.output import printable
from workers.clustering.grouping import Grouping

FloatArray = npt.NDArray[np.float32]

_WIDTH_IN, _HEIGHT_IN = 14.0, 15.0
_PANEL = Place(0.9, 9.3, 12.8, 4.55)
_MAP = Place(0.3, 0.3, 11.3, 8.2)
_LEGEND = Place(11.85, 0.3, 2.0, 8.2)
_TITLE_LENGTH = 110
_TITLE_LINES = 2


def plot_clusters(
    path: Path, grouping: Grouping, vectors: FloatArray, pictures: Sequence[bytes | None], *, title: str
) -> None:
    """Draw a clustering into a file.

    Above: the dendrogram of agglomerative and hdbscan, the k-distances of dbscan, or the silhouettes of
    kmeans and kmedoids. Below: the faces on a plane, near to each other where they are alike.

    Args:
        path: Where; its ending says in which format, see `facestream.drawing.figure_file`.
        grouping: The clusters.
        vectors: float32 (N, D), L2-normalised.
        pictures: JPEG of each item, or None.
        title: What it is: algorithm, settings, how many. Two lines of it are shown.

    Raises:
        UsageError: If no picture is written for the ending.
        FacestreamError: If the file can't be written.
        ValueError: If there are no items, or not as many labels, vectors and pictures.
    """
    check_format(path)
    count = len(vectors)
    if not len(grouping.labels) == len(pictures) == count > 0:
        raise ValueError(
            f"{len(grouping.labels)} labels, {count} vectors and {len(pictures)} pictures: there must be as "
            "many of each, and at least one"
        )
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    lines = textwrap.wrap(printable(title), _TITLE_LENGTH, max_lines=_TITLE_LINES, placeholder=" …")
    # What is a formula to Matplotlib is a name here.
    figure.text(
        0.3 / _WIDTH_IN,
        1 - 0.55 / _HEIGHT_IN,
        "\n".join(lines),
        fontsize=15,
        color=INK,
        va="center",
        parse_math=False,
    )
    projection = project(vectors)
    colours = ClusterColours(grouping.labels, projection.rows, projection.points)
    tiles = FaceTiles(grouping, vectors, pictures, colours)
    if grouping.tree is not None and len(grouping.tree):
        draw_dendrogram(figure, _PANEL, grouping, grouping.tree, tiles)
    elif grouping.k_distances is not None:
        draw_k_distances(figure, _PANEL, grouping, grouping.k_distances)
    elif grouping.clusters > 1:
        draw_silhouettes(figure, _PANEL, grouping, vectors, tiles)
    else:
        note = "One cluster: there is no other to compare it with." if grouping.clusters else "No cluster."
        _PANEL.canvas(figure).text(0, _PANEL.height, note, fontsize=11, color=INK, va="top")
    axes = _MAP.canvas(figure)
    axes.set_title(_map_title(projection, count), fontsize=11, color=INK, loc="left", pad=10)
    draw_map(axes, projection.points, projection.rows, grouping.labels, tiles)
    draw_legend(figure, _LEGEND, grouping, tiles)
    write_figure(figure, path)


def _map_title(projection: Projection, count: int) -> str:
    shown = len(projection.rows)
    title = f"Who is like whom: {projection.method}"
    return title if shown == count else f"{title}, {shown:,} of {count:,} faces at random"
