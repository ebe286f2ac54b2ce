"""A camera that somebody has set up, and one that is only opened again."""

from __future__ import annotations

from stream.wishes import Wishes


def test_the_same_settings_are_new_once() -> None:
    wishes = Wishes()
    assert wishes.is_new("door", "1")
    assert not wishes.is_new("door", "1")
    assert wishes.is_new("yard", "1")
    assert wishes.is_new("door", "2")
    assert not wishes.is_new("door", "2")


def test_no_more_cameras_are_remembered_than_it_may() -> None:
    wishes = Wishes(most=2)
    for name in ("door", "yard", "hall"):
        assert wishes.is_new(name, "1")
    assert not wishes.is_new("hall", "1")
    assert wishes.is_new("door", "1")
