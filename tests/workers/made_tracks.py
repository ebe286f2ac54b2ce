"""Evidence of made-up people, as the clusterer sees it, with the calibration of `synthetic`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from synthetic import CALIBRATION, DIMENSION, Cast

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.groups import Groups
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.partition import Partition
from workers.models.calibration import Calibration

CAST = Cast()
PLAIN = np.zeros(DIMENSION, np.float32)
# Similarities spread widely, so that log-likelihood ratios do not run into their limit: 2.5 at 0.75.
SOFT = Calibration.flat(32, genuine=0.9, impostor=0.1, spread=0.3)
# As if people came back in each recording as often as usual: faces, clothes and sources are all that counts.
USUAL = LikelihoodSettings(recurrence_for=0.0, recurrence_against=0.0)


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


def soft(*tracks: TrackEvidence) -> TrackClusterer:
    """A clusterer that holds these tracks, by the calibration `SOFT` and the settings `USUAL`."""
    clusterer = TrackClusterer(SOFT, settings=USUAL)
    for track in tracks:
        clusterer.insert(track)
    return clusterer


def groups_of(partition: Partition) -> set[frozenset[str]]:
    """The people of a partition, in no order."""
    return {frozenset(cluster) for cluster in partition.clusters}


def crowd(seed: int) -> list[TrackEvidence]:
    """Tracks so noisy, and so often seen together, that many merges hang in the balance."""
    random = np.random.default_rng(seed)
    tracks = []
    for k in range(16):
        start = int(random.integers(0, 60))
        frames = range(start, start + int(random.integers(1, 15)))
        tracks.append(
            evidence(
                f"t{k:02}",
                CAST.vector(int(random.integers(0, 4)), 1000 * seed + k, noise=1.1),
                source_id=str(random.choice(["v-1", "v-2"])),
                moments=frames,
                middle_s=frames[0] / 25,
                founder=bool(random.random() < 0.7),
                clothing=clothes(*random.integers(0, 8, 2).tolist()) if random.random() < 0.5 else None,
                continues=f"t{k - 1:02}" if random.random() < 0.15 else None,
            )
        )
    return tracks


crowds = st.integers(0, 10_000).map(crowd)
