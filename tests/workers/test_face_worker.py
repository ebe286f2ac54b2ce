from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
import redis
from film_bench import SETTINGS, Bench, ended_tracks, frames_of, last_tracks, segments, stretches, written
from films import FPS, INDEX_STEP, Film, Image, blank, covered, pair, solo, view
from together import Together

from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.errors import StreamError
from stream.frame import Frame
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack
from workers.tracking.boxes import iou_matrix

# Of the two faces of `pair()`, from left to right, px; as found by hand, a little generous.
PAIR_BOXES = np.array([[34, 24, 85, 84], [132, 81, 186, 155]], np.float32)


@pytest.fixture
def new_bench(handle: RedisHandle, open_pack: Pack) -> Callable[[], Bench]:
    def make() -> Bench:
        keys = Keys(f"test-{uuid4().hex}")
        return Bench(handle.client, keys, SampleQueue(handle.client, keys), open_pack)

    return make


@pytest.fixture
def bench(new_bench: Callable[[], Bench]) -> Bench:
    return new_bench()


def pan(count: int, step: int = 8) -> list[Image]:
    """A camera that moves to the right."""
    return [view(160 + step * k, 100) for k in range(count)]


# Tracks -------------------------------------------------------------------------------------------------


def test_every_sampled_frame_of_a_face_is_in_its_track(bench: Bench) -> None:
    assert bench.run(Film([pair()] * 12))
    tracks = ended_tracks(bench.entries())
    assert len(tracks) == 2
    boxes = np.stack([track.observations["box_xyxy"].mean(axis=0) for track in tracks])
    overlap = iou_matrix(PAIR_BOXES, boxes)
    assert overlap.max(axis=1).min() > 0.7
    for track in tracks:
        assert frames_of(track) == list(range(12))
        assert track.observations["media_s"].tolist() == pytest.approx([k / FPS for k in range(12)])
        assert (track.observations["score"] > 0.6).all()
        assert track.source_id == "film"
        assert track.founder
        assert not track.photo


def test_faces_are_followed_through_a_pan(bench: Bench) -> None:
    bench.run(Film(pan(12)))
    tracks = ended_tracks(bench.entries())
    assert len(tracks) == 2
    for track in tracks:
        assert frames_of(track) == list(range(12))
        left = track.observations["box_xyxy"][:, 0]
        # The camera moves by 8 px, 4 px in pictures of half the size.
        assert left - left[0] == pytest.approx(-4.0 * np.arange(12), abs=4.0)


def test_samples_come_before_the_track_that_names_them(bench: Bench) -> None:
    bench.run(Film([pair()] * 8 + [solo()] * 6))
    known: set[str] = set()
    told = 0
    for entry in bench.entries():
        if isinstance(entry, FaceSample):
            known.add(entry.sample_id)
        elif isinstance(entry, TrackRecord):
            assert set(entry.sample_ids) <= known
            told += 1
        elif isinstance(entry, SegmentDone):
            assert told > 0
    # Three faces, each as soon as it is sure and once more at its end.
    assert told == 6


def test_a_face_that_is_hidden_for_a_moment_stays_in_its_track(bench: Bench) -> None:
    hidden = covered(pair(), PAIR_BOXES[1])
    bench.run(Film([pair()] * 4 + [hidden] * 3 + [pair()] * 4))
    tracks = ended_tracks(bench.entries())
    assert [frames_of(track) for track in tracks] == [list(range(11))] * 2
    scores = {track.track_id: (track.observations["score"] > 0).tolist() for track in tracks}
    assert list(scores.values()) == [[True] * 11, [True] * 4 + [False] * 3 + [True] * 4]


def test_who_comes_into_a_shot_is_found_within_a_second_or_so(bench: Bench) -> None:
    alone = covered(pair(), PAIR_BOXES[0])
    bench.run(Film([alone] * 3 + [pair()] * 12))
    first = sorted(frames_of(track)[0] for track in ended_tracks(bench.entries()))
    assert first[0] == 0
    # The whole picture is searched at least every 1.15 s.
    assert 3 <= first[1] <= 3 + 1.15 * FPS


