from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_tracks import beside, clothes, evidence, soft, unit

from workers.clustering.by_medium import ByMedium
from workers.clustering.evidence import MOMENTS_PER_S, TrackEvidence
from workers.clustering.footage import Pairs, overlaps, same_footage, twins


def numbers(pairs: Sequence[tuple[int, int]], sources: Sequence[int], names: Sequence[str]) -> list[int]:
    first, second = np.array(pairs, np.intp).reshape(-1, 2).T
    return same_footage(first, second, np.array(sources, np.intp), names).tolist()


def is_twin(
    cosine: float,
    seen: tuple[int, int],
    of: tuple[int, int] = (0, 49),
    dress: tuple[int | None, int | None] = (None, None),
) -> bool:
    pairs = Pairs(np.array([0]), np.array([1]), np.array([cosine], np.float32), np.array([0.6], np.float32))
    roots = np.stack([np.zeros(8) if colour is None else np.sqrt(clothes(colour)) for colour in dress])
    overlap = overlaps(np.array([of]), np.array([seen]))
    return bool(twins(pairs, overlap, roots.astype(np.float32))[0])


# Which tracks are one appearance -------------------------------------------------------------------------


def test_the_same_face_in_the_same_clothes_at_the_same_time_is_one_appearance() -> None:
    assert is_twin(0.61, (0, 49), dress=(1, 1))
    assert is_twin(0.61, (10, 49), dress=(1, 1))


@pytest.mark.parametrize(
    ("cosine", "seen", "dress"),
    [
        (0.59, (0, 49), (1, 1)),
        (0.99, (30, 79), (1, 1)),
        (0.99, (50, 99), (1, 1)),
        (0.99, (0, 49), (1, 2)),
    ],
    ids=["another face", "later", "afterwards", "other clothes"],
)
def test_what_differs_is_another_appearance(
    cosine: float, seen: tuple[int, int], dress: tuple[int, int]
) -> None:
    assert not is_twin(cosine, seen, dress=dress)


@pytest.mark.parametrize("dress", [(None, None), (1, None)])
def test_without_clothes_faces_have_to_be_nearly_the_same_for_nearly_the_same_time(
    dress: tuple[int | None, int | None],
) -> None:
    assert is_twin(0.81, (5, 49), dress=dress)
    assert not is_twin(0.79, (0, 49), dress=dress)
    assert not is_twin(0.81, (15, 49), dress=dress)


def test_where_nobody_wears_anything_faces_alone_decide() -> None:
    pairs = Pairs(np.array([0]), np.array([1]), np.array([0.9], np.float32), np.array([0.6], np.float32))
    assert twins(pairs, np.ones(1), None).tolist() == [True]


# Which sources are one recording -------------------------------------------------------------------------


def test_no_twins_no_copies() -> None:
    assert numbers([], [0, 1, 1, 2], ["v-c", "v-a", "v-b"]) == [2, 0, 1]


def test_a_third_of_the_tracks_and_three_of_them_make_two_sources_one() -> None:
    nine = [0] * 9 + [1] * 9
    assert len(set(numbers([(0, 9), (1, 10), (2, 11)], nine, ["v-a", "v-b"]))) == 1
    assert len(set(numbers([(0, 9), (1, 10)], nine, ["v-a", "v-b"]))) == 2
    twelve = [0] * 12 + [1] * 12
    assert len(set(numbers([(0, 12), (1, 13), (2, 14)], twelve, ["v-a", "v-b"]))) == 2


def test_tracks_count_and_not_pairs_of_them() -> None:
    pairs = [(0, 3), (0, 4), (0, 5)]
    assert len(set(numbers(pairs, [0, 0, 0, 1, 1, 1], ["v-a", "v-b"]))) == 2


def test_all_tracks_of_a_short_source_have_to_repeat() -> None:
    assert len(set(numbers([(0, 2), (1, 3)], [0, 0, 1, 1], ["v-a", "v-b"]))) == 1
    assert len(set(numbers([(0, 2)], [0, 0, 1, 1], ["v-a", "v-b"]))) == 2


def test_copies_of_copies_are_one() -> None:
    sources = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    pairs = [(0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8)]
    assert len(set(numbers(pairs, sources, ["v-a", "v-b", "v-c"]))) == 1


def test_a_short_clip_that_is_like_two_recordings_makes_them_no_one() -> None:
    sources = [0, 0, 0, 1, 1, 1, 2]
    assert numbers([(0, 6), (3, 6)], sources, ["v-a", "v-b", "v-c"]) == [0, 1, 0]


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20),
    st.permutations(range(4)),
    st.permutations(range(12)),
)
def test_in_whatever_order_sources_and_tracks_came(
    some: list[tuple[int, int]], sources: list[int], rows: list[int]
) -> None:
    of = [0] * 5 + [1] * 4 + [2, 2, 3]
    pairs = [(a, b) for a, b in some if of[a] != of[b]]
    names = [f"v-{k}" for k in range(4)]
    expected = numbers(pairs, of, names)
    moved_of, moved_names = [0] * 12, [""] * 4
    for row, source in enumerate(of):
        moved_of[rows[row]] = sources[source]
    for source, name in enumerate(names):
        moved_names[sources[source]] = name
    found = numbers([(rows[b], rows[a]) for a, b in pairs], moved_of, moved_names)
    assert [found[sources[k]] for k in range(4)] == expected


