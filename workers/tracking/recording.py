"""Whether a frame of a recording is worth a look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.tracking.motion import MotionGate


class RecordingGate:
    """Passes frames over in which nobody is followed and nothing has changed; implements `Gate`.

    The whole picture is searched when something moves, and every few seconds, as that of a camera is. Faces
    that are followed are looked at in every frame all the same: of a recording, each of them is told.
    """

    def __init__(self) -> None:
        self._motion = MotionGate()

    @property
    def searches(self) -> bool:
        """Whether the newest frame is one for a search of the whole picture, if it is time for one."""
        return self._motion.searches

    def wants(self, image_bgr: npt.NDArray[np.uint8], media_s: float, faces_live: bool) -> bool:
        """Whether a frame is worth a look; arguments as those of `Gate.wants`."""
        self._motion.wants(image_bgr, media_s, faces_live)
        return self.searches or faces_live
