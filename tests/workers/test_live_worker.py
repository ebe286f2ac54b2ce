from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import numpy as np
import pytest
from films import blank, covered, pair, solo
from live_site import Camera, Site
from together import Together

from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.errors import ModelConflictError
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import ReclusterRequest
from storage.sample_queue import SampleQueue
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.live_worker import LIVE_SETTINGS
from workers.models.pack import Pack
from workers.track_builder import TrackBuilder
from workers.tracking.motion import MotionSettings
from workers.tracking.region import Region

# Of the two faces of `pair()`, px.
PAIR_BOXES = [[34, 24, 85, 84], [132, 81, 186, 155]]


@pytest.fixture
def site(handle: RedisHandle, open_pack: Pack) -> Site:
    return Site(handle.client, open_pack)


def tracks(entries: Sequence[Entry], source_id: str) -> list[TrackRecord]:
    return [e for e in entries if isinstance(e, TrackRecord) and e.ended and e.source_id == source_id]


def stretches(entries: Sequence[Entry]) -> list[tuple[float, float, int]]:
    return [(e.start_s, round(e.end_s, 2), e.sampled) for e in entries if isinstance(e, SegmentDone)]


def until(condition: Callable[[], bool], site: Site) -> None:
    """Let the worker work on until something holds."""
    for _ in range(100):
        if condition():
            return
        site.waited_s += 0.1
        site.worker.step(0.0)
    pytest.fail("nothing happens")


# Faces --------------------------------------------------------------------------------------------------


def test_faces_of_cameras_are_told_while_they_are_there_and_closed_when_a_camera_goes(site: Site) -> None:
    door, hall = site.add(Camera("door")), site.add(Camera("hall"))
    for _ in range(6):
        door.show(pair())
        hall.show(solo())
        site.drain()
    early = [e for e in site.entries() if isinstance(e, TrackRecord)]
    assert sorted(t.source_id for t in early) == ["c-door", "c-door", "c-hall"]
    assert not any(t.ended for t in early)
    assert site.worker.remove("c-door") == site.worker.remove("c-hall") == 0
    entries = site.entries()
    ended = tracks(entries, "c-door") + tracks(entries, "c-hall")
    assert {t.track_id for t in ended} == {t.track_id for t in early}
    assert stretches(entries) == [(0.0, 1.0, 6), (0.0, 1.0, 6)]
    assert all(not e.complete and e.track_ids is None for e in entries if isinstance(e, SegmentDone))
    assert site.taken[:2] == [("c-door", 0.0, 2), ("c-hall", 0.0, 1)]


def test_the_faces_of_the_newest_frame_are_known_while_they_are_there(site: Site) -> None:
    door = site.add(Camera("door"))
    site.play(door, [pair()] * 6)
    present = site.worker.present("c-door")
    early = {e.track_id for e in site.entries() if isinstance(e, TrackRecord)}
    assert {track_id for track_id, _, _ in present} == early
    boxes = sorted(box_xyxy.tolist() for _, box_xyxy, _ in present)
    assert np.allclose(boxes, PAIR_BOXES, atol=6)
    site.play(door, [blank()])
    assert site.worker.present("c-door") == []
    assert site.worker.present("c-elsewhere") == []


def test_a_face_that_goes_on_in_a_new_piece_tells_which_one_was_before(site: Site) -> None:
    hall = site.add(Camera("hall", fps=1.0))
    site.play(hall, [solo()] * 14)
    ((track_id, _, continues),) = site.worker.present("c-hall")
    assert continues
    assert continues != track_id


def test_a_still_picture_with_faces_is_looked_at_less_often_and_its_tracks_go_on(site: Site) -> None:
    hall = site.add(Camera("hall"))
    site.play(hall, [pair()] * 40)
    figures = site.worker.figures("c-hall")
    assert (figures.done, figures.faces) == (40, 2)
    assert figures.looked < 20
    site.worker.remove("c-hall")
    ended = tracks(site.entries(), "c-hall")
    assert len(ended) == 2
    for track in ended:
        assert track.observations["media_s"][0] == 0.0
        assert track.observations["media_s"][-1] > 7.0


