"""A run that is stopped ends soon, whatever is computed, and the next one settles the rest."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import scenes

from facestream.configuration.settings import Place
from facestream.progress import RunProgress, stderr_console
from facestream.recorded import run
from facestream.recorded.run_report import RunOptions, RunReport
from facestream.wiring import keys_of, make_queue, make_store, open_handle
from workers.clustering.cancellation import checkpoint
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


def test_a_run_that_is_stopped_does_not_wait_for_a_long_re_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, cache_dir: Path
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    place = Place(tmp_path_factory.mktemp("fs") / "data")
    photo = scenes.photos(tmp_path_factory.mktemp("media") / "photos") / "astronaut.jpg"
    stop = threading.Event()

    def execute() -> RunReport:
        options = RunOptions(paths=(photo,))
        with RunProgress(stderr_console(), quiet=True) as progress:
            return run.Run(place, options, progress).execute(stop)

    def endless(*_: object) -> Partition:
        stop.set()
        while True:
            checkpoint()
            time.sleep(0.005)

    # Held throughout, so that the server is started once.
    with open_handle(place) as handle:
        queue, store = make_queue(handle, keys_of(place)), make_store(handle, keys_of(place))
        with monkeypatch.context() as patch:
            patch.setattr(run, "_STOP_S", 0.1)
            patch.setattr(TrackClusterer, "recluster", endless)
            report = execute()
        assert report.interrupted
        assert "re-cluster" not in {thread.name for thread in threading.enumerate()}
        assert queue.waiting() > 0
        assert len(store.people()) == len(store.provisional()) == 1

        stop.clear()
        execute()

        assert queue.waiting() == 0
        assert store.provisional() == set()
