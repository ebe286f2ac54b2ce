import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.tracking.selection import SampleSelection

Face = tuple[float, float]

# Times in ticks of 0.2 s after the one before, with a quality each.
films = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 1000)), min_size=1, max_size=120).map(
    lambda steps: [
        (at / 5, value / 1000)
        for at, value in zip(itertools.accumulate(s[0] for s in steps), (s[1] for s in steps), strict=True)
    ]
)


def filled(faces: list[Face], capacity: int = 8, stretch_s: float = 0.4) -> SampleSelection[Face]:
    selection: SampleSelection[Face] = SampleSelection(capacity, stretch_s)
    for face in faces:
        selection.offer(*face, lambda face=face: face)  # type: ignore[misc]
    return selection


def test_nothing_offered_nothing_kept() -> None:
    selection = filled([])
    assert selection.best(4) == []
    assert selection.top() is None


@pytest.mark.parametrize("capacity", [1, 0, -3])
def test_a_selection_of_fewer_than_two_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"capacity is {capacity}"):
        SampleSelection(capacity)


def test_the_best_of_each_stretch_is_kept() -> None:
    faces = [(0.0, 0.5), (0.2, 0.9), (0.4, 0.3), (0.6, 0.2), (0.8, 0.1)]
    assert filled(faces).best(8) == [(0.2, 0.9), (0.4, 0.3), (0.8, 0.1)]


def test_of_equals_the_first_is_kept() -> None:
    assert filled([(0.0, 0.5), (0.2, 0.5)]).best(4) == [(0.0, 0.5)]


def test_a_face_is_made_only_if_it_is_the_best_of_its_stretch() -> None:
    made: list[float] = []
    selection: SampleSelection[float] = SampleSelection()

    def offer(media_s: float, value: float) -> bool:
        def make() -> float:
            made.append(value)
            return value

        return selection.offer(media_s, value, make)

    assert [offer(0.0, 0.5), offer(0.2, 0.4), offer(0.2, 0.5), offer(0.3, 0.6), offer(0.4, 0.1)] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert made == [0.5, 0.6, 0.1]


def test_what_would_be_kept_is_known_before_it_is_made() -> None:
    selection: SampleSelection[str] = SampleSelection(stretch_s=1.0)
    for media_s, value in ((5.0, 0.5), (5.5, 0.5), (5.5, 0.6), (5.9, 0.55), (6.0, 0.1)):
        expected = selection.would_keep(media_s, value)
        assert selection.offer(media_s, value, lambda: "face") is expected
    assert not selection.would_keep(5.9, 0.6)


def test_stretches_begin_with_the_first_face() -> None:
    # Counted from 0 s, these two would lie in different stretches.
    assert filled([(0.3, 0.5), (0.5, 0.6)]).best(4) == [(0.5, 0.6)]


def test_samples_are_spread_over_the_whole_track() -> None:
    # The best faces all lie in the first second; the later ones are chosen all the same.
    faces = [(k / 5, 0.9 if k < 5 else 0.3 + 0.001 * (k % 7)) for k in range(100)]
    times = [media_s for media_s, _ in filled(faces).best(4)]
    assert times[0] < 1.0
    assert [int(t // 5) for t in times] == [0, 1, 2, 3]


def test_the_best_of_each_part_is_chosen() -> None:
    faces = [(0.0, 0.1), (0.4, 0.7), (0.8, 0.6), (1.2, 0.2), (1.6, 0.3), (2.0, 0.4)]
    assert filled(faces).best(2) == [(0.4, 0.7), (2.0, 0.4)]
    assert filled(faces).best(3) == [(0.4, 0.7), (0.8, 0.6), (2.0, 0.4)]


def test_one_sample_is_the_best_of_all() -> None:
    faces = [(0.0, 0.1), (0.4, 0.7), (0.8, 0.6)]
    assert filled(faces).best(1) == [(0.4, 0.7)]
    assert filled(faces).top() == (0.4, 0.7)


def test_no_more_samples_than_there_are() -> None:
    assert len(filled([(0.0, 0.1), (0.4, 0.2)]).best(4)) == 2
    assert filled([(0.0, 0.1)]).best(0) == []


def test_all_that_is_kept_can_be_asked_for() -> None:
    faces = [(0.0, 0.1), (0.4, 0.7), (0.8, 0.6)]
    assert filled(faces).best() == faces
    assert filled([]).best() == []


def test_widening_keeps_the_better_of_two_neighbours() -> None:
    faces = [(0.0, 0.9), (0.4, 0.1), (0.8, 0.2), (1.2, 0.8)]
    assert filled(faces, capacity=2).best(2) == [(0.0, 0.9), (1.2, 0.8)]


@settings(max_examples=50, deadline=None)
@given(films, st.integers(2, 9))
def test_keeps_a_bounded_number_with_the_best_of_all(faces: list[Face], capacity: int) -> None:
    selection = filled(faces, capacity)
    kept = selection.best(1000)
    assert len(kept) <= capacity
    assert set(kept) <= set(faces)
    best = selection.top()
    assert best is not None
    assert best in kept
    assert best[1] == max(value for _, value in faces)


@settings(max_examples=50, deadline=None)
@given(films, st.integers(1, 6))
def test_samples_come_in_order_of_time_and_hold_the_best(faces: list[Face], count: int) -> None:
    selection = filled(faces)
    samples = selection.best(count)
    kept = len(selection.best(1000))
    assert len(samples) == min(count, kept)
    assert samples == sorted(samples)
    assert max(value for _, value in samples) == max(value for _, value in faces)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.integers(2, 9))
def test_what_is_kept_of_a_long_track_covers_it_evenly(count: int, capacity: int) -> None:
    faces = [(k / 5, 0.5) for k in range(count)]
    times = [media_s for media_s, _ in filled(faces, capacity).best(1000)]
    length_s = (count - 1) / 5
    # Stretches double: there are more than half as many as allowed as soon as the track fills them.
    if length_s >= 0.4 * capacity:
        assert len(times) > capacity // 2
    gaps = [b - a for a, b in itertools.pairwise([*times, length_s])]
    assert max(gaps) <= max(4 * length_s / capacity, 0.4) + 0.2
