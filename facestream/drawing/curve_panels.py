"""What clusterings without a tree are judged by, drawn: the k-distances of DBSCAN, and silhouettes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from facestream.drawing.colours import INK, PALE, PALETTE
from facestream.drawing.face_strip import MOST_FACES, StripFace, draw_strip, strip_height_in
from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.place import Place
from workers.clustering.grouping import Grouping
from workers.clustering.silhouettes import silhouettes

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

_X_LABEL_IN = 0.5
# Between clusters, of the mean width of one.
_BAR_GAP = 0.2
_DASHED = (0, (5, 3))
# More points of a curve run into each other.
_MOST_POINTS = 80


def draw_k_distances(figure: Figure, place: Place, grouping: Grouping, distances: DoubleArray) -> None:
    """Draw how far each face's neighbours are, and what eps makes of it (Ester et al. 1996, figure 4).

    Args:
        figure: Where.
        place: For the axes and what is below them.
        grouping: The clusters.
        distances: float64 (N,), ascending.
    """
    nearest = _ordinal(int(grouping.settings["min_samples"]))
    eps = float(grouping.settings["eps"])
    core = int((distances <= eps).sum())
    title = (
        f"How far is the {nearest} nearest face, itself counted? "
        f"With eps {eps:.4g} (dashed), {core:,} of {len(distances):,} faces are core points"
    )
    axes = place.above(_X_LABEL_IN).axes(figure, title, "cosine distance")
    at = np.arange(1, len(distances) + 1)
    marker = "o" if len(at) <= _MOST_POINTS else ""
    axes.fill_between(at, distances, color=PALETTE[0], alpha=0.15, linewidth=0)
    axes.plot(at, distances, color=PALETTE[0], linewidth=2, marker=marker, markersize=4)
    axes.axhline(eps, color=INK, linewidth=1.1, linestyle=_DASHED)
    axes.vlines(core + 0.5, 0, eps, color=INK, linewidth=1.1, linestyle=(0, (1, 2)))
    axes.set_xlim(0.5, len(at) + 0.5)
    axes.set_ylim(0, max(float(distances.max()), eps, 1e-9) * 1.08)
    axes.set_xlabel("faces, those with near neighbours first", color=INK)


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def draw_silhouettes(
    figure: Figure, place: Place, grouping: Grouping, vectors: FloatArray, tiles: FaceTiles
) -> None:
    """Draw how well each face lies in its cluster (Rousseeuw 1987), with a face for each of few clusters.

    Args:
        figure: Where.
        place: For the axes and what is below them.
        grouping: The clusters, at least two.
        vectors: float32 (N, D), L2-normalised.
        tiles: Draws faces.
    """
    values = silhouettes(vectors, grouping.labels)
    measured = values[~np.isnan(values)]
    title = (
        f"Silhouettes, mean {measured.mean():.3f} (dashed): 1 is near to its own cluster only, "
        "below 0 is nearer to another"
    )
    with_faces = grouping.clusters <= MOST_FACES
    below_in = strip_height_in(grouping.clusters, place.width) if with_faces else _X_LABEL_IN
    axes = place.above(below_in).axes(figure, title, "silhouette, cosine")
    gap = _BAR_GAP * len(measured) / grouping.clusters
    width = len(measured) + gap * (grouping.clusters - 1)
    faces = []
    start = 0.0
    for cluster in range(grouping.clusters):
        members = np.flatnonzero(grouping.labels == cluster)
        heights = -np.sort(-values[members])
        edges = start + np.arange(len(members) + 1)
        axes.stairs(heights, edges, fill=True, color=tiles.colours.of_cluster(cluster))
        faces.append(StripFace((start + len(members) / 2) / width, tiles.face_of(cluster), len(members)))
        start += len(members) + gap
    axes.axhline(0, color=PALE, linewidth=0.8)
    axes.axhline(measured.mean(), color=INK, linewidth=1.1, linestyle=_DASHED)
    axes.set_xlim(0, width)
    axes.set_ylim(min(float(measured.min(initial=0)) * 1.1, -0.05), 1)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if with_faces:
        draw_strip(figure, place.lower(below_in), faces, tiles)
    else:
        axes.set_xlabel("clusters, the largest first", color=INK)