def test_without_a_gate_every_frame_is_looked_at(site: Site) -> None:
    hall = site.add(Camera("hall"), motion=None)
    site.play(hall, [blank()] * 12)
    assert site.worker.figures("c-hall").looked == 12


def test_a_still_picture_is_searched_as_often_as_the_gate_is_told(site: Site) -> None:
    hall = site.add(Camera("hall", fps=1.0), motion=MotionSettings(look_s=20.0))
    site.play(hall, [blank()] * 300)
    assert 10 <= site.worker.figures("c-hall").looked <= 20


def test_an_empty_scene_makes_few_entries_and_few_looks(site: Site) -> None:
    hall = site.add(Camera("hall", fps=1.0))
    site.play(hall, [blank()] * 300)
    assert 50 <= site.worker.figures("c-hall").looked <= 60
    site.worker.remove("c-hall")
    entries = site.entries()
    done = stretches(entries)
    assert len(entries) == len(done) == 5
    assert sum(sampled for _, _, sampled in done) == 300
    assert all(end == start for (_, end, _), (start, _, _) in pairwise(done))
    # By default, an hour makes twelve.
    assert LIVE_SETTINGS.idle_segment_s == 300.0


def test_whoever_sits_there_for_long_is_handed_over_in_pieces_that_belong_together(site: Site) -> None:
    hall = site.add(Camera("hall", fps=1.0))
    site.play(hall, [solo()] * 35)
    site.worker.remove("c-hall")
    entries = site.entries()
    pieces = tracks(entries, "c-hall")
    assert [len(stretch) for stretch in (pieces, stretches(entries))] == [4, 4]
    for earlier, later in pairwise(pieces):
        assert later.continues == earlier.track_id
    assert max(len(piece.observations) for piece in pieces) <= 11


def test_whoever_comes_into_an_empty_scene_is_not_cut_off_by_its_end(site: Site) -> None:
    hall = site.add(Camera("hall", fps=1.0))
    empty = covered(covered(pair(), PAIR_BOXES[0]), PAIR_BOXES[1])
    site.play(hall, [empty] * 58)
    site.play(hall, [pair()] * 8)
    site.worker.remove("c-hall")
    entries = site.entries()
    assert stretches(entries) == [(0.0, 65.0, 66)]
    assert [len(track.observations) for track in tracks(entries, "c-hall")] == [8, 8]


def test_faces_outside_the_region_of_a_camera_are_nobody(site: Site) -> None:
    left = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
    hall = site.add(Camera("hall"), region=Region([left]))
    site.play(hall, [pair()] * 6)
    assert {faces for _, _, faces in site.taken} == {1}


def test_a_camera_has_a_smallest_face_of_its_own(site: Site) -> None:
    hall = site.add(Camera("hall"), min_face_px=170.0)
    site.play(hall, [pair()] * 3)
    assert {faces for _, _, faces in site.taken} == {0}


# Gaps ---------------------------------------------------------------------------------------------------


def test_a_gap_closes_the_tracks_and_the_stretch(site: Site) -> None:
    hall = site.add(Camera("hall"))
    site.play(hall, [solo()] * 5)
    site.play(hall, [solo()] * 5, at_s=60.0)
    site.worker.remove("c-hall")
    entries = site.entries()
    assert [t.continues for t in tracks(entries, "c-hall")] == [None, None]
    assert stretches(entries) == [(0.0, 0.8, 5), (60.0, 60.8, 5)]


def test_a_camera_that_stays_away_leaves_nobody_behind_while_others_go_on(site: Site) -> None:
    gone, other = site.add(Camera("gone")), site.add(Camera("other"))
    site.play(gone, [solo()] * 5)
    sent: list[Entry] = []

    def closed() -> bool:
        other.show(blank())
        sent.extend(site.entries())
        return bool(stretches(sent))

    until(closed, site)
    assert stretches(sent)[0] == (0.0, 0.8, 5)
    assert len(tracks(sent, "c-gone")) == 1
    assert site.worker.figures("c-gone").faces == 0