def test_a_lost_face_makes_the_worker_look_around(bench: Bench) -> None:
    first, second = (covered(pair(), box) for box in PAIR_BOXES)
    calm = FaceWorkerSettings(min_face_px=30, search_interval_s=0.35, calm_interval_s=60.0)
    bench.run(Film([first] * 4 + [second] * 8), calm)
    starts = sorted(frames_of(track)[0] for track in ended_tracks(bench.entries()))
    # One is lost in picture 4, and the other found 0.35 s later.
    assert starts == [0, 6]


def test_between_searches_nobody_new_is_found(bench: Bench) -> None:
    alone = covered(pair(), PAIR_BOXES[0])
    rare = FaceWorkerSettings(min_face_px=30, search_interval_s=60.0, calm_interval_s=60.0)
    bench.run(Film([alone] * 3 + [pair()] * 8), rare)
    assert [frames_of(t) for t in ended_tracks(bench.entries())] == [list(range(11))]


def test_faces_that_are_too_small_are_not_looked_for(bench: Bench) -> None:
    assert bench.run(Film([pair()] * 6), FaceWorkerSettings(min_face_px=178))
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 1.2, 6, True)]
    assert len(entries) == 1


@pytest.mark.parametrize(
    ("height", "width", "min_face"),
    [(1080, 1920, 43.2), (2000, 1000, 40.0), (360, 640, 16.0), (2, 2, 16.0), (2160, 3840, 60.0)],
)
def test_faces_are_looked_for_by_their_share_of_the_picture(height: int, width: int, min_face: float) -> None:
    assert FaceWorkerSettings().min_face(height, width) == pytest.approx(min_face)
    assert FaceWorkerSettings(min_face_px=33.0).min_face(height, width) == 33.0


def test_tells_how_many_faces_each_frame_has(bench: Bench) -> None:
    told: list[tuple[int, int]] = []
    bench.run(
        Film([pair()] * 3 + [blank()] * 2 + [solo()]),
        on_frame=lambda frame, faces: told.append((frame.index // INDEX_STEP, faces)),
    )
    assert told == [(0, 2), (1, 2), (2, 2), (3, 0), (4, 0), (5, 1)]


# Repeatability ------------------------------------------------------------------------------------------


def test_a_second_run_sends_the_same(new_bench: Callable[[], Bench]) -> None:
    film = Film([*pan(7), *([solo()] * 6)])
    runs = []
    for _ in range(2):
        bench = new_bench()
        bench.run(film)
        runs.append(written(bench.entries()))
    assert len(runs[0]) > 10
    assert runs[0] == runs[1]


def test_sources_of_the_same_content_have_ids_of_their_own(new_bench: Callable[[], Bench]) -> None:
    ids = []
    for name in ("one", "two"):
        bench = new_bench()
        bench.run(Film([solo()] * 5, name))
        entries = bench.entries()
        ids.append({e.track_id for e in entries if isinstance(e, TrackRecord)})
        assert {e.source_id for e in entries if not isinstance(e, SegmentDone)} <= {name}  # type: ignore[union-attr]
    assert len(ids[0]) == len(ids[1]) == 1
    assert not ids[0] & ids[1]


# Segments -----------------------------------------------------------------------------------------------


def test_a_segment_ends_at_a_cut(bench: Bench) -> None:
    bench.run(Film([pair()] * 7 + [solo()] * 5))
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 1.4, 7, False), (1.4, 2.4, 5, True)]
    border = entries.index(segments(entries)[0])
    before, after = ended_tracks(entries[:border]), ended_tracks(entries[border:])
    assert [frames_of(t) for t in before] == [list(range(7))] * 2
    assert [frames_of(t) for t in after] == [list(range(7, 12))]
    assert all(t.continues is None for t in [*before, *after])
    assert entries[-1] == segments(entries)[-1]


def test_pictures_of_another_size_are_another_shot(bench: Bench) -> None:
    large = np.asarray(cv2.resize(pair(), None, fx=1.2, fy=1.2), np.uint8)
    bench.run(Film([pair()] * 4 + [large] * 4))
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 0.8, 4, False), (0.8, 1.6, 4, True)]
    assert all(track.continues is None for track in ended_tracks(entries))


