"""How often what is over age is looked for."""

from __future__ import annotations

import math
import threading
import time

import pytest
from cluster_bench import Bench, plain, until
from synthetic import CALIBRATION, Cast, a_source
from test_erasing import camera, keep

from storage.lease import Lease
from storage.retention_policy import DAY_S, RetentionPolicy
from workers import cluster_term
from workers import erasures as erasures_of_a_term
from workers.doubts import Doubts
from workers.erasures import Erasures
from workers.kept_roster import KeptRoster


def test_what_is_kept_for_a_short_time_goes_little_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasures_of_a_term, "_LEAST_PAUSE_S", 0.1)
    monkeypatch.setattr(cluster_term, "_TRIM_EVERY_S", 0.1)
    door = a_source("c-door", kind="camera", recorded_at_s=time.time() - 100 * DAY_S)
    bench.store.register_source(door)
    cast = Cast()
    seen_s = 100 * DAY_S
    with bench.running():
        bench.take_in(camera(cast, 0, 0, seen_s), camera(cast, 1, 1, seen_s + 30 * DAY_S))
        assert bench.people().keys() == {"p1", "p2"}
        keep(bench, unnamed=4 / DAY_S, named=float("inf"))
        until(lambda: bool(bench.failed) or bench.people().keys() == {"p2"}, within_s=20)


@pytest.mark.parametrize(
    ("kept_s", "pause_s"), [(None, 600.0), (DAY_S, 600.0), (600.0, 60.0), (1.0, 5.0), (math.inf, 600.0)]
)
def test_what_is_kept_for_a_shorter_time_is_looked_for_more_often(
    bench: Bench, kept_s: float | None, pause_s: float
) -> None:
    kept = KeptRoster(bench.store, Lease(bench.client, bench.keys.leader), plain, CALIBRATION, None)
    doubts = Doubts(bench.queue.attempts("c"), threading.Event().wait)
    erasures = Erasures(kept, doubts, 600.0, lambda: None)
    erasures.heed(RetentionPolicy(sightings=1 / DAY_S))
    erasures.heed(RetentionPolicy(streams=None if kept_s is None else kept_s / DAY_S))
    assert erasures.pause_s == pytest.approx(pause_s)