def test_a_slow_camera_is_no_camera_with_gaps(site: Site) -> None:
    slow = site.add(Camera("slow", fps=0.2), fps=0.2)
    site.play(slow, [blank()] * 8)
    site.worker.remove("c-slow")
    assert [sampled for _, _, sampled in stretches(site.entries())] == [8]


# Fairness -----------------------------------------------------------------------------------------------


def test_the_frame_that_waited_longest_comes_first(site: Site) -> None:
    one, two = site.add(Camera("one")), site.add(Camera("two"))
    for camera in (one, two):
        site.play(camera, [blank()])
    one.show(blank(), blank(), at_s=1.0)
    two.show(blank(), blank(), blank(), at_s=0.6)
    site.drain()
    assert [(name, media_s) for name, media_s, _ in site.taken[2:]] == [
        ("c-two", 0.6),
        ("c-two", 0.8),
        ("c-one", 1.0),
        ("c-two", 1.0),
        ("c-one", 1.2),
    ]


def test_under_too_much_load_cameras_of_all_rates_get_their_turns(site: Site) -> None:
    cameras = [site.add(Camera(f"n{k}", fps=fps), fps=fps) for k, fps in enumerate((25.0, 5.0, 5.0))]
    for second in range(40):
        # Of seven frames, one can be looked at.
        cameras[0].show(*[blank()] * 5, at_s=second / 5)
        cameras[1].show(blank(), at_s=second / 5)
        cameras[2].show(blank(), at_s=second / 5)
        assert site.worker.step(0.0)
    shares = [sum(name == camera.source_id for name, _, _ in site.taken) for camera in cameras]
    assert sum(shares) == 40
    assert min(shares) >= 8


def test_under_any_load_no_camera_waits_for_its_first_turn_for_ever(site: Site) -> None:
    cameras = [site.add(Camera(f"n{k}")) for k in range(10)]
    for second in range(60):
        for camera in cameras:
            camera.show(blank(), at_s=second / 5)
        assert site.worker.step(0.0)
    shares = [sum(name == camera.source_id for name, _, _ in site.taken) for camera in cameras]
    assert sum(shares) == 60
    assert min(shares) >= 5


def test_clocks_of_cameras_need_not_agree(site: Site) -> None:
    early, late = site.add(Camera("early", epoch_s=1e9)), site.add(Camera("late", epoch_s=1e9 + 7200))
    for second in range(20):
        early.show(blank(), at_s=second / 5)
        late.show(blank(), at_s=second / 5)
        assert site.worker.step(0.0)
    assert {name for name, _, _ in site.taken[:4]} == {"c-early", "c-late"}
    assert sum(name == "c-late" for name, _, _ in site.taken) >= 8
    assert site.worker.figures("c-late").delay_s < 30


def test_dead_cameras_cost_nothing(site: Site) -> None:
    for k in range(25):
        site.add(Camera(f"dead-{k}"))
    alive = site.add(Camera("alive"))
    site.play(alive, [blank()] * 5)
    assert not site.worker.step(0.0)
    assert len(site.taken) == 5


def test_an_arriving_frame_ends_the_wait(site: Site) -> None:
    hall = site.add(Camera("hall"))

    def arrive() -> None:
        hall.show(blank())
        site.worker.wake()

    timer = threading.Timer(0.1, arrive)
    timer.start()
    began_s = time.monotonic()
    assert site.worker.step(60.0)
    timer.join()
    assert time.monotonic() - began_s < 30


# Several at once -----------------------------------------------------------------------------------------


@pytest.fixture
def together(handle: RedisHandle, open_pack: Pack) -> tuple[Site, Together]:
    """Cameras whose worker has a detector that gains by seeing several frames at once."""
    detector = Together(open_pack.detector)
    return Site(handle.client, replace(open_pack, detector=detector)), detector


