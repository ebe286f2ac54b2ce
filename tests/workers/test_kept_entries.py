from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.kept_entries import KeptEntries, KeptEntry


def _entries(kinds: list[str]) -> list[KeptEntry]:
    """k: a keyframe, p: packets without one, j: a picture of its own, x: what can't be read."""
    return [
        KeptEntry(float(place), b"%d" % place, begins=kind in "kj", leads=kind in "kp")
        for place, kind in enumerate(kinds)
    ]


def _left(kinds: list[str], told: int) -> list[int]:
    kept = KeptEntries(1000)
    for entry in _entries(kinds):
        kept.add(entry)
    done = [int(entry_id) for entry_id in kept.told(told - 1.0)]
    assert done == list(range(len(done)))
    return list(range(len(done), len(kinds)))


def test_what_decoding_the_first_untold_frame_takes_is_left() -> None:
    assert _left(list("kppkpp"), 5) == [3, 4, 5]
    assert _left(list("kppkpp"), 3) == [3, 4, 5]
    assert _left(list("kppkpp"), 2) == [0, 1, 2, 3, 4, 5]
    assert _left(list("kppkpp"), 0) == [0, 1, 2, 3, 4, 5]


def test_what_the_next_frame_may_take_is_left_if_all_have_been_told_of() -> None:
    assert _left(list("kppkpp"), 6) == [3, 4, 5]
    assert _left(list("jjj"), 3) == []
    assert _left(list("kpj"), 3) == []


def test_what_nobody_can_decode_is_not_left() -> None:
    assert _left(list("pppkp"), 2) == [2, 3, 4]
    assert _left(list("ppp"), 3) == []


def test_what_can_not_be_read_is_no_beginning() -> None:
    assert _left(list("kpxp"), 3) == [0, 1, 2, 3]
    assert _left(list("jx"), 2) == []


@given(st.lists(st.sampled_from("kpjx"), max_size=30), st.data())
def test_what_is_left_suffices_and_no_less_would(kinds: list[str], data: st.DataObject) -> None:
    told = data.draw(st.integers(0, len(kinds)))
    left = _left(kinds, told)
    entries = _entries(kinds)
    assert set(range(told, len(kinds))) <= set(left)
    extra = [place for place in left if place < told]
    if extra:
        assert entries[extra[0]].leads
        assert not any(entries[place].begins for place in extra[1:] if place <= told)
    if told < len(kinds) and kinds[told] == "p" and "k" in kinds[:told]:
        since = max(place for place in range(told) if entries[place].begins)
        assert kinds[since] == "j" or since in left


def test_no_more_is_known_than_the_stream_holds() -> None:
    kept = KeptEntries(3)
    for entry in _entries(list("jjjjj")):
        kept.add(entry)
    assert kept.told(10.0) == [b"2", b"3", b"4"]