def test_the_same_face_after_a_cut_is_a_new_track(bench: Bench) -> None:
    bench.run(Film([solo()] * 4 + [blank()] + [solo()] * 4))
    tracks = ended_tracks(bench.entries())
    assert [frames_of(track) for track in tracks] == [list(range(4)), list(range(5, 9))]


def test_a_segment_ends_after_its_time_and_faces_go_on(bench: Bench) -> None:
    short = FaceWorkerSettings(min_face_px=30, segment_s=1.0)
    bench.run(Film([pair()] * 13), short)
    entries = bench.entries()
    assert stretches(entries) == [
        (0.0, 1.0, 5, False),
        (1.0, 2.0, 5, False),
        (2.0, 2.6, 3, True),
    ]
    tracks = ended_tracks(entries)
    assert [frames_of(track) for track in tracks] == [
        list(frames) for frames in (range(5), range(5, 10), range(10, 13)) for _ in range(2)
    ]
    for earlier, later in pairwise([tracks[:2], tracks[2:4], tracks[4:]]):
        assert {t.continues for t in later} == {t.track_id for t in earlier}
        for track in later:
            (before,) = (t for t in earlier if t.track_id == track.continues)
            boxes = [t.observations["box_xyxy"][:1] for t in (before, track)]
            assert iou_matrix(*boxes)[0, 0] > 0.8


def test_a_segment_names_its_tracks(bench: Bench) -> None:
    bench.run(Film([pair()] * 5 + [blank()] * 2 + [solo()] * 4))
    entries = bench.entries()
    tracks = ended_tracks(entries)
    named = [set(segment.track_ids or ()) for segment in segments(entries)]
    assert named == [{t.track_id for t in tracks[:2]}, set(), {t.track_id for t in tracks[2:]}]


def test_a_segment_begins_where_its_source_was_asked_to_begin(bench: Bench) -> None:
    bench.run(Film([solo()] * 10, start=5), start_s=0.9, end_s=2.0)
    (segment,) = segments(bench.entries())
    assert (segment.start_s, segment.end_s, segment.sampled) == (0.9, 2.0, 5)


def test_a_source_without_known_end_is_done_up_to_its_last_frame(bench: Bench) -> None:
    bench.run(Film([blank()] * 6), end_s=math.inf)
    (segment,) = segments(bench.entries())
    assert 1.0 < segment.end_s < 1.01
    assert segment.complete


def test_a_part_of_a_source_is_not_complete(bench: Bench) -> None:
    bench.run(Film([blank()] * 4), to_end=False)
    assert stretches(bench.entries()) == [(0.0, 0.8, 4, False)]


def test_a_source_in_which_nobody_is_seen_is_done_all_the_same(bench: Bench) -> None:
    assert bench.run(Film([blank()] * 4))
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 0.8, 4, True)]
    assert len(entries) == 1


def test_a_source_without_frames_is_done(bench: Bench) -> None:
    assert bench.run(Film([]), end_s=3.0)
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 3.0, 0, True)]
    assert len(entries) == 1


# Interruptions ------------------------------------------------------------------------------------------


def test_a_stop_keeps_the_tracks_and_leaves_the_segment_undone(bench: Bench) -> None:
    assert not bench.run(Film([pair()] * 12), stop_after=6)
    entries = bench.entries()
    assert segments(entries) == []
    assert [frames_of(track) for track in last_tracks(entries)] == [list(range(6))] * 2
    # The next run sees more of them.
    assert ended_tracks(entries) == []


def test_a_stop_leaves_finished_segments_done(bench: Bench) -> None:
    assert not bench.run(Film([pair()] * 5 + [solo()] * 7), stop_after=8)
    entries = bench.entries()
    assert stretches(entries) == [(0.0, 1.0, 5, False)]
    assert [frames_of(t) for t in last_tracks(entries)] == [list(range(5))] * 2 + [[5, 6, 7]]
    assert [frames_of(t) for t in ended_tracks(entries)] == [list(range(5))] * 2


