"""Numbers of processes that have no port, told by the one that keeps them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from facestream.metrics.exposition import Exposition
from facestream.metrics.kept_metrics import KeptMetrics

# It stays until its standard input ends.
_WORKER = """
import sys
from facestream.metrics.process_metrics import ProcessMetrics
metrics = ProcessMetrics("worker")
metrics.took("detect", float(sys.argv[1]))
metrics.batch("detector", 4)
metrics.runs_on("cpu", "CPUExecutionProvider")
metrics.rates_at(float(sys.argv[1]))
print("told", flush=True)
sys.stdin.read()
"""


def started(kept: KeptMetrics, number: float) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(number)],
        env={**os.environ, **kept.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"told\n"
    return process


def numbers(text: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_numbers_of_several_processes_are_summed_up_until_they_end() -> None:
    with KeptMetrics() as kept:
        serve = Exposition("serve")
        serve.tell(kept.families)
        processes = [started(kept, 0.5), started(kept, 0.25)]
        try:
            found = numbers(serve.text())
            assert found["facestream_stage_seconds_sum", "detect"] == 0.75
            assert found["facestream_stage_seconds_count", "detect"] == 2
            assert found["facestream_batch_size_sum", "detector"] == 8
            assert found["facestream_provider_info", "cpu", "CPUExecutionProvider"] == 1
            assert found["facestream_rate_factor",] == 0.25
            heads = [line for line in serve.text().splitlines() if b"# HELP facestream_build_info" in line]
            assert len(heads) == 1
        finally:
            for process in processes:
                process.communicate()
                kept.ended(process.pid)
        assert not any(name.startswith("facestream_stage") for name, *_ in numbers(serve.text()))
        folder = Path(*kept.environ.values())
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
