from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.partition import Partition
from workers.mute_tracks import with_mute

TRACKS = [f"t{number}" for number in range(8)]


def test_a_mute_track_goes_where_most_of_its_person_goes() -> None:
    found = with_mute(
        Partition((("a", "b"), ("c",)), ("d",), wide=1),
        {"a": "p1", "b": "p2", "c": "p1", "m": "p1", "d": "p3"},
        {"a": 1.0, "b": 9.0, "c": 2.0, "m": 5.0, "d": 1.0},
    )
    assert found == Partition((("a", "b"), ("c", "m")), ("d",), wide=1)


def test_who_has_nothing_but_mute_tracks_stays_who_they_are() -> None:
    owners = {"a": "p1", "m": "p2", "n": "p2", "o": "p3"}
    found = with_mute(Partition((("a",),), ()), owners, dict.fromkeys(owners, 1.0))
    assert found.clusters == (("a",), ("m", "n"), ("o",))


@given(st.data())
def test_every_owned_track_is_in_one_place_and_what_can_be_compared_stays(data: st.DataObject) -> None:
    comparable = data.draw(st.lists(st.sampled_from(TRACKS), unique=True))
    groups: dict[int, list[str]] = {}
    for track_id in comparable:
        groups.setdefault(data.draw(st.integers(0, 3)), []).append(track_id)
    unassigned = tuple(groups.pop(0, ()))
    partition = Partition(tuple(tuple(sorted(group)) for group in groups.values()), unassigned)
    owners = data.draw(st.dictionaries(st.sampled_from(TRACKS), st.sampled_from(["p1", "p2", "p3"])))

    found = with_mute(partition, owners, dict.fromkeys(TRACKS, 1.0))

    placed = [track_id for group in (*found.clusters, found.unassigned) for track_id in group]
    assert sorted(placed) == sorted({*comparable, *owners})
    assert found.unassigned == partition.unassigned
    assert [
        tuple(t for t in group if t in comparable) for group in found.clusters if set(group) & set(comparable)
    ] == list(partition.clusters)