def test_whoever_goes_on_at_an_undone_segment_finds_the_same(new_bench: Callable[[], Bench]) -> None:
    pictures = [pair()] * 5 + [solo()] * 7
    whole, parts = new_bench(), new_bench()
    whole.run(Film(pictures))
    assert not parts.run(Film(pictures), stop_after=8)
    assert parts.run(Film(pictures, start=5), start_s=1.0)
    last = [{t.track_id: t.encode() for t in ended_tracks(b.entries())} for b in (whole, parts)]
    assert last[0] == last[1]
    assert len(last[0]) == 3


def test_a_stop_before_the_first_frame_sends_nothing(bench: Bench) -> None:
    stop = threading.Event()
    stop.set()
    assert not FaceWorker(bench.pack, bench.queue, SETTINGS).run(Film([pair()] * 3), 0.0, 0.6, stop)
    assert bench.entries() == []


class _FullOnce(SampleQueue):
    """A queue that is full for whoever sends the end of a segment, until what is in it has been taken.

    The sender is told to stop while it waits.
    """

    def __init__(self, client: redis.Redis, keys: Keys, stop: threading.Event) -> None:
        super().__init__(client, keys, limit=1)
        self._stop = stop
        self.taken: list[Entry] = []

    def send(self, entries: Sequence[Entry], **options: Any) -> bytes | None:
        if entries and not segments(entries) and not self._stop.is_set():
            self._take()
        return super().send(entries, **options)

    def waiting(self) -> int:
        waiting = super().waiting()
        if self._stop.is_set():
            self._take()
        if waiting:
            self._stop.set()
        return waiting

    def _take(self) -> None:
        self.prepare()
        for delivery in self.receive("test", 10_000, block_ms=1):
            assert delivery.entry is not None
            self.taken.append(delivery.entry)
        self._client.delete(self._keys.samples)


def test_what_found_no_room_before_a_stop_is_sent_with_the_rest(bench: Bench) -> None:
    stop = threading.Event()
    queue = _FullOnce(bench.client, bench.keys, stop)
    film = Film([pair()] * 5 + [solo()] * 7)

    assert not FaceWorker(bench.pack, queue, SETTINGS).run(film, 0.0, 2.4, stop)

    entries = [*queue.taken, *bench.entries()]
    # It was told to stop as the segment ended.
    assert stretches(entries) == [(0.0, 1.0, 5, False)]
    assert [frames_of(track) for track in ended_tracks(entries)] == [list(range(5))] * 2
    named = {sample_id for track in last_tracks(entries) for sample_id in track.sample_ids}
    assert named <= {entry.sample_id for entry in entries if isinstance(entry, FaceSample)}


def test_a_fault_halfway_keeps_what_was_found_and_is_not_done(bench: Bench) -> None:
    with pytest.raises(StreamError, match="picture 6 is torn") as caught:
        bench.run(Film([pair()] * 12, fault_at=6))
    assert caught.value.source == "film"
    entries = bench.entries()
    assert segments(entries) == []
    assert [frames_of(track) for track in last_tracks(entries)] == [list(range(6))] * 2
    # The next run sees more of them.
    assert ended_tracks(entries) == []


def test_a_fault_leaves_finished_segments_done(bench: Bench) -> None:
    with pytest.raises(StreamError, match="picture 9 is torn"):
        bench.run(Film([pair()] * 5 + [solo()] * 7, fault_at=9))
    assert stretches(bench.entries()) == [(0.0, 1.0, 5, False)]


def test_a_worker_processes_one_source_after_the_other(bench: Bench) -> None:
    worker = FaceWorker(bench.pack, bench.queue, SETTINGS)
    for name in ("one", "two"):
        assert worker.run(Film([solo()] * 5, name), 0.0, 1.0, threading.Event())
    tracks = ended_tracks(bench.entries())
    assert [(t.source_id, frames_of(t)) for t in tracks] == [
        ("one", list(range(5))),
        ("two", list(range(5))),
    ]


# Every face ---------------------------------------------------------------------------------------------


