from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import clothes, evidence, of, unit
from synthetic import CALIBRATION

from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.models.calibration import Calibration


def filled(*tracks: TrackEvidence) -> Gallery:
    gallery = Gallery(CALIBRATION)
    for track in tracks:
        gallery.insert(track)
    return gallery


def assert_holds(gallery: Gallery, tracks: dict[str, TrackEvidence]) -> None:
    """Each column says of each row what the row's track says."""
    assert len(gallery) == len(tracks)
    assert sorted(gallery.ids) == sorted(tracks)
    roots = gallery.clothing_roots
    for column in (gallery.templates, gallery.size_weights, gallery.weights, gallery.sources):
        assert len(column) == len(tracks)
    for row, track_id in enumerate(gallery.ids):
        track = tracks[track_id]
        assert gallery.row_of(track_id) == row
        assert np.array_equal(gallery.templates[row], track.template)
        assert gallery.weights[row] == pytest.approx(track.weight)
        assert gallery.sources[row] == gallery.source_number(track.source_id)
        assert gallery.middle_s[row] == track.middle_s
        if roots is None:
            assert track.clothing is None
        elif track.clothing is None:
            assert not roots[row].any()
        else:
            assert roots[row] ** 2 == pytest.approx(track.clothing, abs=1e-6)


def test_a_new_gallery_is_empty() -> None:
    gallery = filled()
    assert len(gallery) == 0
    assert gallery.ids == []
    assert gallery.clothing_roots is None


def test_an_unknown_track_has_no_row() -> None:
    with pytest.raises(KeyError):
        filled(of(0, 0)).row_of("nobody")


def test_grows_beyond_its_first_rows() -> None:
    tracks = {t.track_id: t for t in (of(k % 32, k, middle_s=float(k)) for k in range(200))}
    assert_holds(filled(*tracks.values()), tracks)


def test_the_last_row_moves_into_the_place_of_a_removed_one() -> None:
    gallery = filled(of(0, 0), of(1, 0), of(2, 0))
    gallery.remove("0-0")
    assert gallery.ids == ["2-0", "1-0"]
    gallery.remove("1-0")
    assert gallery.ids == ["2-0"]
    assert np.array_equal(gallery.templates, of(2, 0).template[None])


def test_sources_keep_their_numbers() -> None:
    gallery = filled(of(0, 0, source_id="a"), of(0, 1, source_id="b"), of(0, 2, source_id="a"))
    assert gallery.sources.tolist() == [0, 1, 0]
    assert gallery.source_number("b") == 1
    gallery.remove("0-0")
    gallery.insert(of(0, 3, source_id="a"))
    assert gallery.sources.tolist() == [0, 1, 0]


def test_sizes_become_weights_of_the_calibrated_sizes() -> None:
    sizes = np.array([20, 80], np.float32)
    square = np.full((3, 2, 2), 0.5, np.float32)
    gallery = Gallery(Calibration(sizes, np.zeros((2, 32), np.float32), *square))
    for number, size_px in enumerate((10, 20, 40, 80, 500)):
        gallery.insert(of(0, number, size_px=float(size_px)))
    expected = np.array([[1, 0], [1, 0], [0.5, 0.5], [0, 1], [0, 1]])
    assert gallery.size_weights == pytest.approx(expected, abs=1e-6)


def test_whoever_came_before_the_first_clothes_has_none() -> None:
    first, dressed, later = of(0, 0), of(0, 1, clothing=clothes(0, 3)), of(0, 2)
    gallery = filled(first, dressed, later)
    roots = gallery.clothing_roots
    assert roots is not None
    assert roots.any(axis=1).tolist() == [False, True, False]
    assert roots[1, [0, 3]] == pytest.approx([np.sqrt(0.5)] * 2)


def test_the_first_clothes_may_come_late() -> None:
    tracks = {t.track_id: t for t in (of(k % 32, k) for k in range(100))}
    late = of(0, 100, clothing=clothes(1))
    assert_holds(filled(*tracks.values(), late), {**tracks, late.track_id: late})


