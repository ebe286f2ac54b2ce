from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from made_tracks import evidence, of, unit

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence, seen_together

# Fifths of a second: a track of a few minutes, somewhere in ten.
spans = st.tuples(st.integers(0, 3000), st.integers(1, 900), st.sampled_from(["v-1", "v-2"]))


@given(st.lists(spans, min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_it_is_known_who_was_seen_with_whom_whoever_came_and_went(
    found: list[tuple[int, int, str]], gone: set[int]
) -> None:
    company, there = Company(), dict[str, TrackEvidence]()
    for number, (start, length, source_id) in enumerate(found):
        moments = range(start, start + length)
        track = evidence(f"t{number}", unit(1.0), source_id=source_id, moments=moments)
        company.insert(track, there)
        there[track.track_id] = track
    for number in gone & set(range(len(found))):
        company.remove(there.pop(f"t{number}"))
    for track_id, track in there.items():
        others = {other for other in there if other != track_id and seen_together(track, there[other])}
        assert company.of(track_id) == others
    sources = {track.source_id for track in there.values()}
    assert company.by_source.keys() == sources


def test_one_who_is_seen_over_a_border_of_time_is_seen_by_both_sides() -> None:
    company, there = Company(), dict[str, TrackEvidence]()
    for name, moments in [("long", range(250, 700)), ("early", range(280, 299)), ("late", range(650, 660))]:
        track = evidence(name, unit(1.0), moments=moments)
        company.insert(track, there)
        there[name] = track
    assert company.of("long") == {"early", "late"}
    assert company.of("early") == company.of("late") == {"long"}


def test_all_of_a_group_are_apart_from_whoever_was_seen_with_one_of_it() -> None:
    tracks = [of(0, 0, moments=range(10)), of(1, 0, moments=range(10)), of(2, 5), of(3, 9)]
    by_id = {track.track_id: track for track in tracks}
    company = Company()
    for track in tracks:
        company.insert(track, by_id)
    assert set(company.accompanied()) == {"0-0", "1-0"}
    assert list(company.of_groups()) == []
    company.constraints = Constraints.of([["0-0", "2-5"], ["1-0", "3-9"]])
    assert list(company.of_groups()) == [({"0-0", "2-5"}, {"1-0", "3-9"}), ({"1-0", "3-9"}, {"0-0", "2-5"})]
    # Whom people put together may have been seen together.
    company.constraints = Constraints.of([["0-0", "1-0", "gone"]])
    assert list(company.of_groups()) == []
