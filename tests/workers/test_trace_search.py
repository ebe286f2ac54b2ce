"""What streams tell of people and tracks is found, as a whole or some of it at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pytest
from cluster_bench import Bench, new_bench
from synthetic import Cast
from test_forgetting import ADA, BOB, CAROL, FIRST, samples_of, without_track

from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.identity_record import ChangeKind, IdentityChange
from storage.track_record import TrackRecord
from workers.trace_search import TraceSearch


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    result = new_bench(handle)
    result.client.set(result.keys.next_identity, FIRST - 1)
    return result


def traces_of(
    bench: Bench, identity_ids: Collection[str], tracks: Sequence[TrackRecord]
) -> dict[str, list[bytes]]:
    track_ids = [track.track_id for track in tracks]
    return TraceSearch(bench.store, identity_ids, track_ids, tracks).found(identity_ids, track_ids)


def test_a_face_of_the_log_is_theirs_where_it_lies_on_one_of_theirs(bench: Bench) -> None:
    cast = Cast()
    entries = cast.track(0, 0)
    track = entries[-1]
    assert isinstance(track, TrackRecord)
    left, top, right, bottom = track.observations["box_xyxy"][3]
    frame = int(track.observations["frame"][3])

    def log(**changes: object) -> bytes:
        face = replace(without_track(entries, 3), **changes)  # type: ignore[arg-type]
        return bytes(bench.client.xadd(bench.keys.faces, face.encode()))

    def box(x: float, y: float = 0.0, share: float = 1.0) -> np.ndarray:
        width, height = (right - left) * share, (bottom - top) * share
        return np.array([left + x, top + y, left + x + width, top + y + height], np.float32)

    theirs = [
        log(box_xyxy=box(0)),
        log(box_xyxy=box(30)),  # 70 of 130 parts are common
        log(box_xyxy=box(0, 0, 1.4)),
        log(box_xyxy=box(900), track_id="v-1.0.0"),
    ]
    others = [
        log(box_xyxy=box(36)),  # 64 of 136 parts
        log(box_xyxy=box(0, 0, 1.5)),
        log(box_xyxy=box(0), frame=frame + 1),
        log(box_xyxy=box(0), source_id="v-2"),
        log(box_xyxy=box(900), track_id="v-1.5.9"),
        bytes(
            bench.client.xadd(bench.keys.faces, {"frame": frame, "source_id": "v-1", "box_xyxy": b"short"})
        ),
        bytes(bench.client.xadd(bench.keys.faces, {"nothing": "of it"})),
        *(
            bytes(
                bench.client.xadd(
                    bench.keys.faces,
                    {"frame": written, "source_id": "v-1", "box_xyxy": box(0).astype("<f4").tobytes()},
                )
            )
            for written in ("-3", "x", "9" * 30, "")
        ),
    ]
    assert traces_of(bench, {ADA}, [track]) == {bench.keys.faces: theirs}
    assert bench.client.xlen(bench.keys.faces) == len(theirs) + len(others)


def test_of_nobody_there_are_no_traces(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0))
    assert traces_of(bench, set(), []) == {}
    assert traces_of(bench, {BOB}, []) == {}
    (found,) = traces_of(bench, {ADA}, []).items()
    assert found == (
        bench.keys.changes,
        [entry_id for entry_id, _ in bench.client.xrange(bench.keys.changes)],
    )


def fill(bench: Bench, tracks: Sequence[Sequence[Entry]]) -> None:
    """Let every stream tell of tracks, the first of which is Ada's, and so on."""
    for who, entries in zip((ADA, BOB, CAROL), tracks, strict=True):
        sample, *_ = samples_of(entries)
        bench.queue.send(list(entries), faces=[*samples_of(entries), without_track(entries, 2)])
        bench.client.xadd(bench.keys.dead, {"track_id": sample.track_id})
        for told in ((who, "", sample.track_id), ("p1", who, ""), ("p1", "p2", "x")):
            identity_id, other_id, track_id = told
            change = IdentityChange(
                ChangeKind.MERGED, identity_id, other_id=other_id, track_id=track_id, event_s=1.0
            )
            bench.client.xadd(bench.keys.changes, {**change.encode(), "published_at_s": "1.0"})


def records(tracks: Sequence[Sequence[Entry]]) -> list[TrackRecord]:
    return [track for entries in tracks for track in entries if isinstance(track, TrackRecord)]


def test_what_is_found_some_at_a_time_is_all_there_is_with_what_came_meanwhile(bench: Bench) -> None:
    bench.queue.prepare()
    cast = Cast()
    tracks = [cast.track(who, who) for who in range(3)]
    fill(bench, tracks)
    every = records(tracks)
    search = TraceSearch(bench.store, [ADA, BOB, CAROL], [t.track_id for t in every], every)
    steps = 1
    while not search.advance(4):
        steps += 1
    keys = bench.keys
    length = sum(bench.client.xlen(key) for key in (keys.changes, keys.faces, keys.samples, keys.dead))
    assert length / 4 <= steps <= length / 4 + 1
    fill(bench, tracks)
    for who, track in zip((ADA, BOB, CAROL), every, strict=True):
        found = search.found([who], [track.track_id])
        assert found == traces_of(bench, [who], [track])
        assert {key: len(entry_ids) for key, entry_ids in found.items()} == {
            keys.changes: 4,
            keys.faces: 6,
            keys.samples: 6,
            keys.dead: 2,
        }
    assert search.found([], []) == {}


def test_a_search_knows_what_it_was_made_for_and_no_more(bench: Bench) -> None:
    cast = Cast()
    one, other = records([cast.track(0, 0), cast.track(1, 1)])
    search = TraceSearch(bench.store, [ADA], [one.track_id, "damaged"], [one])
    assert search.holds(one.track_id)
    assert search.holds("damaged")
    assert not search.holds(other.track_id)
    assert search.knows([ADA], [one.track_id, "damaged"], [one])
    assert search.knows([], [], [])
    assert not search.knows([ADA, BOB], [one.track_id], [one])
    assert not search.knows([ADA], [one.track_id, other.track_id], [one, other])
    grown = replace(one, observations=np.concatenate([one.observations, one.observations[-1:]]))
    assert not search.knows([ADA], [one.track_id], [grown])
    # Nor one that could not be read before.
    assert not search.knows([ADA], ["damaged"], [replace(one, track_id="damaged")])
