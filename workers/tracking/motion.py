"""Whether a frame of a fixed camera is worth a look."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from workers.tracking.region import Region

FloatArray = npt.NDArray[np.float32]

# Points that are read of each block and side; each is the mean of 2x2 pixels.
_POINTS = 8
# Added before brightness is compared by ratio: black has noise, too.
_DARK = 8.0
# Usual difference of a block, in levels, that nothing is known of yet; at most so many times what is usual
# counts when it is learned.
_NOISE = 1.0
_SURPRISE = 3.0


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What counts as motion.

    Attributes:
        look_s: The picture is searched at least so often: somebody who does not move must not be missed.
        follow_s: Faces that are followed are looked at at least so often, and before a track would end.
        columns: Blocks in a row; as many rows as make them square.
        blocks: So many blocks must have changed: less is a clock in the picture, or an insect. Head and
            shoulders around the smallest faces that are looked for cover more.
        background_s: What has stood still for a few times this belongs to the background.
        noise_s: The same for what flickers: leaves, water, a screen.
        least_levels: A quiet block has changed from this difference of its mean luminance (of 255) on.
        most_levels: The same for one that is never quiet.
        noise_factor: In between, from so many times its usual difference on.
        flash: A change of all of the picture by more than this factor is not exposure: light was switched.
    """

    look_s: float = 6.0
    follow_s: float = 0.75
    columns: int = 32
    blocks: int = 3
    background_s: float = 8.0
    noise_s: float = 30.0
    least_levels: float = 3.5
    most_levels: float = 25.0
    noise_factor: float = 6.0
    flash: float = 1.5


class MotionGate:
    """Lets those frames pass in which something has changed, and some others for safety.

    The mean luminance of blocks is compared with a background that adapts slowly, each block with a threshold
    of its own that follows its noise. What all blocks have in common is the camera's exposure and is followed
    at once. Pure and deterministic; costs about 0.3 ms at any size of the picture.

    Args:
        settings: What counts as motion.
        region: Where; everywhere by default.

    Attributes:
        moved: Whether something has changed in the newest frame.
        searches: Whether the newest frame is one for a search of the whole picture: something has changed, or
            the last such frame is long ago. Otherwise a look at the faces that are followed will do.
    """

    def __init__(self, settings: MotionSettings | None = None, region: Region | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._region = region
        self._shape: tuple[int, ...] = ()
        self._background = np.empty((0, 0), np.float32)
        self._noise = self._background
        self._cells = np.empty((0, 0), np.bool_)
        self._frames = 0
        self._before_s = -np.inf
        self._passed_s = -np.inf
        self._searched_s = -np.inf
        self.moved = False
        self.searches = False

    def wants(self, image_bgr: npt.NDArray[np.uint8], media_s: float, faces_live: bool) -> bool:
        """Whether a frame is worth a look.

        Args:
            image_bgr: uint8 (H, W, 3), the next sampled frame.
            media_s: Its time, s; not before that of the last one.
            faces_live: Whether faces are being followed.
        """
        interval_s = media_s - self._before_s
        self.moved = self._has_changed(image_bgr, interval_s)
        self._before_s = media_s
        self.searches = self.moved or media_s - self._searched_s >= self._settings.look_s
        if self.searches:
            self._searched_s = media_s
        # The next frame may come as late as this one did.
        late = media_s - self._passed_s + interval_s > self._settings.follow_s
        if not (self.searches or (faces_live and late)):
            return False
        self._passed_s = media_s
        return True

    def _has_changed(self, image_bgr: npt.NDArray[np.uint8], interval_s: float) -> bool:
        """Compare a frame with the background, and take it into that."""
        if image_bgr.shape != self._shape:
            self._begin(image_bgr)
            return True
        s = self._settings
        now = self._blocks(image_bgr)
        gain = float(np.median((now + _DARK) / (self._background + _DARK)))
        if not 1 / s.flash <= gain <= s.flash:
            self._background = now
            self._frames = 1
            return True
        expected = np.clip((self._background + _DARK) * gain - _DARK, 0, 255)
        rest = now - expected
        apart = np.abs(rest)
        changed = int(((apart > self._noise * s.noise_factor) & self._cells).sum())
        interval_s = max(interval_s, 0.0)
        # One frame is a poor background: the first ones are all worth the same.
        self._frames += 1
        share = max(-np.expm1(-interval_s / s.background_s), 1 / self._frames)
        self._background = expected + rest * share
        # Somebody who passes is no noise: of a large difference only a little counts.
        usual = np.minimum(apart, _SURPRISE * self._noise)
        noise = self._noise + (usual - self._noise) * -np.expm1(-interval_s / s.noise_s)
        self._noise = np.clip(noise, s.least_levels / s.noise_factor, s.most_levels / s.noise_factor)
        return changed >= max(min(s.blocks, int(self._cells.sum())), 1)

    def _begin(self, image_bgr: npt.NDArray[np.uint8]) -> None:
        height, width = image_bgr.shape[:2]
        columns = self._settings.columns
        rows = int(np.clip(round(columns * height / width), 1, 4 * columns))
        self._shape = image_bgr.shape
        self._cells = np.ones((rows, columns), np.bool_)
        if self._region is not None:
            self._cells = self._region.cells(rows, columns)
        self._background = self._blocks(image_bgr)
        self._noise = np.full((rows, columns), _NOISE, np.float32)
        self._frames = 1

    def _blocks(self, image_bgr: npt.NDArray[np.uint8]) -> FloatArray:
        """Mean luminance of each block, float32 (rows, columns), 0..255."""
        rows, columns = self._cells.shape
        # Reads a few pixels of each block, not all of them.
        small = cv2.resize(image_bgr, (columns * _POINTS, rows * _POINTS), interpolation=cv2.INTER_LINEAR)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        return np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
