"""What tells which frames are worth a look."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class Gate(Protocol):
    """Tells which frames of a source are worth a look; asked once of each sampled frame, in order."""

    @property
    def searches(self) -> bool:
        """Whether the newest frame is one for a search of the whole picture."""
        ...

    def wants(self, image_bgr: npt.NDArray[np.uint8], media_s: float, faces_live: bool) -> bool:
        """Whether a frame is worth a look.

        Args:
            image_bgr: uint8 (H, W, 3).
            media_s: Its media time, s; not before that of the last one.
            faces_live: Whether faces are being followed.
        """
        ...
