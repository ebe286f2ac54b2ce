"""facestream people together: who was seen at the same moment as whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from collections_made import fill
from command_runs import Done
from hypothesis import given
from hypothesis import strategies as st

from facestream.people.person import Face
from facestream.people.sighting import Sighting
from facestream.people.together import beside_s, together
from facestream.people.track import Track


def track(person: int | None, source_id: str, start_s: float, end_s: float, fps: float = 5.0) -> Track:
    """A face of somebody, looked at so often; photos have no length."""
    who = "" if person is None else f"p{person}"
    times_s = np.arange(round(start_s * fps), round(end_s * fps) + 1) / fps
    faces = tuple(
        Face(source_id, source_id, round(t * 25), float(t), (0, 0, 9, 9), 0.9, "t", who, False)
        for t in times_s
    )
    photo = source_id.startswith("i-")
    return Track(
        "t", who, source_id, source_id, photo, start_s, end_s, None, None, True, "", faces, (), False
    )


def seconds(*tracks: Track, people: Sequence[int] = (1, 2, 3)) -> dict[tuple[str, str], float]:
    return {two.people: round(two.seconds, 3) for two in together(tracks, {f"p{k}" for k in people})}


spans = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(0, 9)).map(
        lambda told: Sighting(f"v-{told[0]}", "", told[1], told[1] + told[2], None, told[2])
    ),
    max_size=8,
)


def apart(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those that begin behind the end of the one before in their source, as those of one person do."""
    ends: dict[str, float] = {}
    kept = []
    for seen in sorted(sightings, key=lambda seen: seen.start_s):
        if seen.start_s > ends.get(seen.source_id, -1):
            ends[seen.source_id] = seen.end_s
            kept.append(seen)
    return kept


@given(spans, spans)
def test_how_long_two_may_have_been_together_is_what_their_sightings_share(
    first: list[Sighting], second: list[Sighting]
) -> None:
    first, second = apart(first), apart(second)
    shared = sum(
        max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))
        for a in first
        for b in second
        if a.source_id == b.source_id
    )
    assert beside_s(first, second) == beside_s(second, first) == shared


def test_only_the_frames_that_show_both_count() -> None:
    found = together(
        [
            track(10, "v-a", 0, 10),
            track(9, "v-a", 4.2, 6),
            track(9, "v-a", 8.2, 12),
            track(3, "v-a", 10.2, 11),
        ],
        {"p3", "p9", "p10"},
    )
    assert [(two.people, round(two.seconds, 3)) for two in found] == [
        (("p9", "p10"), 4.0),
        (("p3", "p9"), 1.0),
    ]


@pytest.mark.parametrize("fps", [1.0, 5.0, 12.5])
def test_how_often_it_was_looked_plays_no_part(fps: float) -> None:
    assert seconds(track(1, "v-a", 0, 9, fps), track(2, "v-a", 5, 20, fps)) == {
        ("p1", "p2"): pytest.approx(4 + 1 / fps, abs=1 / fps)
    }


def test_people_who_take_turns_are_never_together() -> None:
    tracks = [track(1 + k % 2, "v-a", 2 * k, 2 * k + 1.8) for k in range(6)]
    assert seconds(*tracks) == {}


def test_two_tracks_of_one_frame_are_one_person_once() -> None:
    twice = [track(1, "v-a", 0, 2), track(1, "v-a", 1, 2), track(2, "v-a", 0, 2)]
    assert seconds(*twice) == {("p1", "p2"): pytest.approx(2.2)}


def test_other_sources_are_other_moments() -> None:
    assert seconds(track(1, "v-a", 0, 10), track(2, "v-b", 0, 10)) == {}


def test_nobody_and_whoever_is_not_meant_do_not_count() -> None:
    tracks = [track(1, "v-a", 0, 2), track(2, "v-a", 0, 2), track(None, "v-a", 0, 2)]
    assert seconds(*tracks, people=(1, 3)) == {}


def test_a_photo_has_no_seconds() -> None:
    found = together([track(k, "i-a", 0, 0) for k in (1, 2, 3)], {"p1", "p2", "p3"})
    assert [(two.seconds, two.photos) for two in found] == [(0.0, 1)] * 3


def test_pairs_are_listed_and_told_to_machines(here: Callable[..., Done], tmp_path: Path) -> None:
    fill(tmp_path)
    (pair,) = here("people", "together", "--json", "--data-dir", str(tmp_path)).json()
    assert [who["id"] for who in pair["people"]] == ["p1", "p2"]
    assert pair["seconds"] == pytest.approx(0.8, abs=0.01)
    assert pair["photos"] == 0
    shown = here("people", "together", "--data-dir", str(tmp_path)).stdout
    assert "0.8 s" in shown


def test_a_source_that_there_is_not_is_told(here: Callable[..., Done], tmp_path: Path) -> None:
    fill(tmp_path)
    done = here("people", "together", "--source", "flim", "--data-dir", str(tmp_path))
    assert done.stdout == "No two people were seen at the same moment.\n"
    assert "names no source" in done.stderr
