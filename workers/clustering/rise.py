"""How much more alike the people of videos are than a calibration, made on photos, expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.pairs import FloatArray, IntArray, Labelled
from workers.models.calibration import Calibration

# The median of fewer pairs is chance.
_LEAST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Rise:
    """Similarity of two people of a video, minus what the calibration expects at their sizes: medians.

    Attributes:
        pairs_together: Pairs of tracks that are seen at the same time, in each clip.
        together: Their median in each clip; None where they are too few. This is what clustering measures.
        across: Median over pairs of two people in two clips, or None where there are none.
        genuine: Median over pairs of one person, minus what is expected of genuine pairs, or None likewise.
        video_rise: The highest of `together`, but not below 0: the figure of a pack. It stands in for what
            is not known yet of a video, and too high a figure only keeps people apart a little longer. None
            where no clip has enough pairs.
    """

    pairs_together: tuple[int, ...]
    together: tuple[float | None, ...]
    across: float | None
    genuine: float | None
    video_rise: float | None


def measure_rise(
    items: Labelled,
    sizes_px: FloatArray,
    together: Sequence[tuple[int, int]],
    calibration: Calibration,
    clips: int,
) -> Rise:
    """Measure the rise of labelled tracks.

    Args:
        items: Templates of N tracks, whose they are, and of which clip each is.
        sizes_px: (N,), their effective sizes.
        together: Pairs of tracks of two people that are seen at the same time.
        calibration: Of the embedder.
        clips: How many clips there are.
    """
    pairs = np.array(together, np.intp).reshape(-1, 2)
    weights = calibration.size_weights(sizes_px)
    excess = _excess(items, weights, pairs[:, 0], pairs[:, 1], calibration.impostor)
    clip_of = items.sources[pairs[:, 0]]
    of_each = [excess[clip_of == clip] for clip in range(clips)]
    medians = [float(np.median(values)) if len(values) >= _LEAST_PAIRS else None for values in of_each]
    across, genuine = [np.empty(0)], [np.empty(0)]
    for k in range(len(items.labels) - 1):
        others = np.arange(k + 1, len(items.labels))
        same = items.labels[others] == items.labels[k]
        far = others[~same & (items.sources[others] != items.sources[k])]
        across.append(_excess(items, weights, np.full(len(far), k), far, calibration.impostor))
        near = others[same]
        genuine.append(_excess(items, weights, np.full(len(near), k), near, calibration.genuine))
    known = [median for median in medians if median is not None]
    return Rise(
        tuple(len(values) for values in of_each),
        tuple(medians),
        _median(np.concatenate(across)),
        _median(np.concatenate(genuine)),
        max(*known, 0.0) if known else None,
    )


def _excess(
    items: Labelled, weights: FloatArray, first: IntArray, second: IntArray, expected: FloatArray
) -> npt.NDArray[np.float64]:
    """Similarity of pairs minus what is expected at their sizes."""
    similarity = np.einsum("ij,ij->i", items.vectors[first], items.vectors[second])
    return np.asarray(
        similarity - np.einsum("is,st,it->i", weights[first], expected, weights[second]), np.float64
    )


def _median(values: npt.NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if len(values) else None