def test_frames_of_several_cameras_are_shown_together_and_tell_the_same(
    site: Site, together: tuple[Site, Together]
) -> None:
    several, detector = together
    for each in (site, several):
        cameras = [each.add(Camera(f"n{k}")) for k in range(6)]
        for _ in range(6):
            for k, camera in enumerate(cameras):
                camera.show(pair() if k % 2 else solo())
            each.drain()
        for camera in cameras:
            each.worker.remove(camera.source_id)
    # Six cameras at a time, of which four make a call.
    assert detector.shown[:2] == [4, 2]
    assert detector.alone == 0
    assert sorted(several.taken) == sorted(site.taken)
    found, expected = several.entries(), site.entries()
    for k in range(6):
        mine, theirs = (tracks(entries, f"c-n{k}") for entries in (found, expected))
        assert [len(track.observations) for track in mine] == [len(track.observations) for track in theirs]
        assert len(mine) == (2 if k % 2 else 1)


def test_what_no_detector_is_needed_for_is_not_shown_to_it(together: tuple[Site, Together]) -> None:
    several, detector = together
    door, hall = several.add(Camera("door")), several.add(Camera("hall"))
    for _ in range(10):
        door.show(blank())
        hall.show(blank())
        several.drain()
    assert len(several.taken) == 20
    # Of an empty scene that stays as it is, the first frames alone are searched.
    assert sum(detector.shown) <= 8
    assert detector.alone == 0


def test_a_frame_that_makes_the_detector_fail_costs_other_cameras_nothing(
    together: tuple[Site, Together],
) -> None:
    several, detector = together
    detector.is_bad = lambda image: int(image[0, 0, 0]) == int(covered(pair(), [0, 0, 9, 9])[0, 0, 0])
    bad = covered(pair(), [0, 0, 9, 9])
    door, hall = several.add(Camera("door"), motion=None), several.add(Camera("hall"), motion=None)
    for k in range(4):
        door.show(bad if k == 1 else pair())
        hall.show(pair())
        several.drain()
    assert several.worker.figures("c-door").failed == 1
    assert several.worker.figures("c-hall").failed == 0
    assert [faces for name, _, faces in several.taken if name == "c-hall"] == [2, 2, 2, 2]
    assert [faces for name, _, faces in several.taken if name == "c-door"] == [2, 0, 2, 2]


def test_a_camera_that_has_been_there_for_many_years_is_looked_at_beside_others(site: Site) -> None:
    # By the number of its frames, as one that was begun when the clock stood at 1970.
    gate, hall = site.add(Camera("gate"), motion=None), site.add(Camera("hall"), motion=None)
    gate.show(at_s=1.8e9)
    for _ in range(6):
        gate.show(pair())
        hall.show(solo())
        site.drain()
    site.worker.remove("c-gate")
    site.worker.remove("c-hall")
    entries = site.entries()
    assert len(tracks(entries, "c-hall")) == 1
    found = tracks(entries, "c-gate")
    assert [track.observations["frame"].tolist() for track in found] == [
        [45_000_000_000 + 5 * k for k in range(6)]
    ] * 2


