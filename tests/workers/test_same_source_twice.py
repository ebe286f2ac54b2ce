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
    assert samples == {bench.keys.sample(sample_id).encode() for sample_id in track.sample_ids}
    assert bench.client.zrange(bench.keys.unclaimed, 0, -1) == []
    return len(track.observations), track.ended, track.sample_ids, samples


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("done", [[DONE], []])
def test_who_is_behind_or_was_stopped_takes_nothing_from_a_track_that_has_ended(
    bench: Bench, done: list[Entry], at_once: bool
) -> None:
    whole = Cast().track(0, 1)
    bench.take_in(whole, done)
    before = known(bench)
    assert before[:2] == (10, True)

    bench.take_in(cut(whole, 3, ended=False), cut(whole, 10, ended=False), at_once=at_once)
    # With samples that the whole one names, too.
    same = [*whole[:-1], replace(whole[-1], ended=False)]  # type: ignore[type-var]
    bench.take_in(same, at_once=at_once)

    assert known(bench) == before
    bench.take_in(whole, at_once=at_once)
    assert known(bench) == before
    bench.assert_consistent()


def test_both_in_one_step_are_told_apart_too(bench: Bench) -> None:
    whole = Cast().track(0, 1)
    bench.take_in(cut(whole, 3, ended=False), whole, cut(whole, 4, ended=False), [DONE], at_once=True)
    assert known(bench)[:3] == (10, True, whole[-1].sample_ids)  # type: ignore[union-attr]
    bench.assert_consistent()


def test_what_has_ended_is_as_it_was_seen_last(bench: Bench) -> None:
    whole = Cast().track(0, 1)
    bench.take_in(cut(whole, 5, ended=False))
    assert known(bench)[:2] == (5, False)

    # The run after one that was stopped is not so far, then further, then sees the end of it, sooner.
    bench.take_in(cut(whole, 3, ended=False))
    assert known(bench)[:2] == (5, False)
    bench.take_in(cut(whole, 7, ended=False))
    assert known(bench)[:2] == (7, False)
    bench.take_in(cut(whole, 4, ended=True), [DONE])
    assert known(bench)[:2] == (4, True)


def test_who_looks_again_with_other_borders_leaves_no_track_beside_theirs(bench: Bench) -> None:
    cast = Cast()
    long = cast.track(0, 1, start_s=18.0, frames=45)
    bench.take_in(long, [SegmentDone("v-1", 0.0, 60.0)], recluster=True)
    assert len(bench.people()) == 1

    # They end it at 20 s, and go on with another one.
    track = long[-1]
    assert isinstance(track, TrackRecord)
    short = [*long[:-1], replace(track, observations=track.observations[:10])]
    rest = cast.track(0, 2, start_s=20.0, frames=35)
    bench.take_in(short, [SegmentDone("v-1", 0.0, 20.0, track_ids=(track.track_id,))])
    bench.take_in(rest, [SegmentDone("v-1", 20.0, 60.0, track_ids=("v-1.2.0",))], recluster=True)

    assert list(bench.people().values()) == [{"v-1.1.0", "v-1.2.0"}]
    bench.assert_consistent()


def test_a_sample_that_comes_again_in_the_step_that_let_go_of_it_is_kept(bench: Bench) -> None:
    whole = Cast().track(0, 1)
    first, track = whole[0], whole[-1]
    assert isinstance(track, TrackRecord)
    bench.take_in([first, replace(track, sample_ids=track.sample_ids[:1], ended=False)])
    # Another one is better for a moment; then the end names both.
    better = [whole[1], replace(track, sample_ids=track.sample_ids[1:], ended=False)]
    bench.take_in([*better, first], at_once=True)
    bench.take_in([track])
    assert known(bench)[2] == track.sample_ids
