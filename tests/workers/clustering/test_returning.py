"""Few templates of somebody tell their new tracks from those of others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from synthetic import CALIBRATION, DIMENSION, Cast

from workers.clustering.profiles import Profiles
from workers.clustering.returning import (
    MOST_KEPT,
    SURE_RETURN,
    profile_of,
    return_sureness,
    templates_to_keep,
)

CAST = Cast()


def templates(person: int, numbers: range) -> np.ndarray:
    return np.stack([CAST.vector(person, number) for number in numbers])


def profile(*vectors: np.ndarray) -> Profiles:
    count = len(vectors)
    return profile_of(
        "", np.stack(vectors), np.full(count, 100.0), np.ones(count), np.ones(count, bool), CALIBRATION
    )


def sureness(track: Profiles, forgotten: Profiles, rival: Profiles | None = None) -> float:
    return return_sureness(track, forgotten, rival, CALIBRATION)


KEPT = profile(*templates(0, range(3)))
RETURN, STRANGER = profile(CAST.vector(0, 50)), profile(CAST.vector(1, 50))


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_at_most_five_templates_are_kept_each_once(count: int, seed: int) -> None:
    noise = np.random.default_rng(seed)
    vectors = noise.normal(size=(count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = templates_to_keep(vectors, noise.uniform(1.1, 2, count).astype(np.float32)).tolist()
    assert len(rows) == min(count, MOST_KEPT)
    assert rows == sorted(set(rows))
    assert set(rows) <= set(range(count))


@given(st.permutations(range(20)))
def test_of_views_that_differ_one_each_is_kept(order: list[int]) -> None:
    # Five views, four tracks of each.
    views = np.concatenate([templates(view, range(4)) for view in range(MOST_KEPT)])[order]
    rows = templates_to_keep(views, np.ones(20, np.float32))
    assert sorted(order[row] // 4 for row in rows) == list(range(MOST_KEPT))


def test_poor_templates_are_not_kept_where_there_are_better_ones() -> None:
    telling = np.array([20, 90, 25, 80, 30, 22, 24], np.float32)
    assert templates_to_keep(templates(0, range(7)), telling).tolist() == [1, 3]
    assert len(templates_to_keep(templates(0, range(7)), telling % 30 + 30)) == MOST_KEPT


def test_of_very_many_templates_those_that_tell_most_are_chosen_among() -> None:
    vectors = np.tile(templates(0, range(30)), (40, 1))
    telling = np.ones(len(vectors), np.float32)
    telling[600:700] = 2
    telling[700:1100] = 1.5
    rows = templates_to_keep(vectors, telling)
    assert ((rows >= 600) & (rows < 1100)).all()


def test_who_comes_back_is_told_from_a_stranger() -> None:
    assert sureness(RETURN, KEPT) >= SURE_RETURN
    assert sureness(STRANGER, KEPT) < 1e-3


def test_one_of_the_collection_who_is_as_like_a_track_keeps_it() -> None:
    twin = profile(*templates(0, range(10, 13)))
    assert sureness(RETURN, KEPT, twin) < SURE_RETURN
    assert sureness(RETURN, KEPT, profile(CAST.vector(1, 0))) >= SURE_RETURN


def test_a_face_kept_of_two_who_were_forgotten_does_not_come_through_between_them() -> None:
    kept, again = templates(0, range(3)), templates(0, range(3, 6))
    one = profile(*kept)
    both = Profiles(
        ["p1", "p2"],
        *(
            np.concatenate([getattr(each, name) for each in (one, profile(*again))])
            for name in ("means", "size_weights", "views", "video_share")
        ),
    )
    assert sureness(RETURN, both) >= SURE_RETURN


@given(st.integers(0, 2**32 - 1))
def test_a_rival_makes_nobody_surer(seed: int) -> None:
    noise = np.random.default_rng(seed)

    def like(person: int) -> Profiles:
        vector = CAST.vector(person, 7) + noise.normal(size=DIMENSION) * noise.uniform(0, 0.5)
        return profile((vector / np.linalg.norm(vector)).astype(np.float32))

    track = like(0)
    assert 0 <= sureness(track, KEPT, like(int(noise.integers(2)))) <= sureness(track, KEPT) <= 1
