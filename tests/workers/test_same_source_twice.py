"""Two that look at the same source at once, or one at what another has done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cluster_bench import Bench
from synthetic import Cast

from storage.delivery import Entry
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord

DONE = SegmentDone("v-1", 0.0, 60.0, 300, complete=True)


@pytest.fixture(autouse=True)
def _at_work(bench: Bench) -> Iterator[None]:
    with bench.running():
        yield


def cut(entries: list[Entry], frames: int, *, ended: bool) -> list[Entry]:
    """What is told of a track after so many of its frames: one sample of its own, and these frames."""
    sample, track = entries[0], entries[-1]
    assert isinstance(sample, FaceSample)
    assert isinstance(track, TrackRecord)
    early = replace(sample, sample_id=f"{track.track_id}.early")
    return [
        early,
        replace(track, observations=track.observations[:frames], sample_ids=(early.sample_id,), ended=ended),
    ]


def known(bench: Bench) -> tuple[int, bool, tuple[str, ...], set[bytes]]:
    """Of the one track its faces, whether it has ended, and its samples; and all samples that there are."""
    (track,) = bench.store.tracks(bench.store.track_ids())
    samples = set(bench.client.scan_iter(bench.keys.sample("*"), count=1000))
    return len(track.observations), track.ended, track.sample_ids, samples


@pytest.mark.parametrize("done", [True, False])
def test_who_is_behind_takes_nothing_from_a_track_that_has_ended(bench: Bench, done: bool) -> None:
    whole = Cast().track(0, 1)
    bench.take_in(whole, [DONE] if done else [])
    before = known(bench)

    bench.take_in(cut(whole, 3, ended=False), cut(whole, 10, ended=False))

    assert known(bench) == before
    assert before[:2] == (10, True)
    bench.take_in(whole)
    assert known(bench) == before
    bench.assert_consistent()


def test_who_is_stopped_in_what_is_done_takes_nothing_from_it(bench: Bench) -> None:
    whole = Cast().track(0, 1)
    bench.take_in(whole, [DONE])
    before = known(bench)

    bench.take_in(cut(whole, 5, ended=True))

    assert known(bench) == before


def test_what_is_not_done_is_as_it_was_seen_last(bench: Bench) -> None:
    whole = Cast().track(0, 1)
    first = cut(whole, 5, ended=True)
    bench.take_in(first)
    assert known(bench)[0] == 5

    # The next run is not so far, then further, then sees the end of it, sooner than the first did.
    bench.take_in(cut(whole, 3, ended=False))
    assert known(bench)[0] == 5
    bench.take_in(cut(whole, 7, ended=False))
    assert known(bench)[0] == 7
    bench.take_in(cut(whole, 4, ended=True))
    assert known(bench)[0] == 4
