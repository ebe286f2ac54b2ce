"""Evidence of made-up people, as the clusterer sees it, with the calibration of `synthetic`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from synthetic import CALIBRATION, DIMENSION, Cast

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.groups import Groups

CAST = Cast()
PLAIN = np.zeros(DIMENSION, np.float32)


def evidence(
    track_id: str,
    template: np.ndarray,
    *,
    source_id: str = "v-1",
    moments: Sequence[int] | range | None = None,
    **changes: object,
) -> TrackEvidence:
    """A track of ten moments, at a moment of its own unless moments are given."""
    if moments is None:
        # From the name, so that the same track has the same moments in every order.
        start = int.from_bytes(track_id.encode(), "big") % 10**9 * 100
        moments = range(start, start + 10)
    facts: dict = {
        "size_px": 100.0,
        "moments": np.array(list(moments), np.int64),
        "middle_s": 0.0,
        "founder": True,
    }
    return TrackEvidence(track_id, source_id, template, **{**facts, **changes})


def of(person: int, number: int, **changes: object) -> TrackEvidence:
    """A track of one of up to 32 people; those of one person are much alike, those of two are not."""
    track_id = f"{person}-{number}"
    return evidence(track_id, CAST.vector(person, number), **changes)  # type: ignore[arg-type]


def unit(*values: float) -> np.ndarray:
    """A vector with these first components, L2-normalised."""
    vector = PLAIN.copy()
    vector[: len(values)] = values
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def beside(similarity: float, axis: int = 1) -> np.ndarray:
    """A vector of this cosine with `unit(1)`, turned towards an axis."""
    vector = PLAIN.copy()
    vector[0], vector[axis] = similarity, np.sqrt(1 - similarity**2)
    return vector


def filled(tracks: Iterable[TrackEvidence], **options: object) -> TrackClusterer:
    """A clusterer that holds these tracks."""
    clusterer = TrackClusterer(CALIBRATION, **options)  # type: ignore[arg-type]
    for track in tracks:
        clusterer.insert(track)
    return clusterer


def clothes(*colours: int) -> np.ndarray:
    """A histogram of clothes of these colours, in equal parts."""
    histogram = np.zeros(8, np.float32)
    histogram[list(colours)] = 1 / len(colours)
    return histogram


def fixed_groups(of: Mapping[str, str]) -> Groups:
    """Groups that don't change, by the group of each track."""
    return Groups(of, lambda name: [track_id for track_id, group in of.items() if group == name], lambda: 0)
