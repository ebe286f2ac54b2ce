"""How long a term of a cluster worker waits."""

from __future__ import annotations

from typing import Any

import pytest
from cluster_bench import Bench, until
from synthetic import Cast

from storage.delivery import Delivery
from storage.sample_queue import SampleQueue


def test_a_worker_waits_for_entries_no_longer_than_it_was_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_ms: list[int] = []
    receive = SampleQueue.receive

    def noted(queue: SampleQueue, consumer: str, **options: Any) -> list[Delivery]:
        waited_ms.append(options["block_ms"])
        return receive(queue, consumer, **options)

    monkeypatch.setattr(SampleQueue, "receive", noted)
    cast = Cast()
    with bench.running(wait_ms=7):
        bench.take_in(cast.track(0, 0), recluster=True)
        until(lambda: bool(bench.failed) or waited_ms[-3:] == [7, 7, 7])
    assert max(waited_ms) == 7
