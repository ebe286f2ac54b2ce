import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.seen_interval import SeenInterval, seconds_of

BEGAN_S = {"c-hall": 1_777_636_800.123456, "c-door": 1_777_636_803.623456, "v-a": None, "v-b": None}
# Source, start and length, tenths of a second.
SIGHTINGS = st.lists(
    st.tuples(st.sampled_from(sorted(BEGAN_S)), st.integers(0, 200), st.integers(0, 60)), max_size=12
)


def interval(source_id: str, start: int, length: int) -> SeenInterval:
    return SeenInterval.of(source_id, start / 10, length / 10, BEGAN_S[source_id])


@given(SIGHTINGS)
def test_each_moment_of_a_line_counts_once(sightings: list[tuple[str, int, int]]) -> None:
    moments = set()
    for source_id, start, length in sightings:
        # The door's camera was added 3.5 s later.
        line, shift = {"c-hall": ("", 0), "c-door": ("", 35)}.get(source_id, (source_id, 0))
        moments |= {(line, tenth + shift) for tenth in range(start, start + length)}
    assert seconds_of(interval(*one) for one in sightings) == len(moments) / 10


def test_what_two_cameras_see_in_the_same_seconds_counts_once() -> None:
    assert seconds_of([interval("c-hall", 100, 60), interval("c-door", 85, 60)]) == 8.0


@pytest.mark.parametrize("other", ["v-b", "c-hall"])
def test_sources_without_a_date_have_each_their_own_time(other: str) -> None:
    assert seconds_of([interval("v-a", 0, 60), interval(other, 0, 60)]) == 12.0


def test_a_date_takes_no_digits_away_from_a_length() -> None:
    assert seconds_of([interval("c-hall", 1, 50)]) == 5.0


def test_who_was_never_seen_was_seen_for_no_time() -> None:
    assert seconds_of([]) == 0.0
