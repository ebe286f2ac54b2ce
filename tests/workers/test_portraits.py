from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import Cast
from told_in_full import portraits_in_full

from storage.sample_record import FaceSample
from workers import portraits as album
from workers.portraits import Portraits, View, portraits, views_of

DIMENSION = 16
COUNT = 5

quick = settings(max_examples=60, deadline=None)


def look(number: int, *, near: int | None = None, share: float = 0.0) -> npt.NDArray[np.float16]:
    """A look of its own, or one that is between it and another: unit vectors, float16."""
    vector = np.random.default_rng(number).normal(size=DIMENSION)
    if near is not None:
        vector = share * vector / np.linalg.norm(vector) + (1 - share) * look(near).astype(np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def view(
    name: str, quality: float, vector: npt.NDArray[np.float16], source_id: str = "v-1", score: float = 1.0
) -> View:
    return View(name, source_id, quality, score, vector)


@st.composite
def view_lists(draw: st.DrawFn) -> list[View]:
    """Some looks, some of them several times in nearly or exactly the same way."""
    made = draw(
        st.lists(
            st.tuples(
                st.integers(0, 6),
                st.floats(0.001, 1),
                st.sampled_from(["v-1", "v-2"]),
                st.sampled_from([0, 0.01, 1]),
            ),
            max_size=25,
        )
    )
    return [
        view(f"s{k}", quality, look(100 + k, near=number, share=share), source)
        for k, (number, quality, source, share) in enumerate(made)
    ]


def chosen(views: Sequence[View], count: int = COUNT) -> list[View]:
    by_id = {one.sample_id: one for one in views}
    return [by_id[sample_id] for sample_id in portraits(views, count)]


def distance(one: View, other: View) -> float:
    return 1 - float(one.vector.astype(np.float32) @ other.vector.astype(np.float32))


@quick
@given(st.data())
def test_what_is_kept_from_face_to_face_chooses_as_from_all_faces_at_once(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Few, so that there are soon more faces than are chosen from.
        patch.setattr(album, "_POOL", 8)
        patch.setattr(album, "_POOL_PER_SOURCE", 2)
        kept, there = Portraits(COUNT), list[View]()
        for number in range(data.draw(st.integers(1, 60))):
            if there and data.draw(st.integers(0, 3)) == 0:
                kept.remove(there.pop(data.draw(st.integers(0, len(there) - 1))))
            else:
                quality, score = (data.draw(st.integers(1, 5)) / 5 for _ in range(2))
                source_id = data.draw(st.sampled_from(["v-1", "v-2", "v-3", "v-4", "v-5"]))
                there.append(view(f"s{number}", quality, look(number), source_id, score))
                kept.add(there[-1])
            if data.draw(st.booleans()):
                assert kept.chosen() == portraits_in_full(there, COUNT, 8, 2)
        assert kept.chosen() == portraits_in_full(there, COUNT, 8, 2)


# What always holds ----------------------------------------------------------------------------------------


@quick
@given(view_lists(), st.integers(1, 7))
def test_at_most_so_many_are_chosen_none_twice_and_the_best_first(views: list[View], count: int) -> None:
    found = portraits(views, count)
    assert len(found) <= count
    assert len(set(found)) == len(found)
    assert set(found) <= {one.sample_id for one in views}
    if views:
        assert found[0] == min(views, key=lambda one: (-one.quality, one.sample_id)).sample_id


@quick
@given(view_lists(), st.randoms(use_true_random=False))
def test_the_order_of_the_views_does_not_matter(views: list[View], random: object) -> None:
    shuffled = sorted(views, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert portraits(shuffled, COUNT) == portraits(views, COUNT)


@quick
@given(view_lists(), st.integers(1, 6))
def test_with_fewer_places_the_first_of_them_stay(views: list[View], count: int) -> None:
    assert portraits(views, count) == portraits(views, count + 1)[:count]


@quick
@given(view_lists())
def test_a_better_face_comes_first_whoever_was_there(views: list[View]) -> None:
    better = view("better", 1.0, look(50))
    others = [replace(one, quality=one.quality * 0.9) for one in views]
    assert portraits([*others, better], COUNT)[0] == "better"


@quick
@given(view_lists())
def test_no_face_is_shown_that_is_much_worse_than_the_best(views: list[View]) -> None:
    for one in chosen(views):
        assert one.quality >= 0.4 * max(other.quality for other in views)


@quick
@given(view_lists())
def test_all_that_are_shown_differ(views: list[View]) -> None:
    found = chosen(views)
    good = [one for one in views if one.quality >= 0.4 * found[0].quality] if found else []
    widest = max((distance(found[0], other) for other in good), default=0.0)
    for k, one in enumerate(found):
        assert all(distance(one, other) > 0.1 * widest - 1e-6 for other in found[:k])


# What is wanted -------------------------------------------------------------------------------------------


def test_nobody_without_views_is_shown() -> None:
    assert portraits([], COUNT) == ()


def test_the_same_smile_is_shown_once_in_its_best_picture() -> None:
    smiles = [view(f"smile {k}", 0.5 + k / 100, look(k, near=1000, share=0.02)) for k in range(20)]
    frown = view("frown", 0.5, look(2000))
    assert portraits([*smiles, frown], COUNT) == ("smile 19", "frown")


@pytest.mark.parametrize("number", range(5))
def test_pictures_that_are_all_the_same_are_shown_once(number: int) -> None:
    assert portraits([view(f"s{k}", 0.9, look(number)) for k in range(9)], COUNT) == ("s0",)


def test_a_better_picture_of_a_look_takes_the_place_of_a_worse_one() -> None:
    looks = [view(f"s{k}", 0.6, look(k)) for k in range(COUNT)]
    best = view("best", 0.9, look(99))
    before = portraits([best, *looks], COUNT + 1)
    assert set(before) == {"best", *(one.sample_id for one in looks)}
    # "s2" once more: nearly the same vector, far better.
    again = view("again", 0.8, look(777, near=2, share=0.05))
    after = portraits([best, *looks, again], COUNT + 1)
    assert set(after) == {*before, "again"} - {"s2"}


def test_a_head_that_turns_away_is_not_the_first_to_be_shown_however_large_it_is() -> None:
    """Landmarks are guessed there, and may be those of a large face; the detector was less sure."""
    turned = view("turned", 0.77, look(1), score=0.89)
    frontal = view("frontal", 0.64, look(2), score=0.9999)
    assert portraits([turned, frontal], COUNT)[0] == "frontal"


def test_a_detector_that_is_never_quite_sure_loses_nothing() -> None:
    views = [view("good", 0.9, look(1), score=0.7), view("small", 0.3, look(2), score=0.7)]
    assert portraits(views, 1) == ("good",)


def test_what_is_different_goes_before_what_is_a_little_better() -> None:
    best = view("best", 0.9, look(1))
    alike = view("alike", 0.85, look(5, near=1, share=0.3))
    other = view("other", 0.7, look(9))
    assert portraits([best, alike, other], 2) == ("best", "other")


def test_what_is_much_better_goes_before_what_is_a_little_more_different() -> None:
    best = view("best", 0.9, look(1))
    good, poor = view("good", 0.85, look(5, near=1, share=0.6)), view("poor", 0.4, look(9))
    assert distance(best, good) < distance(best, poor)
    assert portraits([best, good, poor], 2) == ("best", "good")


def test_distance_is_measured_by_what_there_is() -> None:
    """An embedder to which all pictures of a person are much alike still shows several of them."""
    tight = [view(f"s{k}", 0.9 - k / 100, look(k, near=1000, share=0.15)) for k in range(4)]
    widest = max(distance(one, other) for one in tight for other in tight)
    assert widest < 0.1
    assert len(portraits(tight, COUNT)) == 4


# Very many ------------------------------------------------------------------------------------------------


def test_of_very_many_a_source_that_is_longer_or_sharper_does_not_crowd_out_the_others() -> None:
    # A thousand sharp faces of one film, that all look the same to within noise, and a few of two others.
    film = [view(f"film {k}", 0.95, look(k, near=1000, share=0.02), "v-1") for k in range(1000)]
    others = [view(f"other {k}", 0.6, look(3000 + k), f"v-{2 + k % 2}") for k in range(6)]
    sources = {one.source_id for one in chosen([*film, *others])}
    assert sources == {"v-1", "v-2", "v-3"}


def test_of_very_many_sources_some_are_shown() -> None:
    views = [
        view(f"{s}.{k}", 0.5 + k / 1000, look(s * 10 + k), f"v-{s}") for s in range(200) for k in range(3)
    ]
    found = chosen(views)
    assert len(found) == COUNT
    assert len({one.source_id for one in found}) > 1


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_very_many_does_not_matter_either(seed: int) -> None:
    qualities = np.random.default_rng(5).uniform(0.1, 1, 600).round(2)
    views = [view(f"s{k}", float(q), look(k % 97), f"v-{k % 7}") for k, q in enumerate(qualities)]
    shuffled = [views[k] for k in np.random.default_rng(seed).permutation(600)]
    assert portraits(shuffled, COUNT) == portraits(views, COUNT)


# The views of a track -------------------------------------------------------------------------------------


def samples(*facts: tuple[str, float, bool]) -> list[FaceSample]:
    sample = next(one for one in Cast().track(0, 0) if isinstance(one, FaceSample))
    return [
        replace(sample, sample_id=name, quality=quality, crop_jpeg=b"jpeg" if crop else b"")
        for name, quality, crop in facts
    ]


def test_the_views_of_a_track_are_its_best_faces_with_a_picture() -> None:
    made = samples(("a", 0.3, True), ("b", 0.9, False), ("c", 0.8, True), ("d", 0.5, True), ("e", 0.4, True))
    found = views_of(made)
    assert [(one.sample_id, one.quality, one.source_id) for one in found] == [
        ("c", 0.8, "v-1"),
        ("d", 0.5, "v-1"),
        ("e", 0.4, "v-1"),
    ]
    for one in found:
        assert one.vector == pytest.approx(made[0].vector, abs=1e-3)


def test_a_track_without_pictures_has_nothing_to_show() -> None:
    assert views_of(samples(("a", 0.9, False))) == views_of([]) == ()


def test_equally_good_faces_come_in_the_same_order_whatever_order_they_were_read_in() -> None:
    made = samples(("b", 0.5, True), ("a", 0.5, True))
    assert [one.sample_id for one in views_of(made)] == ["a", "b"]
    assert [one.sample_id for one in views_of(made[::-1])] == ["a", "b"]
