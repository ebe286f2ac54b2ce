"""Vectors as bytes, with what that costs in accuracy known for each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LARGEST = 127
# The norms below are rounded to float32; this much more makes them upper bounds.
_ROUNDED_UP = 1 + 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A vector x as x = scale * levels + rest.

    Attributes:
        levels: int8 (D,), in [-127, 127].
        scale: Step of the levels.
        rest_norm: Upper bound of the Euclidean norm of the rest.
        norm: Upper bound of the norm of scale * levels.
    """

    levels: npt.NDArray[np.int8]
    scale: np.float32
    rest_norm: np.float32
    norm: np.float32


def quantise(vector: npt.NDArray[np.float32]) -> Code:
    """The code of a vector: the step is its own, so that its largest value is the largest level.

    Args:
        vector: float32 (D,), finite and not zero.
    """
    scale = np.float32(np.abs(vector).max() / _LARGEST)
    levels = np.rint(vector / scale)
    coded = levels.astype(np.float64) * float(scale)
    return Code(
        levels.astype(np.int8),
        scale,
        np.float32(np.linalg.norm(vector - coded) * _ROUNDED_UP),
        np.float32(np.linalg.norm(coded) * _ROUNDED_UP),
    )
