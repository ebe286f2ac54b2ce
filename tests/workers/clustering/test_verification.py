from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.pairs import Labelled
from workers.clustering.verification import Verification, rounded_up, verify
from workers.models.calibration import normalised

quick = settings(max_examples=60, deadline=None)


def at_angles(people: list[list[float]], sources: list[int] | None = None) -> Labelled:
    """Vectors in a plane, by their directions in degrees: similarities are cosines of differences."""
    angles = np.radians([angle for person in people for angle in person])
    labels = [k for k, person in enumerate(people) for _ in person]
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Labelled(vectors, np.array(labels, np.intp), np.array(sources or [0] * len(labels), np.intp))


def cos(*degrees: float) -> list[float]:
    return [float(np.cos(np.radians(d))) for d in degrees]


def crowd(people: int, photos: int, noise: float, seed: int) -> Labelled:
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(people, 6)), photos, axis=0)
    vectors = normalised((centres + noise * random.normal(size=centres.shape)).astype(np.float32))
    labels = np.repeat(np.arange(people), photos)
    return Labelled(vectors, labels, np.zeros(len(labels), np.intp))


@st.composite
def crowds(draw: st.DrawFn) -> Labelled:
    return crowd(
        draw(st.integers(2, 6)), draw(st.integers(2, 4)), draw(st.floats(0, 3)), draw(st.integers(0, 99))
    )


# By hand --------------------------------------------------------------------------------------------------

# Pairs of one person: 10 and 50 degrees. Of two: 30, 80, 20, and 30 of the other side.
TWO = at_angles([[0, 10], [30, 80]])


def test_a_threshold_is_the_similarity_of_a_stranger() -> None:
    # 30-0, 30-10, 80-0, 80-10: 30, 20, 80, 70 degrees apart.
    result = verify(TWO, fars=(0.25, 0.5, 0.75, 1))
    thresholds = [point.threshold for point in result.points]
    assert thresholds == pytest.approx([*cos(20, 30, 70), -1])
    assert [point.accepted for point in result.points] == [1, 2, 3, 4]
    # 10 degrees apart is one person's pair, 50 the other's.
    assert [point.tar for point in result.points] == [0.5, 0.5, 1, 1]
    assert result.points[0].distance == pytest.approx(1 - cos(20)[0])


def test_shares_are_rounded_down_to_whole_pairs() -> None:
    result = verify(TWO, fars=(0.49, 0.5, 0.74))
    assert [point.allowed for point in result.points] == [1, 2, 2]
    assert result.points[2].threshold == pytest.approx(cos(30)[0])


def test_less_than_one_pair_is_too_few() -> None:
    (point,) = verify(TWO, fars=(0.24,)).points
    assert (point.threshold, point.tar, point.distance, point.tar_interval) == (None, None, None, None)
    assert not point.is_sure


def test_strangers_who_are_equally_alike_are_not_parted() -> None:
    # Two strangers of 40 degrees each: one alone can't be let in.
    result = verify(at_angles([[0, 0], [40]]), fars=(0.5, 1))
    assert result.points[0].accepted == 0
    assert result.points[0].threshold == pytest.approx(cos(40)[0])
    assert result.points[0].threshold > np.float32(cos(40)[0])
    assert result.points[0].tar == 1


def test_the_oddest_pairs_are_named() -> None:
    result = verify(TWO)
    assert [(pair.first, pair.second) for pair in result.strangers] == [(1, 2)]
    assert [(pair.first, pair.second) for pair in result.estranged] == [(2, 3), (0, 1)]


def test_people_who_are_apart_make_no_errors() -> None:
    result = verify(at_angles([[0, 5], [90, 95], [180, 184]]))
    assert result.eer == 0
    assert cos(85)[0] < result.eer_threshold <= cos(5)[0]


def test_the_equal_error_rate_by_hand() -> None:
    # Of one: 0, 60. Of two: 30, 30, 90, 90. Between 60 and 30 degrees one half of each kind is wrong.
    result = verify(at_angles([[0, 0], [30, 90]]))
    assert result.eer == pytest.approx(0.5)


def test_d_prime_by_hand() -> None:
    result = verify(TWO)
    one, two = np.array(cos(10, 50)), np.array(cos(30, 20, 80, 70))
    expected = (one.mean() - two.mean()) / np.sqrt((one.var() + two.var()) / 2)
    assert result.d_prime == pytest.approx(expected, abs=1e-3)


def test_without_any_spread_there_is_no_d_prime() -> None:
    # Cosines of 1 and 0 without rounding.
    items = Labelled(
        np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32),
        np.array([0, 0, 1, 1], np.intp),
        np.zeros(4, np.intp),
    )
    assert verify(items).d_prime is None


