"""The benchmark of kills at its shortest: real processes, a real server, nothing lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_senders_and_cluster_workers_that_are_killed_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    kills = pytest.importorskip("kills")
    plan, calm, harried = kills.compare(400, 6, seed=5)
    assert kills.differing(calm, harried) == []
    assert min(harried.kills.values()) > 0
    assert harried.counts["tracks"] == plan.tracks
    assert harried.counts["samples"] == plan.tracks * kills.SAMPLES_PER_TRACK
    assert (
        harried.counts["left in the queue"] == harried.counts["put aside"] == harried.counts["pending"] == 0
    )