@pytest.mark.parametrize("failing", ["add", "end"])
def test_what_fails_with_the_faces_of_one_camera_costs_the_others_nothing(
    site: Site, failing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate, hall = site.add(Camera("gate"), motion=None), site.add(Camera("hall"), motion=None)
    whole = getattr(TrackBuilder, failing)
    broken = True

    def failing_at_the_gate(self: TrackBuilder, *arguments: object, **options: object) -> object:
        done = whole(self, *arguments, **options)
        if broken and self._source_id == "c-gate":
            raise OverflowError("out of bounds")
        return done

    monkeypatch.setattr(TrackBuilder, failing, failing_at_the_gate)
    for k in range(120):
        # More often than a model may fail; it is itself again at the end.
        broken = k < 100
        gate.show(pair())
        hall.show(solo())
        site.drain()
    for camera in (gate, hall):
        site.worker.remove(camera.source_id)
    entries = site.entries()
    assert tracks(entries, "c-hall")
    assert len(tracks(entries, "c-gate")) >= 2
    assert site.worker.figures("c-hall").failed == 0
    assert [r for r in caplog.records if "c-gate" in r.message and "could not be followed" in r.message]


def test_dropped_frames_lower_the_rates_of_all_cameras(site: Site) -> None:
    busy, other = site.add(Camera("busy")), site.add(Camera("other"), fps=2.0)
    assert (busy.rates, other.rates) == ([5.0], [2.0])

    def lowered() -> bool:
        busy.show(*[blank()] * 8)
        return bool(site.changes)

    until(lowered, site)
    change = site.changes[0]
    assert change.dropped > 0.1
    assert busy.rates == [5.0, 5.0 * change.factor]
    assert other.rates == [2.0, 2.0 * change.factor]
    late = site.add(Camera("late"))
    assert late.rates == [5.0 * site.changes[-1].factor]


# Redis --------------------------------------------------------------------------------------------------


def full_queue(site: Site) -> tuple[SampleQueue, Keys]:
    """A queue that takes nothing more until its stream is deleted."""
    keys = Keys(f"test-{uuid4().hex}")
    queue = SampleQueue(site.client, keys, limit=1)
    queue.prepare()
    queue.send([ReclusterRequest("waits")])
    return queue, keys


def test_a_full_queue_holds_one_camera_back_and_nothing_is_lost(site: Site) -> None:
    full, keys = full_queue(site)
    hall, other = site.add(Camera("hall"), queue=full), site.add(Camera("other"))
    site.play(hall, [pair()] * 3)
    held = site.worker.figures("c-hall").held
    assert held > 0
    hall.show(*[pair()] * 8)
    site.play(other, [blank()] * 5)
    assert site.worker.figures("c-hall").held == held
    assert hall.status.dropped == 4
    assert site.client.xlen(keys.samples) == 1
    site.client.delete(keys.samples)
    full.prepare()
    until(lambda: site.worker.figures("c-hall").done >= 4, site)
    assert site.client.xlen(keys.samples) == held


def test_why_frames_of_a_camera_whose_queue_is_full_were_dropped_is_known_at_once(site: Site) -> None:
    full, _ = full_queue(site)
    hall, other = site.add(Camera("hall"), queue=full), site.add(Camera("other"))
    site.play(hall, [pair()] * 3)
    hall.show(*[pair()] * 4)
    for _ in range(5):
        # Less than the second after which the load is measured.
        hall.show(pair())
        site.play(other, [blank()], at_s=hall.now_s)
        assert site.worker.figures("c-hall").dropped_full == hall.status.dropped > 0
    known = site.worker.figures("c-hall").dropped_full
    # The worker does nothing, as while Redis is away: the queue is not why.
    hall.show(*[pair()] * 20)
    site.worker.step(0.0)
    assert site.worker.figures("c-hall").dropped_full == known


def test_what_can_not_be_sent_in_the_end_is_counted(site: Site) -> None:
    full, _ = full_queue(site)
    site.play(site.add(Camera("hall"), queue=full), [blank()] * 3)
    assert site.worker.remove("c-hall", wait_s=0.1) == 1


def test_a_camera_that_somebody_else_has_now_is_given_up(site: Site) -> None:
    lease = Lease(site.client, f"{site.keys.samples}:test-lease", ttl_s=60)
    assert lease.acquire()
    hall = site.add(Camera("hall"), queue=SampleQueue(site.client, site.keys, fence=lease))
    other = site.add(Camera("other"))
    site.play(hall, [solo()] * 2)
    site.client.delete(lease.key)
    hall.show(*[solo()] * 3)
    site.drain()
    assert site.lost == ["c-hall"]
    assert site.entries() == []
    site.play(other, [blank()] * 3)
    assert not site.worker.step(0.0)
    assert site.worker.remove("c-hall") == 0


def test_a_collection_of_other_models_is_said_to_be_one(site: Site) -> None:
    site.client.hset(site.keys.meta, "model_id", "other")
    queue = SampleQueue(site.client, site.keys, model_id="ours")
    hall = site.add(Camera("hall"), queue=queue)
    with pytest.raises(ModelConflictError):
        site.play(hall, [solo()] * 5)


def test_a_camera_is_added_once(site: Site) -> None:
    site.add(Camera("hall"))
    with pytest.raises(ValueError, match="c-hall is looked at already"):
        site.add(Camera("hall"))
    assert site.worker.remove("c-unknown") == 0
    assert site.worker.figures("c-unknown").done == 0