# What that changes ---------------------------------------------------------------------------------------


def film(source_id: str, noise: float = 0.0, **changes: object) -> list[TrackEvidence]:
    """Three tracks of one person, one of whom others would not believe it, and one of somebody else."""
    looks = [unit(1, noise), beside(0.6), beside(0.7, 2), unit(0, 0, 0, 0, 1)]
    return [
        evidence(
            f"{source_id}-{k}",
            look,
            source_id=source_id,
            moments=range(100 * k, 100 * k + 40),
            middle_s=20.0 * k + 4,
            clothing=clothes(k // 3),
            **changes,
        )
        for k, look in enumerate(looks)
    ]


def people(tracks: Sequence[TrackEvidence], of: str) -> set[frozenset[str]]:
    """The people of one source."""
    found = soft(*tracks).recluster({}).clusters
    return {frozenset(t for t in cluster if t.startswith(of)) for cluster in found} - {frozenset()}


ELSEWHERE = [
    evidence(f"e{k}", unit(*[0] * (5 + k), 1), source_id=f"v-e{k}", moments=range(10)) for k in range(8)
]


@pytest.mark.parametrize("copies", [1, 5])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_copy_changes_nothing(copies: int, noise: float) -> None:
    tracks = [*film("v-a"), *ELSEWHERE]
    alone = people(tracks, "v-a")
    assert frozenset({"v-a-0", "v-a-1", "v-a-2"}) in alone
    for k in range(copies):
        tracks += film(f"v-c{k}", noise)
    assert people(tracks, "v-a") == alone
    # Whoever is in the copy is who is in the original.
    together = soft(*tracks).recluster({}).clusters
    assert all(
        {f"v-c{k}-{n}" for k in range(copies)} <= set(cluster)
        for cluster in together
        for n in range(4)
        if f"v-a-{n}" in cluster
    )


def test_photos_are_no_copies() -> None:
    def groups(photo: bool) -> ByMedium:
        tracks = [
            evidence(f"{source}-{k}", unit(*[0] * k, 1), source_id=source, moments=[0], photo=photo)
            for source in ("i-a", "i-b")
            for k in range(3)
        ]
        clusterer = soft(*tracks)
        clusterer.recluster({})
        return clusterer._comparison.recordings(["i-a", "i-b"])

    assert (groups(True), groups(False)) == (ByMedium(0, 2, 2), ByMedium(1, 0, 1))


def test_a_copy_that_is_removed_counts_no_more() -> None:
    clusterer = soft(*film("v-a"), *film("v-b"))
    clusterer.recluster({})
    assert clusterer._comparison.recordings(["v-a", "v-b"]).videos == 1
    for track in film("v-b"):
        clusterer.remove(track.track_id)
    for track in film("v-b"):
        clusterer.insert(replace(track, moments=track.moments + 1000))
    assert clusterer._comparison.recordings(["v-a", "v-b"]).videos == 2
    clusterer.recluster({})
    assert clusterer._comparison.recordings(["v-a", "v-b"]).videos == 2


def later(tracks: Sequence[TrackEvidence], by_s: float) -> list[TrackEvidence]:
    """The same, of a source that begins so much earlier."""
    return [
        replace(track, moments=track.moments + round(by_s * MOMENTS_PER_S), middle_s=track.middle_s + by_s)
        for track in tracks
    ]


@given(st.floats(0, 400_000), st.booleans())
def test_cameras_that_see_one_room_are_known_by_their_clocks(earlier_s: float, dated: bool) -> None:
    earlier_s = round(earlier_s * MOMENTS_PER_S) / MOMENTS_PER_S
    clusterer = soft(*film("c-a"), *later(film("c-b"), earlier_s + 100))
    began_s = {"c-a": 1.7e9 + earlier_s + 100, "c-b": 1.7e9}
    clusterer.recluster({}, (), began_s if dated else {"c-a": began_s["c-a"]})
    comparison = clusterer._comparison
    assert comparison.recordings(["c-a", "c-b"]).videos == (1 if dated else 2)
    rows = clusterer._gallery.rows_of([f"c-{name}-{k}" for k in range(4) for name in "ab"])
    first, second = comparison.middle_s(rows).reshape(4, 2).T
    # One clock for both.
    assert (np.abs(first - second) < 1e-3).all() == dated


@pytest.mark.parametrize("other_s", [1.7e9, 1.7e9 + 50_000])
def test_a_copy_counts_as_one_whenever_it_is_said_to_begin(other_s: float) -> None:
    clusterer = soft(*film("v-a"), *film("v-b"))
    clusterer.recluster({}, (), {"v-a": 1.7e9, "v-b": other_s})
    assert clusterer._comparison.recordings(["v-a", "v-b"]).videos == 1
    assert (clusterer._comparison.middle_s(slice(None)) == clusterer._gallery.middle_s).all()
