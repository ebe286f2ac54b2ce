from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from storage.sighting_record import Sighting
from storage.sighting_rows import SightingRows

# Far enough apart that no two are written the same way.
sightings = st.builds(
    lambda source, start, length: Sighting(source, start / 7, (start + length) / 7),
    st.sampled_from(["v-1", "v-2", "c-door|2"]),
    st.integers(0, 30),
    st.integers(0, 3),
)


@given(st.lists(st.tuples(sightings, st.booleans())))
def test_changes_make_of_what_redis_holds_what_there_is(steps: list[tuple[Sighting, bool]]) -> None:
    rows, there, redis = SightingRows(), set[Sighting](), dict[str, float]()
    for sighting, commits in steps:
        if sighting in there:
            there.remove(sighting)
            rows.remove(sighting)
        else:
            there.add(sighting)
            rows.add(sighting)
        if not commits:
            continue
        if rows.is_new:
            redis = rows.starts
        for member in rows.gone:
            redis.pop(member, None)
        redis.update(rows.come)
        rows.committed()
        assert redis == rows.starts == {s.encode(): s.start_s for s in there}
        assert not any((rows.is_new, rows.come, rows.gone))


@given(st.sets(sightings))
def test_all_stand_in_the_order_of_the_sorted_set(there: set[Sighting]) -> None:
    rows = SightingRows(there)
    expected = sorted(there, key=lambda s: (s.start_s, s.encode()))
    assert rows.sightings == tuple(expected)
    assert [Sighting(*row) for row in json.loads(rows.json())] == [
        Sighting(s.source_id, round(s.start_s, 3), round(s.end_s, 3)) for s in expected
    ]


def test_what_goes_and_comes_back_before_the_step_is_written_is_neither_gone_nor_forgotten() -> None:
    sighting = Sighting("v-1", 1.0, 2.0)
    rows = SightingRows([sighting])
    rows.committed()
    rows.remove(sighting)
    rows.add(sighting)
    assert (list(rows.gone), dict(rows.come)) == ([], {"v-1|1.000|2.000": 1.0})
