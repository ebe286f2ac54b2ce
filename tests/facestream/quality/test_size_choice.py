from __future__ import annotations

import numpy as np
import pytest

from facestream.quality.size_choice import pairs_of, size_choice
from workers.models.measurement import SIZES_PX

PEOPLE = [f"person {k // 2}" for k in range(40)]


def sizes(*counted: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(count, px, np.float32) for count, px in counted])


def test_large_faces_are_measured_at_every_size() -> None:
    # Of Labeled Faces in the Wild a tenth are a little smaller than 100 px.
    choice = size_choice(sizes((36, 110), (3, 95), (1, 76.5)), PEOPLE)
    assert choice.sizes_px == SIZES_PX
    assert choice.left_out == ()
    assert choice.used.all()


def test_no_size_is_measured_that_faces_do_not_have() -> None:
    choice = size_choice(sizes((38, 43), (2, 55)), PEOPLE)
    assert choice.sizes_px == (14, 18, 22, 28, 36)
    assert choice.left_out == ((50, 2), (70, 0), (100, 0))
    assert choice.too_small == 0


def test_faces_that_are_much_smaller_than_most_play_no_part() -> None:
    choice = size_choice(sizes((30, 110), (10, 40)), PEOPLE)
    assert choice.sizes_px == SIZES_PX
    assert choice.used.tolist() == [True] * 30 + [False] * 10
    assert choice.too_small == 10


def test_a_few_large_faces_do_not_leave_all_others_out() -> None:
    choice = size_choice(sizes((22, 110), (18, 110)), PEOPLE)
    assert choice.sizes_px == SIZES_PX
    choice = size_choice(sizes((18, 110), (22, 40)), PEOPLE)
    assert choice.sizes_px[-1] == 36
    assert choice.used.all()


def test_a_size_with_too_few_pairs_is_left_out() -> None:
    # One face of each is small: of the large ones no two are of one person.
    choice = size_choice(np.tile(np.array([110, 55], np.float32), 20), PEOPLE)
    assert choice.sizes_px[-1] == 70
    assert choice.left_out == ((100, 20),)


def test_faces_below_the_smallest_size_do_not_forbid_it() -> None:
    choice = size_choice(sizes((16, 16), (24, 9)), [f"person {k // 4}" for k in range(40)])
    assert choice.sizes_px == (14,)
    assert choice.too_small == 24


@pytest.mark.parametrize(("faces", "names"), [(sizes((40, 9)), PEOPLE), (sizes((18, 110)), PEOPLE[:18])])
def test_of_tiny_or_too_few_faces_nothing_is_measured(faces: np.ndarray, names: list[str]) -> None:
    choice = size_choice(faces, names)
    assert choice.sizes_px == ()
    assert [size_px for size_px, _ in choice.left_out] == list(SIZES_PX)


def test_pairs_are_of_one_person_or_of_two() -> None:
    assert pairs_of(["a", "a", "a", "b", "b", "c"]) == (4, 11)
