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
    calm, killed, wrong = kills.compare(400, 6, seed=5)
    assert wrong == []
    assert min(killed.kills.values()) > 0
    assert killed.counts["samples"] == calm.counts["samples"] == 400
    left = ("left in the queue", "put aside", "pending", "unclaimed samples")
    assert [killed.counts[name] for name in left] == [0, 0, 0, 0]
