"""What an embedder's similarities mean, measured once per model pack.

Small faces are blurred, and a network sees blur as likeness: impostors of 20 px are as alike as genuine
pairs of 100 px are. The calibration holds, by face size, where genuine and impostor similarities lie, and
the shift of the mean embedding that comes with the size and not with the person.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from workers.errors import ManifestError

FloatArray = npt.NDArray[np.float32]

# A zip file of some KB can hold arrays that fill the memory.
_MOST_ARRAY_BYTES = 64 << 20
_ARRAYS = ("sizes_px", "mean", "genuine", "impostor", "spread")


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Statistics of cosine similarity by face size.

    Attributes:
        sizes_px: float32 (S,), ascending: the sizes measured at.
        mean: float32 (S, D): mean embedding at each size.
        genuine: float32 (S, S): mean similarity of two pictures of one person, by their sizes.
        impostor: float32 (S, S): mean similarity of two people.
        spread: float32 (S, S): pooled standard deviation of both.
        video_rise: How much more alike two people of a video are than that, before any of its pairs speaks:
            its frames are blurred and compressed, as the photos of a calibration are not. >= 0.
        limit: Two faces count at most this much, for one person and against it: logarithm of a likelihood
            ratio. The more an embedder can tell, the more it may say.
    """

    sizes_px: FloatArray
    mean: FloatArray
    genuine: FloatArray
    impostor: FloatArray
    spread: FloatArray
    video_rise: float = 0.0
    limit: float = 8.0

    def __post_init__(self) -> None:
        """Check that the shapes fit together and that the numbers can be calculated with."""
        count = self.sizes_px.size
        square = (count, count)
        shapes = (
            self.sizes_px.shape,
            self.mean.shape[:1],
            self.genuine.shape,
            self.impostor.shape,
            self.spread.shape,
        )
        if count < 1 or self.mean.ndim != 2 or shapes != ((count,), (count,), square, square, square):
            raise ValueError(f"calibration arrays for {count} sizes have shapes {shapes}")
        if not all(np.isfinite(getattr(self, name)).all() for name in _ARRAYS):
            raise ValueError("calibration holds values that are not finite")
        if self.sizes_px[0] <= 0 or (np.diff(self.sizes_px) <= 0).any():
            raise ValueError(f"calibration sizes {self.sizes_px.tolist()} must be positive and ascending")
        if (self.spread <= 0).any():
            raise ValueError("calibration spread must be positive")
        if not 0 <= self.video_rise < np.inf:
            raise ValueError(f"calibration video_rise {self.video_rise} must be a number from 0")
        if not 0 < self.limit < np.inf:
            raise ValueError(f"calibration limit {self.limit} must be a number above 0")

    @classmethod
    def flat(cls, dimension: int, genuine: float, impostor: float, spread: float) -> Calibration:
        """The same statistics for faces of every size.

        Args:
            dimension: Length of an embedding.
            genuine: Mean similarity of two pictures of one person.
            impostor: Mean similarity of two people.
            spread: Pooled standard deviation.
        """
        one = np.ones((1, 1), np.float32)
        return cls(
            np.array([100.0], np.float32),
            np.zeros((1, dimension), np.float32),
            one * np.float32(genuine),
            one * np.float32(impostor),
            one * np.float32(spread),
        )

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read a calibration that `save` wrote; `video_rise` and `limit` are not in the file.

        Raises:
            ManifestError: If the file is missing or not a calibration.
        """
        try:
            # Opened here, because NumPy leaves a file open that ends too early.
            with path.open("rb") as data:
                _check_sizes(data)
                with np.load(data, allow_pickle=False) as file:
                    sizes_px, mean, genuine, impostor, spread = (
                        np.asarray(file[name], np.float32) for name in _ARRAYS
                    )
                    return cls(sizes_px, mean, genuine, impostor, spread)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            EOFError,
            RuntimeError,
            MemoryError,
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
        ) as error:
            raise ManifestError(f"{path}: not a calibration file: {error}", path=path) from error

    def save(self, file: Path | IO[bytes]) -> None:
        """Write all arrays to a compressed `.npz` file."""
        np.savez_compressed(file, **{name: getattr(self, name) for name in _ARRAYS})

    def size_weights(self, sizes_px: npt.ArrayLike) -> FloatArray:
        """Weights (N, S) that interpolate between the measured sizes, linear in the logarithm of the size."""
        sizes = np.atleast_1d(np.asarray(sizes_px, np.float64))
        weights = np.zeros((len(sizes), len(self.sizes_px)), np.float32)
        if len(self.sizes_px) == 1:
            weights[:] = 1.0
            return weights
        known = np.log(self.sizes_px)
        at = np.clip(np.log(np.maximum(sizes, 1e-3)), known[0], known[-1])
        below = np.clip(np.searchsorted(known, at) - 1, 0, len(known) - 2)
        part = (at - known[below]) / (known[below + 1] - known[below])
        rows = np.arange(len(sizes))
        weights[rows, below] = 1 - part
        weights[rows, below + 1] = part
        return weights

    def compensate(self, vectors: FloatArray, sizes_px: npt.ArrayLike) -> FloatArray:
        """Take the influence of the face's size out of embeddings.

        Args:
            vectors: float32 (N, D), L2-normalised.
            sizes_px: (N,), size of the face that each was made from.

        Returns:
            float32 (N, D), L2-normalised: moved by the difference of the mean embeddings of that size and of
            the largest.
        """
        moved = vectors - self.size_weights(sizes_px) @ self.mean + self.mean[-1]
        return normalised(moved)


def _check_sizes(data: IO[bytes]) -> None:
    with zipfile.ZipFile(data) as archive:
        for info in archive.infolist():
            if info.file_size > _MOST_ARRAY_BYTES:
                raise ValueError(f"{info.filename!r} would have {info.file_size:,} bytes, too many")
    data.seek(0)


def normalised(vectors: FloatArray) -> FloatArray:
    """Rows (N, D) scaled to length 1; zero rows stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: FloatArray = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return result
