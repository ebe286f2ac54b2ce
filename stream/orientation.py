"""How a decoded picture must be turned to stand upright."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MATRIX_BYTES = 36


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to turn and mirror a picture, applied in the order of the fields.

    Attributes:
        transpose: Whether rows and columns are swapped first.
        flip_x: Whether left and right are swapped afterwards.
        flip_y: Whether top and bottom are swapped afterwards.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: bytes) -> "Orientation":
        """Read the display matrix of MP4, MOV and others.

        Turns are rounded to the nearest quarter: faces tilted by less are still found.

        Args:
            matrix: Nine native-endian int32 `a b u c d v x y w` (16.16 and 2.30 fixed point), as FFmpeg's
                `AV_FRAME_DATA_DISPLAYMATRIX`: a point goes to (a x + c y, b x + d y). Anything shorter
                counts as upright.
        """
        if len(matrix) < _MATRIX_BYTES:
            return cls()
        a, b, _, c, d = (int(value) for value in np.frombuffer(matrix[:_MATRIX_BYTES], np.int32)[:5])
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, flip_x=c < 0, flip_y=b < 0)
        return cls(transpose=False, flip_x=a < 0, flip_y=d < 0)

    @classmethod
    def from_rotation(cls, counterclockwise_deg: float) -> "Orientation":
        """Read PyAV's `VideoFrame.rotation`, which says nothing about mirroring.

        Args:
            counterclockwise_deg: The turn that makes the picture upright, rounded to the nearest quarter.
        """
        quarters = round(-counterclockwise_deg / 90) % 4
        return cls(transpose=quarters in {1, 3}, flip_x=quarters in {1, 2}, flip_y=quarters in {2, 3})

    @property
    def rotation_deg(self) -> int:
        """Clockwise turn in degrees that makes the picture upright: 0, 90, 180 or 270.

        A mirrored picture reports the turn that follows after swapping left and right.
        """
        if self.transpose:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def apply(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Turn a picture upright.

        Args:
            image: uint8 (H, W, 3).

        Returns:
            uint8 (H, W, 3), or (W, H, 3) if transposed; C-contiguous, a copy only where needed.
        """
        if self.transpose:
            image = image.transpose(1, 0, 2)
        if self.flip_x:
            image = image[:, ::-1]
        if self.flip_y:
            image = image[::-1]
        return np.ascontiguousarray(image)