def test_clothes_of_a_removed_track_are_not_inherited() -> None:
    gallery = filled(of(0, 0), of(0, 1, clothing=clothes(2)))
    gallery.remove("0-1")
    gallery.insert(of(0, 2))
    roots = gallery.clothing_roots
    assert roots is not None
    assert not roots.any()


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        (evidence("odd", np.ones(5, np.float32)), "templates"),
        (evidence("odd", unit(1), clothing=np.ones(3, np.float32)), "clothing_roots"),
    ],
)
def test_other_lengths_are_refused_and_leave_no_row(odd: TrackEvidence, name: str) -> None:
    there = {t.track_id: t for t in (of(0, 0, clothing=clothes(0)), of(1, 0))}
    gallery = filled(*there.values())
    with pytest.raises(ValueError, match=f"{name} has shape"):
        gallery.insert(odd)
    assert_holds(gallery, there)
    there["2-0"] = of(2, 0)
    gallery.insert(there["2-0"])
    assert_holds(gallery, there)


steps = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["v-1", "v-2"]), st.booleans(), st.integers(1, 20)),
    max_size=40,
)


@settings(max_examples=20, deadline=None)
@given(steps)
def test_whatever_comes_and_goes_rows_hold_what_was_put_in(
    steps: list[tuple[int, str, bool, int]],
) -> None:
    """A track that comes twice goes the second time."""
    gallery, there = Gallery(CALIBRATION), dict[str, TrackEvidence]()
    for number, source_id, dressed, frames in steps:
        track = of(
            number,
            frames,
            source_id=source_id,
            moments=range(frames),
            middle_s=frames / 5,
            clothing=clothes(number % 8) if dressed else None,
        )
        if track.track_id in there:
            gallery.remove(track.track_id)
            del there[track.track_id]
        else:
            gallery.insert(track)
            there[track.track_id] = track
        assert_holds(gallery, there)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40), st.floats(-1, 1))
def test_nobody_is_missed_who_is_so_similar_and_few_others_are_named(
    steps: list[tuple[int, int]], least: float
) -> None:
    gallery, there = Gallery(CALIBRATION), dict[str, TrackEvidence]()
    for person, number in steps:
        track = of(person, number)
        if there.pop(track.track_id, None) is not None:
            gallery.remove(track.track_id)
        else:
            gallery.insert(track)
            there[track.track_id] = track
        rows = np.arange(len(gallery))
        together = gallery.like(rows, np.full(len(rows), least))
        for row, found in zip(rows, together, strict=True):
            assert gallery.like(row[None], np.array([least]))[0].tolist() == found.tolist()
            similarity = gallery.templates @ gallery.templates[row]
            assert set(np.flatnonzero(similarity >= least).tolist()) <= set(found.tolist())
            assert (similarity[found] >= least - 0.05).all()
            assert (np.diff(found) > 0).all()


def like_first(gallery: Gallery) -> list[int]:
    (found,) = gallery.like(np.array([0]), np.array([0.5]))
    return found.tolist()


def test_a_snapshot_finds_who_is_like_whom_as_of_then() -> None:
    gallery = filled(of(0, 0), of(1, 0), of(0, 1))
    assert like_first(gallery) == [0, 2]
    before = gallery.snapshot()
    gallery.remove("0-1")
    gallery.insert(of(2, 0))
    assert like_first(before) == [0, 2]
    assert like_first(gallery) == [0]


def test_rows_of_tracks_that_are_not_there_are_left_out() -> None:
    gallery = filled(of(0, 0), of(1, 0), of(2, 0))
    gallery.remove("0-0")
    assert gallery.rows_there(["1-0", "nobody", "0-0", "2-0"]).tolist() == [1, 0]
    assert gallery.rows_there([]).tolist() == []
