from __future__ import annotations

import numpy as np
import pytest
from made_tracks import USUAL, evidence, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.models.calibration import Calibration

# A cosine of 0.5 is even; one more 0.1 is a ratio of 0.89.
SOFT = Calibration.flat(32, genuine=0.9, impostor=0.1, spread=0.3)


def chain() -> list[TrackEvidence]:
    """Five tracks of a face, one between that face and another one, and a short one of that other one.

    The one between is most like the other face, and on the mean the two are like the five; but the five alone
    speak clearly against the other face.
    """
    five = [evidence(f"five-{k}", unit(1.0)) for k in range(5)]
    between = evidence("between", unit(0.7, np.sqrt(1 - 0.7**2)))
    other = evidence("other", unit(0.1, 0.952, np.sqrt(1 - 0.1**2 - 0.952**2)), moments=[7])
    return [*five, between, other]


def clustered(tracks: list[TrackEvidence], limit: int, *together: set[str]) -> set[frozenset[str]]:
    clusterer = TrackClusterer(SOFT, settings=USUAL, limit=limit)
    for track in tracks:
        clusterer.insert(track)
    clusterer.constrain(Constraints.of(together))
    return {frozenset(cluster) for cluster in clusterer.recluster({}).clusters}


@pytest.mark.parametrize("limit", [1, 100])
def test_a_chain_of_people_is_broken_up(limit: int) -> None:
    five = frozenset(f"five-{k}" for k in range(5))
    assert clustered(chain(), limit) == {five, frozenset({"between", "other"})}


@pytest.mark.parametrize("limit", [1, 100])
def test_one_whom_the_others_doubt_a_little_stays(limit: int) -> None:
    *five, between, other = chain()
    # A longer look at the other face speaks less against it: as like the five as 0.25.
    doubted = evidence("other", unit(0.25, 0.9, np.sqrt(1 - 0.25**2 - 0.9**2)), moments=[7])
    assert len(clustered([*five, between, doubted], limit)) == 1
    assert len(clustered([*five, between, other], limit)) == 2


def test_what_people_put_together_is_not_broken_up() -> None:
    everyone = frozenset(track.track_id for track in chain())
    assert clustered(chain(), 100, {"other", "five-0"}) == {everyone}
