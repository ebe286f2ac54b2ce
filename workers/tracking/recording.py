"""Whether a frame of a recording is worth a look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.tracking.motion import MotionGate, MotionSettings

_LOOK_S = 2.0


class RecordingGate:
    """Passes frames over in which nobody is followed and nothing has changed; implements `Gate`.

    The whole picture is searched when something moves, and every other second: a small head that turns to the
    camera moves too little to be seen. A camera can't afford that, as it is one of many; decoding a recording
    takes many times as long as these searches. Faces that are followed are looked at in every frame all the
    same: of a recording, each of them is told.
    """

    def __init__(self) -> None:
        self._motion = MotionGate(MotionSettings(look_s=_LOOK_S))

    @property
    def searches(self) -> bool:
        """Whether the newest frame is one for a search of the whole picture, if it is time for one."""
        return self._motion.searches

    def wants(self, image_bgr: npt.NDArray[np.uint8], media_s: float, faces_live: bool) -> bool:
        """Whether a frame is worth a look; arguments as those of `Gate.wants`."""
        self._motion.wants(image_bgr, media_s, faces_live)
        return self.searches or faces_live
