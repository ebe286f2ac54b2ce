"""The calibration of an embedder, measured on labelled faces at several sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.models.calibration import Calibration, FloatArray, normalised

# From what a detector can find to what shows all that there is.
SIZES_PX = (14, 18, 22, 28, 36, 50, 70, 100)
# Rows compared at once.
_BLOCK = 512


def measured_calibration(
    vectors: FloatArray, labels: npt.NDArray[np.intp], sizes_px: tuple[float, ...] = SIZES_PX
) -> Calibration:
    """What similarities mean at every pair of sizes.

    Args:
        vectors: float32 (S, N, D), L2-normalised embeddings of N photos at S sizes.
        labels: intp (N,), number of the person on each.
        sizes_px: The S sizes, ascending.

    Raises:
        ValueError: If no two photos show one person, or none two people.
    """
    mean = vectors.mean(axis=1)
    moved = [normalised(v - m + mean[-1]) for v, m in zip(vectors, mean, strict=True)]
    count = len(sizes_px)
    genuine, impostor, spread = (np.zeros((count, count), np.float32) for _ in range(3))
    for a in range(count):
        for b in range(a, count):
            one, two = _moments(moved[a], moved[b], labels)
            genuine[a, b] = genuine[b, a] = one[0]
            impostor[a, b] = impostor[b, a] = two[0]
            spread[a, b] = spread[b, a] = np.sqrt((one[1] + two[1]) / 2)
    return Calibration(np.array(sizes_px, np.float32), mean.astype(np.float32), genuine, impostor, spread)


def _moments(
    rows: FloatArray, columns: FloatArray, labels: npt.NDArray[np.intp]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Mean and variance of the similarities of genuine and of impostor pairs, no photo with itself."""
    # Number, sum and sum of squares: of one person, and of two.
    sums = np.zeros((2, 3))
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        similarity = (rows[block] @ columns.T).astype(np.float64)
        same = labels[block][:, None] == labels[None]
        other = ~same
        same[np.arange(len(similarity)), np.arange(start, start + len(similarity))] = False
        for k, chosen in enumerate((same, other)):
            values = similarity[chosen]
            sums[k] += len(values), values.sum(), (values**2).sum()
    if not sums[:, 0].all():
        raise ValueError("photos of two people, and two of one of them, are needed")
    means = sums[:, 1] / sums[:, 0]
    variances = np.maximum(sums[:, 2] / sums[:, 0] - means**2, 0.0)
    return (float(means[0]), float(variances[0])), (float(means[1]), float(variances[1]))