def test_pairs_inside_and_between_sources_are_measured_apart() -> None:
    items = at_angles([[0, 10, 50], [90, 130]], [0, 0, 1, 0, 1])
    assert (verify(items, "within").genuine.number, verify(items, "within").impostor.number) == (1, 3)
    across = verify(items, "across")
    assert (across.genuine.number, across.impostor.number) == (3, 3)
    # 50 degrees is in the other source.
    assert across.strangers[0].similarity == pytest.approx(cos(40)[0])


@pytest.mark.parametrize("people", [[[0, 10]], [[0], [10]], []])
def test_without_both_kinds_of_pairs_nothing_can_be_measured(people: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="some of both are needed"):
        verify(at_angles(people))


# Certainty ------------------------------------------------------------------------------------------------


def test_thirty_errors_make_it_sure() -> None:
    # 14, 28 and 36 of 1,440 pairs of two people.
    result = verify(crowd(5, 12, 1.0, 0), fars=(0.01, 0.02, 0.025))
    assert result.impostor.number == 1440
    assert [point.is_sure for point in result.points] == [False, False, True]


def test_the_interval_holds_the_rate_and_narrows_with_people() -> None:
    widths = []
    for people in (6, 150):
        (point,) = verify(crowd(people, 3, 0.6, 1), fars=(0.05,)).points
        assert point.tar is not None
        assert point.tar_interval is not None
        low, high = point.tar_interval
        assert 0 <= low <= point.tar <= high <= 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize(("people", "least"), [(6, 0.54), (40, 0.91)])
def test_where_no_pair_was_refused_the_interval_still_has_a_width(people: int, least: float) -> None:
    (point,) = verify(crowd(people, 3, 0.0001, 1), fars=(0.05,)).points
    assert point.tar == 1
    assert point.tar_interval == (pytest.approx(least, abs=0.01), 1)


def test_few_people_give_no_interval() -> None:
    assert [point.tar_interval for point in verify(TWO, fars=(0.5,)).points] == [None]


def test_what_was_measured_is_measured_again() -> None:
    assert verify(crowd(20, 3, 1, 3)).points == verify(crowd(20, 3, 1, 3)).points


# Laws -----------------------------------------------------------------------------------------------------


def rates(result: Verification) -> tuple[list[float], list[float]]:
    points = [point for point in result.points if point.threshold is not None]
    return [p.threshold for p in points if p.threshold is not None], [
        p.tar for p in points if p.tar is not None
    ]


@quick
@given(crowds(), st.lists(st.floats(0.001, 1), min_size=1, max_size=5))
def test_who_lets_more_strangers_in_asks_for_less_and_gets_more(items: Labelled, fars: list[float]) -> None:
    result = verify(items, fars=sorted(fars))
    thresholds, tars = rates(result)
    assert thresholds == sorted(thresholds, reverse=True)
    assert tars == sorted(tars)
    for point in result.points:
        assert point.accepted <= point.allowed <= point.far * result.impostor.number + 1e-6


@quick
@given(crowds())
def test_who_lets_everybody_in_misses_nobody(items: Labelled) -> None:
    (point,) = verify(items, fars=(1,)).points
    assert (point.tar, point.threshold) == (1, -1)


@quick
@given(crowds())
def test_both_rates_fall_with_the_threshold(items: Labelled) -> None:
    result = verify(items)
    thresholds, far, tar = result.roc()
    assert (far[0], tar[0], far[-1], tar[-1]) == (1, 1, 0, 0) or result.genuine.most == 1
    for rate in (far, tar):
        assert (np.diff(rate) <= 0).all()
    assert len(thresholds) == len(far) == len(tar)
    at = int(np.argmin(np.abs(thresholds - result.eer_threshold)))
    assert result.eer == pytest.approx((far[at] + 1 - tar[at]) / 2)


@quick
@given(crowds(), st.randoms())
def test_the_order_of_the_photos_plays_no_part(items: Labelled, random: np.random.Generator) -> None:
    order = list(range(len(items.labels)))
    random.shuffle(order)
    other = Labelled(items.vectors[order], items.labels[order], items.sources[order])
    one, two = verify(items, fars=(0.1,)), verify(other, fars=(0.1,))
    assert one.genuine.mean == pytest.approx(two.genuine.mean, abs=1e-6)
    assert one.points[0].allowed == two.points[0].allowed


# Writing down ---------------------------------------------------------------------------------------------


@quick
@given(st.floats(-1, 1), st.integers(2, 5))
def test_a_threshold_is_rounded_so_that_nobody_more_passes(threshold: float, digits: int) -> None:
    written = rounded_up(threshold, digits)
    assert threshold - 1e-8 <= written <= min(threshold + 10**-digits, 1)
    assert round(written, digits) == written
