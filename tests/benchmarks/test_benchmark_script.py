"""What scripts of the benchmarks have in common."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_a_script_has_no_settings_of_whoever_starts_it_and_ends_what_it_started_when_told_to(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script_of_mine.py"
    script.write_text(
        "import os, subprocess, sys, time\n"
        "from benchmark_script import run_script\n"
        "def main():\n"
        "    told = [name for name in os.environ if name.lower().startswith('facestream')]\n"
        "    with subprocess.Popen(['sleep', '600']) as child:\n"
        "        try:\n"
        "            print(child.pid, *sorted(told), flush=True)\n"
        "            time.sleep(600)\n"
        "        finally:\n"
        "            child.kill()\n"
        "run_script(main)\n"
    )
    settings = ("FACESTREAM_FPS", "facestream_models", "FACESTREAM_TEST_DATA", "FACESTREAM_CACHE_DIR")
    env = os.environ | dict.fromkeys(settings, "1") | {"PYTHONPATH": str(BENCHMARKS)}
    with subprocess.Popen(
        [sys.executable, str(script)], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child, *told = process.stdout.readline().split()
        assert told == ["FACESTREAM_CACHE_DIR", "FACESTREAM_TEST_DATA"]
        process.terminate()
        assert process.wait(60) == 130
    assert not psutil.pid_exists(int(child))


def test_why_a_command_failed_is_said() -> None:
    from command import facestream

    assert facestream("--version").startswith("facestream")
    with pytest.raises(SystemExit, match=r"run /nowhere\.mp4 ended with \d+: .*/nowhere\.mp4"):
        facestream("run", "/nowhere.mp4")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_among_the_values_and_grows_with_the_share(
    values: list[float], share: float
) -> None:
    from percentiles import percentile

    assert percentile(values, 0.0) == min(values)
    assert percentile(values, 1.0) == max(values)
    assert percentile(values, 0.0) <= percentile(values, share / 2) <= percentile(values, share)
    assert percentile([1.0, 2.0], 0.5) == 1.5
