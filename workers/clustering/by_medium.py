"""Numbers that are others for videos than for photos."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ByMedium:
    """A number for pairs of tracks, by what the two were seen in.

    Attributes:
        videos: For two of videos, or of cameras.
        photos: For two of photos.
        mixed: For one of each.
    """

    videos: float
    photos: float
    mixed: float

    @classmethod
    def whatever(cls, value: float) -> ByMedium:
        """The same for all."""
        return cls(value, value, value)

    @classmethod
    def count(cls, videos: int, photos: int) -> ByMedium:
        """Of how many there are of each; for one of each those count of which there are more."""
        return cls(videos, photos, max(videos, photos))

    def map(self, change: Callable[[float], float]) -> ByMedium:
        """What becomes of each of them."""
        return ByMedium(change(self.videos), change(self.photos), change(self.mixed))

    def logarithm(self) -> ByMedium:
        """The natural logarithm of each; 0 of nothing."""
        return self.map(lambda count: math.log(max(count, 1.0)))

    def __add__(self, other: ByMedium) -> ByMedium:
        """The sum for each."""
        return ByMedium(self.videos + other.videos, self.photos + other.photos, self.mixed + other.mixed)

    def __sub__(self, other: ByMedium) -> ByMedium:
        """The difference for each."""
        return ByMedium(self.videos - other.videos, self.photos - other.photos, self.mixed - other.mixed)

    def __mul__(self, other: ByMedium) -> ByMedium:
        """The product for each."""
        return ByMedium(self.videos * other.videos, self.photos * other.photos, self.mixed * other.mixed)

    def least(self, other: ByMedium) -> ByMedium:
        """The lesser one for each."""
        return ByMedium(
            min(self.videos, other.videos), min(self.photos, other.photos), min(self.mixed, other.mixed)
        )

    @property
    def most(self) -> float:
        """The highest of them."""
        return max(self.videos, self.photos, self.mixed)

    def usual(self, photos: BoolArray) -> float:
        """What holds for all pairs of tracks, or for those of two media where there are both."""
        if not photos.any():
            return self.videos
        return self.photos if photos.all() else self.mixed

    def within(self, photos: BoolArray) -> FloatArray:
        """What holds for each track and others of its medium, float32 (N,)."""
        return np.where(photos, self.photos, self.videos).astype(np.float32)

    def between(self, first: BoolArray, second: BoolArray) -> FloatArray:
        """What holds for pairs.

        Args:
            first: Whether each of them was seen in a photo; any shape.
            second: The same of whom it is paired with; broadcast to it.

        Returns:
            float32, the broadcast shape, or a single number where that is the same for all.
        """
        if not first.any() and not second.any():
            return np.asarray(self.videos, np.float32)
        if first.all() and second.all():
            return np.asarray(self.photos, np.float32)
        table = np.array([self.videos, self.mixed, self.photos], np.float32)
        return table[first.astype(np.intp) + second]
