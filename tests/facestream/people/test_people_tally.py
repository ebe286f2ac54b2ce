from facestream.people.people_tally import PeopleTally, source_of
from storage.identity_record import ChangeKind, IdentityChange


def change(kind: ChangeKind, identity_id: str, track_id: str = "", other_id: str = "") -> IdentityChange:
    return IdentityChange(kind, identity_id, track_id, other_id=other_id)


def test_each_person_counts_once_in_each_source() -> None:
    tally = PeopleTally()
    tally.take(change(ChangeKind.CREATED, "p1", "c-door.10.0"))
    tally.take(change(ChangeKind.ASSIGNED, "p1", "c-door.10.1"))
    tally.take(change(ChangeKind.ASSIGNED, "p1", "c-yard.2.7.0"))
    tally.take(change(ChangeKind.CREATED, "p2", "c-door.11.0"))
    assert (tally.people("c-door"), tally.people("c-yard.2"), tally.people("c-none")) == (2, 1, 0)
    assert tally.total() == 2


def test_who_is_merged_or_gone_counts_no_more() -> None:
    tally = PeopleTally()
    for person in ("p1", "p2", "p3"):
        tally.take(change(ChangeKind.CREATED, person, "c-door.1.0"))
    tally.take(change(ChangeKind.MERGED, "p2", other_id="p1"))
    assert tally.people("c-door") == 2
    tally.take(change(ChangeKind.VANISHED, "p3"))
    tally.take(change(ChangeKind.RENAMED, "p1"))
    assert tally.people("c-door") == tally.total() == 1


def test_a_source_may_have_dots_in_its_name() -> None:
    assert source_of("c-yard.2.7.0") == "c-yard.2"


def test_the_parts_of_a_divided_track_are_in_its_source() -> None:
    tally = PeopleTally()
    for person, track_id in (("p1", "c-door.12.0"), ("p2", "c-door.12.0.b"), ("p3", "c-door.12.0.c")):
        tally.take(change(ChangeKind.CREATED, person, track_id))
    assert tally.people("c-door") == 3
    assert source_of("c-yard.2.7.0.b") == "c-yard.2"
