"""docs/metrics.md tells of every metric, and of none that there isn't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from facestream.cli import cli
from facestream.metrics.camera_families import camera_families
from facestream.metrics.collection_families import collection_families
from facestream.metrics.process_metrics import ProcessMetrics
from facestream.metrics.run_families import run_families
from facestream.recorded.run_report import RunReport
from storage.camera_status import CameraStatus
from storage.collection_pulse import CollectionPulse
from storage.recluster_record import ReclusterRecord
from storage.stream_readers import StreamReader

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
# Told by `serve` alone, or where Redis is away; tests of those look at them.
_ELSEWHERE = {
    "facestream_redis_up",
    "facestream_process_running",
    "facestream_process_restarts_total",
    "facestream_event_clients",
}


def families() -> Iterator[Metric]:
    """Each there is."""
    metrics = ProcessMetrics("worker")
    metrics.runs_on("cpu", "CPUExecutionProvider")
    record = ReclusterRecord("test", 1, 1, 0, 1, 1, 0, 0.1, 1.8e9)
    reader = StreamReader("theirs", "group", "changes", b"0-1", 0.0, 0.0)
    pulse = CollectionPulse(dead_added=0, readers=(reader,), reclustered=record)
    metrics.tell(lambda: collection_families(pulse))
    metrics.tell(lambda: camera_families([CameraStatus("door", "host", "streaming", 1.8e9, delay_s=0.1)]))
    metrics.tell(lambda: run_families(RunReport()))
    yield from text_string_to_metric_families(metrics.text().decode())


def test_the_table_is_what_is_told() -> None:
    rows = {
        name: (kind, {label.strip(" `") for label in labels.split(",")} - {""})
        for name, kind, labels in re.findall(
            r"^\| `(facestream_\w+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE
        )
    }
    found = {}
    for family in families():
        if not family.name.startswith("facestream_"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels}
        found[name] = (family.type, labels - {"le"})
        assert family.documentation.endswith("."), family.name
    assert found == {name: row for name, row in rows.items() if name not in _ELSEWHERE}
    assert rows.keys() >= _ELSEWHERE


def test_names_follow_the_conventions() -> None:
    for family in families():
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith("_total")
            assert not re.search(r"_(ms|millis|kb|mb|percent)(_|$)", sample.name)


def test_alerts_ask_for_what_there_is() -> None:
    asked = set(re.findall(r"\bfacestream_\w+", PAGE.split("## Alerts")[1].split("## Health")[0]))
    rows = set(re.findall(r"^\| `(facestream_\w+)`", PAGE, re.MULTILINE))
    assert asked
    assert asked <= rows


def test_its_options_are_there() -> None:
    for name in ("watch", "worker", "cluster-worker", "run"):
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--metrics-port", "--log-format"} <= options
