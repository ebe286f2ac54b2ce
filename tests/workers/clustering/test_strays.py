from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import evidence

from workers.clustering.cluster_sums import ClusterSums
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.constraints import Constraints
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.strays import Strays
from workers.clustering.ties import Ties
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# A cosine of 0.335 is even, and one more 0.1 is a ratio of 7.8.
DIMENSION = 256
CALIBRATION = Calibration.flat(DIMENSION, genuine=0.65, impostor=0.02, spread=0.09)
PRIOR = 4.0


def vector(parts: dict[int, float], rest: int) -> FloatArray:
    """A unit vector of these components; what is missing goes along an axis of its own."""
    result = np.zeros(DIMENSION, np.float32)
    for axis, value in parts.items():
        result[axis] = value
    result[rest] = np.sqrt(1 - (result**2).sum())
    return result


# Six tracks of a person along axis 0, the first of them along axis 1 as well; people of one track beside.
PERSON = [vector({0: 0.8}, 1 + k) for k in range(6)]
OTHERS = [vector({}, 20 + k) for k in range(110)]
# On the mean a cosine of 0.366 with the person, and 0.516 with the first track.
POOR = vector({0: 0.42, 1: 0.3}, 10)


def joined(
    vectors: list[FloatArray],
    labels: list[int],
    *,
    alone: list[int] | None = None,
    takes: list[int] | None = None,
    ties: Ties | None = None,
    least_rivals: int = 1,
) -> IntArray:
    templates, of = np.stack(vectors), np.array(labels)
    count = len(labels)
    sizes = CALIBRATION.size_weights([100.0] * count)
    sides = ties.sides if ties else ()
    ones, zeros = np.ones(count, np.float32), np.zeros(count, np.float32)
    rules = LikelihoodSettings()
    rows = np.arange(count)
    sums = ClusterSums(templates, rows, sizes, ones, zeros, (), sides, -PRIOR, CALIBRATION, rules)
    first, second = np.triu_indices(count, 1)

    def most(strays: IntArray, members: IntArray) -> FloatArray:
        near = (templates[strays] @ templates[members].T).max(axis=1)
        return np.asarray(0.63 / 0.09**2 * (near - 0.335) - PRIOR, np.float32)

    everyone = list(range(count))
    may_join, may_take = (np.isin(everyone, everyone if some is None else some) for some in (alone, takes))
    none = np.zeros((0, 2), np.intp)
    strays = Strays(of, may_join, may_take, ties or Ties((), none, none, ()), least_rivals)
    assert strays.can_be_told
    return strays.joined((first, second), sums.grouped(of), most, 0.0)


def test_a_poor_track_joins_whom_it_is_clearly_like() -> None:
    found = joined([*PERSON, POOR, *OTHERS[:3]], [0] * 6 + [1, 2, 3, 4])
    assert found.tolist() == [0] * 7 + [1, 2, 3]


def test_it_stays_alone_where_somebody_else_comes_near() -> None:
    # A cosine of 0.33 with another track, which is as good as 0.31 with all six of the person.
    rival = vector({10: 0.33 / float(POOR[10])}, 200)
    found = joined([*PERSON, POOR, rival, *OTHERS[:3]], [0] * 6 + [1, 2, 3, 4, 5])
    assert found.tolist() == [0] * 6 + [1, 2, 3, 4, 5]


def test_it_stays_alone_where_no_single_track_is_like_it() -> None:
    # As like all of them on the mean, and none of them more.
    even = vector({0: 0.3666 / 0.8}, 10)
    found = joined([*PERSON, even, *OTHERS[:3]], [0] * 6 + [1, 2, 3, 4])
    assert found.tolist() == [0] * 6 + [1, 2, 3, 4]


