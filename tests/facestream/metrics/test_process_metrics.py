"""The numbers of one process."""

from __future__ import annotations

import time

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from facestream.metrics.process_metrics import ProcessMetrics
from facestream.metrics.timed_work import timed_pack
from workers.models.calibration import Calibration
from workers.models.detection import FaceDetector
from workers.models.pack import Pack


def values(metrics: ProcessMetrics) -> dict[tuple[str, ...], float]:
    """What is told, by name and values of labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_time_of_a_stage_is_without_that_of_stages_within_it() -> None:
    metrics = ProcessMetrics("worker")
    with metrics.timed("track"):
        time.sleep(0.01)
        for _ in range(2):
            with metrics.timed("embed"):
                time.sleep(0.05)
    found = values(metrics)
    track_s = found["facestream_stage_seconds_sum", "track"]
    embed_s = found["facestream_stage_seconds_sum", "embed"]
    assert found["facestream_stage_seconds_count", "track"] == 1
    assert found["facestream_stage_seconds_count", "embed"] == 2
    assert embed_s >= 0.1
    assert track_s >= 0.01
    # Together they can't have taken longer than all of it, whatever the machine did meanwhile.
    with metrics.timed("detect"):
        began_s = time.perf_counter()
        with metrics.timed("track"):
            time.sleep(0.02)
        inner_s = time.perf_counter() - began_s
    assert values(metrics)["facestream_stage_seconds_sum", "track"] - track_s <= inner_s


def test_a_stage_that_fails_counts_and_passes_its_error_on() -> None:
    metrics = ProcessMetrics("worker")
    with pytest.raises(ValueError, match="banana"), metrics.timed("commit"):
        int("banana")
    assert values(metrics)["facestream_stage_seconds_count", "commit"] == 1


def test_models_tell_batch_sizes_and_what_they_run_on() -> None:
    class Detector(FaceDetector):
        def detect(self, images_bgr, min_face_px):  # type: ignore[no-untyped-def]
            return [[] for _ in images_bgr]

        def refine(self, image_bgr, boxes_xyxy):  # type: ignore[no-untyped-def]
            return [None] * len(boxes_xyxy)

    class Embedder:
        dimension, input_px, template = 4, 112, np.zeros((5, 2), np.float32)

        def embed(self, chips_bgr):  # type: ignore[no-untyped-def]
            return np.ones((len(chips_bgr), 4), np.float32)

    metrics = ProcessMetrics("worker")
    pack = timed_pack(
        Pack(None, Detector(), Embedder(), Calibration.flat(4, 0.8, 0.0, 0.1), ("CPUExecutionProvider",)),  # type: ignore[arg-type]
        metrics,
    )
    picture = np.zeros((8, 8, 3), np.uint8)
    assert pack.detector.detect([picture], 20) == [[]]
    assert pack.detector.refine(picture, np.zeros((2, 4), np.float32)) == [None, None]
    assert pack.detector.at_once == 1
    assert [shown.detect(20) for shown in pack.detector.show([picture] * 2)] == [[], []]
    assert pack.embedder.embed([picture] * 3).shape == (3, 4)
    assert pack.embedder.embed([]).shape == (0, 4)
    assert (pack.embedder.dimension, pack.embedder.input_px) == (4, 112)
    found = values(metrics)
    assert found["facestream_batch_size_sum", "embedder"] == 3
    assert found["facestream_batch_size_count", "detector"] == 2
    assert found["facestream_batch_size_sum", "detector"] == 3
    assert found["facestream_stage_seconds_count", "detect"] == 3
    assert found["facestream_stage_seconds_count", "embed"] == 1
    assert found["facestream_provider_info", "cpu", "CPUExecutionProvider"] == 1


def test_two_processes_in_one_know_nothing_of_each_other() -> None:
    one, other = ProcessMetrics("run"), ProcessMetrics("watch")
    one.took_in(3, 1)
    assert values(one)["facestream_entries_total", "taken_in"] == 3
    assert values(other)["facestream_entries_total", "taken_in"] == 0


def test_when_numbers_began_is_not_told() -> None:
    assert b"_created" not in ProcessMetrics("run").text()
