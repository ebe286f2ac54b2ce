"""Small framed pictures of faces in a plot."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from facestream.drawing.colours import ClusterColours
from workers.clustering.grouping import Grouping

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
RgbImage = npt.NDArray[np.uint8]

# Sharp in print, small in a file.
_PX_PER_IN = 200
_LEAST_TAGGED_IN = 0.3
_EMPTY = "#eeeeee"


class FaceTiles:
    """Draws faces, each in a frame of its cluster's colour.

    Args:
        grouping: The clusters of N items.
        vectors: float32 (N, D), L2-normalised.
        pictures: JPEG of each item, or None.
        colours: Of the clusters.
    """

    def __init__(
        self,
        grouping: Grouping,
        vectors: FloatArray,
        pictures: Sequence[bytes | None],
        colours: ClusterColours,
    ) -> None:
        self._labels = grouping.labels
        self._centres = grouping.centres
        self._vectors = vectors
        self._pictures = pictures
        self.colours = colours

    def has(self, item: int) -> bool:
        """Whether there is a picture of an item."""
        return self._pictures[item] is not None

    def most_central(self, items: IntArray) -> int:
        """Of several items the one that is most like the others, among those of which there is a picture."""
        pictured = [item for item in items.tolist() if self.has(item)] or items.tolist()
        total = self._vectors[items].sum(axis=0)
        return int(pictured[int((self._vectors[pictured] @ total).argmax())])

    def face_of(self, cluster: int) -> int:
        """The item that stands for a cluster: its medoid where there is one, else the most central one."""
        if len(self._centres):
            return int(self._centres[cluster])
        return self.most_central(np.flatnonzero(self._labels == cluster))

    def draw(
        self, axes: Axes, item: int, centre_in: tuple[float, float], side_in: float, *, count: int = 1
    ) -> None:
        """Draw a face with the number of its cluster, from 1.

        Args:
            axes: Measured in inches.
            item: Whose.
            centre_in: Where.
            side_in: How large.
            count: How many faces it stands for; said where they are several.
        """
        left, bottom = centre_in[0] - side_in / 2, centre_in[1] - side_in / 2
        right, top = left + side_in, bottom + side_in
        image = face_picture(self._pictures[item], max(round(side_in * _PX_PER_IN), 1))
        if image is not None:
            axes.imshow(image, extent=(left, right, bottom, top), aspect="auto", zorder=3, clip_on=False)
        colour = self.colours.of_item(item)
        inside = _EMPTY if image is None else "none"
        axes.add_patch(
            Rectangle(
                (left, bottom),
                side_in,
                side_in,
                facecolor=inside,
                edgecolor=colour,
                linewidth=1.2 + side_in,
                zorder=3.1,
                clip_on=False,
            )
        )
        if side_in < _LEAST_TAGGED_IN:
            return
        points = min(5 + 3 * side_in, 8)
        if self._labels[item] >= 0:
            _tag(axes, f"{self._labels[item] + 1}", (left, top), colour, points, upper_left=True)
        if count > 1:
            _tag(axes, f"×{count:,}", (right, bottom), colour, points, upper_left=False)


def _tag(
    axes: Axes, text: str, corner_in: tuple[float, float], colour: str, points: float, *, upper_left: bool
) -> None:
    """Write into the upper left or the lower right corner of a frame."""
    axes.annotate(
        text,
        corner_in,
        xytext=(1.2, -1.2) if upper_left else (-1.2, 1.2),
        textcoords="offset points",
        ha="left" if upper_left else "right",
        va="top" if upper_left else "bottom",
        fontsize=points,
        color="white",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2},
        zorder=3.2,
        annotation_clip=False,
    )


def face_picture(jpeg: bytes | None, side_px: int) -> RgbImage | None:
    """A square picture; None where there is none or it is damaged."""
    if jpeg is None:
        return None
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return np.asarray(image.convert("RGB").resize((side_px, side_px), Image.Resampling.LANCZOS))
    except OSError:
        return None
