"""The face sizes at which similarities can be measured, and the faces that tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.models.measurement import SIZES_PX

LEAST_PAIRS = 10
"""So many pairs of one person, and of two, are needed: then a mean is known to a third of the spread."""

# Scaled up, a face is as blurred as before: a size is measured where so many of all faces are as large.
_LEAST_SHARE = 0.5
# Of these faces, sides may be smaller by so much: less than from one size to the next.
_ROUNDING = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class SizeChoice:
    """The face sizes to measure at.

    All are measured on the same faces: then nothing but the size differs from one to the next.

    Attributes:
        sizes_px: The sizes, ascending; none where there are too few faces for any.
        used: bool (N,), whether each face is large enough for all of them; for the smallest, where there is
            none.
        left_out: The larger sizes, and how many faces are as large.
    """

    sizes_px: tuple[float, ...]
    used: npt.NDArray[np.bool_]
    left_out: tuple[tuple[float, int], ...]

    @property
    def too_small(self) -> int:
        """How many faces play no part."""
        return int((~self.used).sum())


def size_choice(faces_px: npt.NDArray[np.float32], names: Sequence[str]) -> SizeChoice:
    """Choose the sizes that faces have.

    Args:
        faces_px: (N,), size of each face.
        names: Whose each is.
    """
    as_large = [int((faces_px >= size_px).sum()) for size_px in SIZES_PX]
    for count in range(len(SIZES_PX), 0, -1):
        used = faces_px >= _ROUNDING * SIZES_PX[count - 1]
        pairs = pairs_of([name for name, chosen in zip(names, used, strict=True) if chosen])
        # Faces that are smaller than the smallest size are of no use to any other.
        are_most = count == 1 or as_large[count - 1] >= _LEAST_SHARE * len(faces_px)
        if are_most and min(pairs) >= LEAST_PAIRS:
            break
    else:
        count = 0
    left_out = tuple(zip(SIZES_PX[count:], as_large[count:], strict=True))
    return SizeChoice(SIZES_PX[:count], used, left_out)


def pairs_of(names: Sequence[str]) -> tuple[int, int]:
    """How many pairs are of one person, and of two."""
    one = sum(number * (number - 1) // 2 for number in Counter(names).values())
    return one, len(names) * (len(names) - 1) // 2 - one
