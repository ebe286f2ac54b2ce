from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_tracks import evidence, of, unit

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence, seen_together

# Fifths of a second: a track of a few minutes, somewhere in ten, seen at every moment or at some of them.
spans = st.tuples(
    st.integers(0, 3000),
    st.integers(1, 900),
    st.sampled_from([1, 1, 2, 7]),
    st.sampled_from(["v-1", "v-2", "photo"]),
)
# Which track comes, and when it was seen; or which goes.
steps = st.lists(st.tuples(st.integers(0, 9), st.none() | spans), max_size=25)
groups = st.lists(st.sets(st.sampled_from([f"t{number}" for number in range(10)]), min_size=2), max_size=2)


def track_of(number: int, span: tuple[int, int, int, str]) -> TrackEvidence:
    start, length, every, source_id = span
    moments = range(start, start + length, every)
    return evidence(f"t{number}", unit(1.0), source_id=source_id, moments=moments, photo=source_id == "photo")


def take(company: Company, there: dict[str, TrackEvidence], steps: list[tuple[int, object]]) -> None:
    """Let tracks come, change and go, some of them again and again."""
    for number, span in steps:
        before = there.pop(f"t{number}", None)
        if before is not None:
            company.remove(before)
        if span is not None:
            track = track_of(number, span)  # type: ignore[arg-type]
            company.insert(track)
            there[track.track_id] = track


def plainly(there: dict[str, TrackEvidence], together: Constraints) -> dict[str, set[str]]:
    """Who was seen with whom, by looking at each pair."""
    return {
        one: {
            other
            for other in there
            if other != one and other not in together.with_(one) and seen_together(there[one], there[other])
        }
        for one in there
    }


def check(company: Company, there: dict[str, TrackEvidence], *, whole_first: bool) -> None:
    expected = plainly(there, company.constraints)
    everybody = plainly(there, Constraints.of())
    # One by one, and out of what is gathered for all of them.
    if whole_first:
        assert set(company.accompanied()) == {track_id for track_id, others in everybody.items() if others}
    assert {track_id: company.of(track_id) for track_id in there} == expected
    assert set(company.by_source) == {track.source_id for track in there.values()}
    for source_id, track_ids in company.by_source.items():
        assert track_ids == {t for t, track in there.items() if track.source_id == source_id}
        assert company.pairs(source_id) == sorted((a, b) for a in track_ids for b in expected[a] if a < b)
    assert {track_id: company.of(track_id) for track_id in there} == expected
    assert set(company.accompanied()) == {track_id for track_id, others in everybody.items() if others}


@given(steps, steps, groups, st.booleans())
def test_it_is_known_who_was_seen_with_whom_whoever_came_and_went(
    first: list[tuple[int, object]],
    second: list[tuple[int, object]],
    together: list[set[str]],
    whole_first: bool,
) -> None:
    company, there = Company(), dict[str, TrackEvidence]()
    take(company, there, first)
    check(company, there, whole_first=whole_first)
    company.constraints = Constraints.of(together)
    check(company, there, whole_first=whole_first)
    take(company, there, second)
    check(company, there, whole_first=whole_first)


@given(steps, steps, st.booleans())
def test_a_snapshot_and_what_it_was_made_of_know_nothing_of_each_other(
    first: list[tuple[int, object]], second: list[tuple[int, object]], in_snapshot: bool
) -> None:
    company, there = Company(), dict[str, TrackEvidence]()
    take(company, there, first)
    snapshot, then = company.snapshot(), there.copy()
    changed, kept = (snapshot, company) if in_snapshot else (company, snapshot)
    take(changed, there, second)
    check(changed, there, whole_first=False)
    check(kept, then, whole_first=False)


def test_one_who_is_seen_over_a_border_of_time_is_seen_by_both_sides() -> None:
    company = Company()
    for name, moments in [("long", range(250, 700)), ("early", range(280, 299)), ("late", range(650, 660))]:
        company.insert(evidence(name, unit(1.0), moments=moments))
    assert company.of("long") == {"early", "late"}
    assert company.of("early") == company.of("late") == {"long"}


def test_all_of_a_group_are_apart_from_whoever_was_seen_with_one_of_it() -> None:
    company = Company()
    for track in [of(0, 0, moments=range(10)), of(1, 0, moments=range(10)), of(2, 5), of(3, 9)]:
        company.insert(track)
    assert set(company.accompanied()) == {"0-0", "1-0"}
    assert list(company.of_groups()) == []
    company.constraints = Constraints.of([["0-0", "2-5"], ["1-0", "3-9"]])
    assert list(company.of_groups()) == [({"0-0", "2-5"}, {"1-0", "3-9"}), ({"1-0", "3-9"}, {"0-0", "2-5"})]
    # Whom people put together may have been seen together.
    company.constraints = Constraints.of([["0-0", "1-0", "gone"]])
    assert list(company.of_groups()) == []


def test_a_crowd_takes_little_memory_and_a_snapshot_of_it_hardly_any() -> None:
    # Two hundred faces at a time, who stay for a few seconds: 30 thousand pairs.
    random = np.random.default_rng(0)
    starts = np.sort(random.integers(0, 240, 400))
    tracks = [
        evidence(f"t{number}", unit(1.0), moments=range(start, start + 80))
        for number, start in enumerate(starts.tolist())
    ]
    company = Company()
    tracemalloc.start()
    try:
        for track in tracks:
            company.insert(track)
        held, _ = tracemalloc.get_traced_memory()
        snapshot = company.snapshot()
        more = tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()
    pairs = sum(len(company.of(track.track_id)) for track in tracks) // 2
    assert pairs > 30_000
    assert held < 10 * pairs + 1_000 * len(tracks)
    assert more < 500 * len(tracks)
    assert snapshot.pairs("v-1") == company.pairs("v-1")
