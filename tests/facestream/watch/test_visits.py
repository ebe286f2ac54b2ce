from hypothesis import given
from hypothesis import strategies as st

from facestream.watch.visits import AWAY_S, Visit, Visits, visit_at
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.sighting_record import Sighting

DOOR, YARD = "c-door", "c-yard"


class People:
    """Records as they are in the store, kept up by hand."""

    def __init__(self) -> None:
        self.records: dict[str, Identity] = {}
        self.asked = 0
        self.visits = Visits(self._look_up)

    def _look_up(self, person: str) -> Identity | None:
        self.asked += 1
        return self.records.get(person)

    def seen(self, person: str, *stretches: tuple[float, float], name: str = "", **more: bool) -> None:
        sightings = tuple(Sighting(DOOR, start_s, end_s) for start_s, end_s in stretches)
        self.records[person] = Identity(person, name, sightings=sightings, **more)

    def track(self, person: str, event_s: float, kind: ChangeKind = ChangeKind.ASSIGNED) -> list[Visit]:
        change = IdentityChange(
            kind, person, f"{DOOR}.{event_s:.0f}.0", "", event_s, event_s, provisional=True
        )
        return self.visits.take(change)

    def change(self, kind: ChangeKind, person: str, at_s: float, other: str = "") -> list[Visit]:
        return self.visits.take(IdentityChange(kind, person, published_at_s=at_s, other_id=other))


def test_somebody_new_is_told_once() -> None:
    people = People()
    assert people.track("p4", 1.0, ChangeKind.CREATED) == [Visit(DOOR, "p4", new=True)]
    assert people.track("p4", 1.0) == people.track("p4", 9.0) == []
    assert people.asked == 0


def test_somebody_known_who_comes_back_is_told_with_name_and_how_long_they_were_away() -> None:
    people = People()
    people.seen("p1", (0.0, 10.0), (100.0, 101.0), name="Ada")
    (visit,) = people.track("p1", 101.0)
    assert visit == Visit(DOOR, "p1", "Ada", away_s=90.0)
    assert visit.called == "p1 Ada"
    assert people.track("p1", 120.0) == []
    people.seen("p1", (0.0, 10.0), (100.0, 120.0), (151.0, 152.0))
    assert [visit.away_s for visit in people.track("p1", 152.0)] == [31.0]


def test_somebody_who_was_never_there_is_told_as_such() -> None:
    people = People()
    people.seen("p1", (100.0, 101.0))
    assert people.track("p1", 101.0) == [Visit(DOOR, "p1")]


def test_somebody_who_stays_in_long_tracks_is_told_once() -> None:
    people = People()
    people.seen("p1", (0.0, 1.0))
    told = list(people.track("p1", 1.0))
    for end_s in range(61, 1000, 60):
        people.seen("p1", (0.0, float(end_s)))
        told += people.track("p1", float(end_s))
    assert told == [Visit(DOOR, "p1")]


def test_what_a_recluster_moves_is_no_visit() -> None:
    visits = Visits(lambda _: Identity("p1"))
    settled = IdentityChange(ChangeKind.ASSIGNED, "p1", f"{DOOR}.1.0", event_s=1.0)
    moved = IdentityChange(ChangeKind.ASSIGNED, "p1", f"{DOOR}.1.0", other_id="p2", provisional=True)
    split = IdentityChange(ChangeKind.SPLIT, "p1", f"{DOOR}.1.0", other_id="p2")
    assert [visit for change in (settled, moved, split) for visit in visits.take(change)] == []


def test_who_turns_out_to_be_somebody_known_is_told_unless_they_were_there_already() -> None:
    people = People()
    people.track("p9", 200.0, ChangeKind.CREATED)
    people.seen("p1", (0.0, 10.0), (199.0, 200.0), name="Ada")
    assert people.change(ChangeKind.MERGED, "p9", 210.0, "p1") == [Visit(DOOR, "p1", "Ada", away_s=189.0)]
    people.track("p10", 205.0, ChangeKind.CREATED)
    assert people.change(ChangeKind.MERGED, "p10", 211.0, "p1") == []
    assert people.visits.lately(DOOR) == [("Ada", 205.0)]


def test_who_is_ignored_or_gone_is_not_shown() -> None:
    people = People()
    people.seen("p1", (0.0, 1.0), ignored=True)
    assert people.track("p1", 1.0) == []
    people.track("p2", 2.0, ChangeKind.CREATED)
    assert people.visits.lately(DOOR) == [("p2", 2.0)]
    people.change(ChangeKind.FORGOTTEN, "p2", 3.0)
    assert people.visits.lately(DOOR) == people.visits.lately(YARD) == []


def test_a_name_that_is_given_meanwhile_is_shown() -> None:
    people = People()
    people.track("p2", 2.0, ChangeKind.CREATED)
    people.seen("p2", (1.0, 2.0), name="Grace")
    people.change(ChangeKind.RENAMED, "p2", 3.0)
    assert people.visits.lately(DOOR) == [("Grace", 2.0)]


def test_memory_holds_who_was_there_of_late_and_the_last_one() -> None:
    people = People()
    for number in range(2000):
        people.track(f"p{number}", 10.0 * number, ChangeKind.CREATED)
    assert len(people.visits._there) < 100
    people.change(ChangeKind.RENAMED, "p1", 1e6)
    assert people.visits.lately(DOOR) == [("p1999", 19990.0)]


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 20)), min_size=1, max_size=8))
def test_a_visit_begins_after_a_long_break(parts: list[tuple[float, float]]) -> None:
    sightings = [Sighting(DOOR, start_s, start_s + length_s) for start_s, length_s in parts]
    event_s = max(s.end_s for s in sightings)
    begin_s, gone_s = visit_at([*sightings, Sighting(YARD, 0.0, event_s)], DOOR, event_s)
    assert begin_s <= event_s
    assert begin_s in {s.start_s for s in sightings}
    if gone_s is not None:
        assert begin_s - gone_s > AWAY_S
        assert gone_s in {s.end_s for s in sightings}
