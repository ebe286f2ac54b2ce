"""Faces that go on where a segment ends and the next begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from shooting import Shooting, frames_of, moved, put

from workers.models.detection import Detection

Image = npt.NDArray[np.uint8]


def test_a_face_that_goes_on_continues_its_track(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, two, times=3)
    before = shooting.end(at_cut=False)
    shooting.show(group_image, moved(one, 10), moved(two, -10), times=3)
    after = shooting.end()
    assert [track.continues for track in after] == [track.track_id for track in before]
    assert len({track.track_id for track in [*before, *after]}) == 4
    # Observations are told once.
    assert [frames_of(track) for track in after] == [[3, 4, 5], [3, 4, 5]]


def test_the_provisional_record_continues_too(shooting: Shooting, group_image: Image, one: Detection) -> None:
    shooting.show(group_image, one, times=3)
    (before,) = shooting.end(at_cut=False)
    shooting.show(group_image, one, times=3)
    assert [t.continues for t in shooting.batches[-1].tracks] == [before.track_id]


def test_nothing_continues_over_a_cut(shooting: Shooting, group_image: Image, one: Detection) -> None:
    shooting.show(group_image, one, times=3)
    shooting.end(at_cut=True)
    shooting.show(group_image, one, times=3)
    assert [track.continues for track in shooting.end()] == [None]


def test_a_face_elsewhere_continues_nothing(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    shooting.end(at_cut=False)
    shooting.show(group_image, two, times=3)
    assert [track.continues for track in shooting.end()] == [None]


def test_a_face_that_comes_back_later_continues_nothing(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    shooting.end(at_cut=False)
    shooting.show(group_image)
    shooting.show(group_image, one, times=3)
    assert [track.continues for track in shooting.end()] == [None]


def test_a_face_that_was_gone_already_is_not_continued(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    shooting.show(group_image)
    shooting.end(at_cut=False)
    shooting.show(group_image, one, times=3)
    assert [track.continues for track in shooting.end()] == [None]


def test_what_was_no_face_is_not_continued(shooting: Shooting, group_image: Image, one: Detection) -> None:
    shooting.show(group_image, replace(one, score=0.4), times=4)
    assert shooting.end(at_cut=False) == []
    shooting.show(group_image, one, times=3)
    assert [track.continues for track in shooting.end()] == [None]


def test_a_track_is_continued_once(shooting: Shooting, group_image: Image, one: Detection) -> None:
    shooting.show(group_image, one, times=3)
    (before,) = shooting.end(at_cut=False)
    shooting.show(group_image, one, moved(one, 40), times=3)
    continued = [track.continues for track in shooting.end()]
    assert sorted(continued, key=str) == [None, before.track_id]


def test_only_the_first_part_of_a_split_track_continues_another(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    (before,) = shooting.end(at_cut=False)
    shooting.give_way(group_image, one, two)
    assert [track.continues for track in shooting.end()] == [before.track_id, None]


def test_whoever_goes_on_after_a_split_continues_its_second_part(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    other, there = shooting.give_way(group_image, one, two)
    _, second = shooting.end(at_cut=False)
    shooting.show(other, there, times=3)
    assert [track.continues for track in shooting.end()] == [second.track_id]


def test_another_face_in_the_same_place_continues_nothing(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    shooting.end(at_cut=False)
    shooting.show(*put(group_image, two, one), times=3)
    assert [track.continues for track in shooting.end()] == [None]