def test_every_face_of_every_frame_is_sent_where_that_is_wanted(bench: Bench) -> None:
    everything = FaceWorkerSettings(min_face_px=30, samples="all")
    bench.run(Film([pair()] * 6 + [solo()] * 4), everything)
    entries = bench.entries()
    tracks = ended_tracks(entries)
    faces = bench.faces()
    found = {(face.track_id, face.frame // INDEX_STEP) for face in faces}
    assert len(faces) == 2 * 6 + 4
    assert found == {(t.track_id, frame) for t in tracks for frame in frames_of(t)}
    assert len({face.sample_id for face in faces}) == len(faces)
    assert all(face.crop_jpeg == b"" for face in faces)
    # Embedded once, the best faces are the same in both streams.
    vectors = {face.sample_id: face.vector for face in faces}
    samples = [e for e in entries if isinstance(e, FaceSample)]
    assert samples
    for sample in samples:
        assert np.array_equal(sample.vector, vectors[sample.sample_id])


def test_all_faces_are_not_sent_unless_wanted(new_bench: Callable[[], Bench]) -> None:
    film = Film([pair()] * 5)
    benches = {samples: new_bench() for samples in ("best", "all")}
    for samples, bench in benches.items():
        bench.run(film, FaceWorkerSettings(min_face_px=30, samples=samples))  # type: ignore[arg-type]
    assert benches["best"].faces() == []
    # What goes to the cluster worker is the same either way.
    sent = [{e["sample_id"] for e in written(b.entries()) if "vector" in e} for b in benches.values()]
    assert sent[0] == sent[1]


# Photos -------------------------------------------------------------------------------------------------


def test_the_faces_of_a_photo_are_tracks_of_one_sight(bench: Bench) -> None:
    assert bench.run(Film([pair()], "photo"), end_s=0.0, photo=True)
    entries = bench.entries()
    tracks = ended_tracks(entries)
    assert len(tracks) == 2
    assert len([e for e in entries if isinstance(e, TrackRecord)]) == 2
    for track in tracks:
        assert frames_of(track) == [0]
        assert track.photo
        assert track.founder
        assert len(track.sample_ids) == 1
    assert stretches(entries) == [(0.0, 0.0, 1, True)]


def test_one_sight_in_a_video_is_no_face(bench: Bench) -> None:
    bench.run(Film([pair()]))
    assert ended_tracks(bench.entries()) == []


# Where nothing happens ------------------------------------------------------------------------------------


def test_where_nobody_is_and_nothing_moves_few_frames_are_looked_at_and_whoever_comes_is_seen_at_once(
    bench: Bench,
) -> None:
    detector = Together(bench.pack.detector, most=1)
    bench.pack = replace(bench.pack, detector=detector)
    film = Film([*[blank()] * 40, *[pair()] * 10])
    assert bench.run(film, stop_after=40) is False
    assert detector.alone <= 4
    assert bench.run(film)
    found = ended_tracks(bench.entries())
    assert [frames_of(track)[0] for track in found] == [40, 40]
    assert [len(track.observations) for track in found] == [10, 10]


# Several at once -----------------------------------------------------------------------------------------


def test_frames_that_lie_ready_are_shown_together_and_tell_the_same(new_bench: Callable[[], Bench]) -> None:
    one, several = new_bench(), new_bench()
    detector = Together(several.pack.detector)
    several.pack = replace(several.pack, detector=detector)
    film = Film([pair()] * 12 + [blank()] * 6 + [solo()] * 12)
    assert one.run(film)
    # So that frames pile up.
    assert several.run(film, on_frame=lambda _frame, _faces: time.sleep(0.02))
    assert max(detector.shown) == 4
    assert sum(detector.shown) + detector.alone < len(film.pictures), "nobody needs no detector"
    found, expected = several.entries(), one.entries()
    assert stretches(found) == stretches(expected)
    assert [frames_of(t) for t in ended_tracks(found)] == [frames_of(t) for t in ended_tracks(expected)]


def test_a_stop_ends_the_work_within_what_was_shown_together(bench: Bench) -> None:
    bench.pack = replace(bench.pack, detector=Together(bench.pack.detector))
    taken: list[int] = []

    def note(frame: Frame, _faces: int) -> None:
        time.sleep(0.02)
        taken.append(frame.index)

    assert not bench.run(Film([pair()] * 30), stop_after=6, on_frame=note)
    assert len(taken) == 6