def test_nobody_joins_who_may_not_or_where_no_track_founds_a_person() -> None:
    labels = [0] * 6 + [1, 2, 3, 4]
    everybody = [*PERSON, POOR, *OTHERS[:3]]
    assert joined(everybody, labels, alone=[7, 8]).tolist() == labels
    assert joined(everybody, labels, takes=[6, 7, 8]).tolist() == labels
    assert joined(everybody, labels, takes=[5]).tolist() == [0] * 7 + [1, 2, 3]


def test_strays_join_nobody_who_is_alone_too() -> None:
    # Two poor tracks, each like the other one.
    found = joined([POOR, POOR, *OTHERS[:3]], [0, 1, 2, 3, 4])
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_of_two_who_were_seen_together_the_clearer_one_joins() -> None:
    clearer = vector({0: 0.43, 1: 0.3}, 11)
    labels = [0] * 6 + [1, 2, 3, 4]
    none = np.zeros((0, 2), np.intp)
    everybody = [*PERSON, POOR, clearer, *OTHERS[:2]]
    assert joined(everybody, labels).tolist() == [0] * 8 + [1, 2]
    apart = Ties((), none, np.array([[6, 7]]), ())
    assert joined(everybody, labels, ties=apart).tolist() == [0] * 6 + [1, 0, 2, 3]
    said = Ties((), none, none, (([7], [2]),))
    assert joined(everybody, labels, ties=said).tolist() == [0] * 7 + [1, 2, 3]


def test_few_other_people_are_too_few_to_tell() -> None:
    none = Ties((), np.zeros((0, 2), np.intp), np.zeros((0, 2), np.intp), ())
    for count, enough in ((101, False), (102, True)):
        everyone = np.ones(count, np.bool_)
        assert Strays(np.arange(count), everyone, everyone, none).can_be_told == enough


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_strays_in_any_order_join_the_same_clusters(seed: int, random: object) -> None:
    chance = np.random.default_rng(seed)
    shares = chance.uniform(0.3, 0.5, 8)
    strays = [vector({0: float(share), 1: 0.3, 2: 0.2}, 30 + k) for k, share in enumerate(shares)]
    vectors = [*PERSON, *strays, *OTHERS[20:24]]
    labels = [0] * 6 + list(range(1, 13))
    apart = [(6 + a, 6 + b) for a, b in itertools.combinations(range(8), 2) if chance.random() < 0.2]
    order = list(range(len(vectors)))
    random.shuffle(order)  # type: ignore[attr-defined]
    place = np.argsort(order)
    none = np.zeros((0, 2), np.intp)
    ties, mixed = (
        Ties((), none, np.array([(at[a], at[b]) for a, b in apart], np.intp).reshape(-1, 2), ())
        for at in (np.arange(len(vectors)), place)
    )
    found = joined(vectors, labels, ties=ties)
    again = joined([vectors[k] for k in order], [labels[k] for k in order], ties=mixed)[place]
    assert (found[:, None] == found).tolist() == (again[:, None] == again).tolist()
    assert all(found[a] != found[b] for a, b in apart)


@pytest.mark.parametrize("limit", [1, 1000])
def test_among_many_people_a_poor_track_finds_its_own(limit: int) -> None:
    clusterer = TrackClusterer(CALIBRATION, limit=limit)
    vectors = {f"p{k}": one for k, one in enumerate(PERSON)} | {"poor": POOR}
    vectors |= {f"o{k}": one for k, one in enumerate(OTHERS)}
    for name, one in vectors.items():
        clusterer.insert(evidence(name, one, source_id=f"i-{name}", photo=True, founder=name != "poor"))
    person = tuple(f"p{k}" for k in range(6))
    found = clusterer.recluster({})
    assert (*person, "poor") in found.clusters
    assert len(found.clusters) == 111
    assert (found.unassigned, found.wide) == ((), 0)
    # Whom people split off does not come back.
    clusterer.constrain(Constraints.of(together=[["poor"]], apart=[(list(person), ["poor"])]))
    assert {person, ("poor",)} <= set(clusterer.recluster({}).clusters)
