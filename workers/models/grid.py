"""What a detector answers for the cells of its grids, and where those lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces in one picture, before those that are found twice are dropped.

    Attributes:
        boxes: float32 (N, 4), px of the network's input.
        landmarks: float32 (N, 5, 2), likewise.
        scores: float32 (N,).
    """

    boxes: FloatArray
    landmarks: FloatArray
    scores: FloatArray


class LayoutError(ValueError):
    """The outputs of a model are not what its decoding asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Outputs of one grid.

    Attributes:
        stride_px: Distance of its cells.
        anchors: Answers for every cell.
        outputs: Number of columns to outputs (R, columns) with so many, in the model's order.
    """

    stride_px: int
    anchors: int
    outputs: dict[int, list[FloatArray]]

    def cells(self, rows: npt.NDArray[np.intp], width_px: int) -> FloatArray:
        """Column and row, float32 (N, 2), of the cells that answers stand for, in a picture of this width."""
        y, x = np.divmod(rows // self.anchors, width_px // self.stride_px)
        return np.stack([x, y], axis=1).astype(np.float32)


def levels_of(
    outputs: Sequence[FloatArray], columns: dict[int, int], height_px: int, width_px: int
) -> list[Level]:
    """Sort outputs by the grid that they belong to: models have them in any order.

    Args:
        outputs: (R, C) each, of one picture.
        columns: How many outputs with each number of columns a grid has.
        height_px: Height of the network's input.
        width_px: Its width.

    Returns:
        The grids, finest first: strides 8, 16, 32 and so on.

    Raises:
        LayoutError: If outputs are missing, are too many, or their rows are not those of such grids.
    """
    count = len(outputs) // sum(columns.values())
    shapes = ", ".join("x".join(map(str, output.shape)) for output in outputs)
    levels: list[Level] = []
    for k in range(count):
        stride_px = 8 << k
        cells = (height_px // stride_px) * (width_px // stride_px)
        # Fewer strides, more anchors: so it is in all models of this kind.
        anchors = 1 if count > 3 or columns[1] > 1 else 2
        here: dict[int, list[FloatArray]] = {}
        for number, wanted in columns.items():
            here[number] = [o for o in outputs if o.shape == (cells * anchors, number)]
            if len(here[number]) != wanted:
                raise LayoutError(
                    f"has {len(here[number])} outputs of {cells * anchors}x{number} and should have "
                    f"{wanted}; all: {shapes}"
                )
        levels.append(Level(stride_px, anchors, here))
    if not levels or count * sum(columns.values()) != len(outputs):
        raise LayoutError(f"has {len(outputs)} outputs: {shapes}")
    return levels


def joined(parts: Sequence[Faces]) -> Faces:
    """The faces of all grids, the finest first."""
    return Faces(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
