"""Nothing is reported to the makers of ONNX Runtime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "module", ["workers.models.session", "workers.models.providers", "workers.models.pack"]
)
def test_the_telemetry_of_onnx_runtime_stays_off(tmp_path: Path, module: str) -> None:
    # It keeps itself quiet in CI and under tests, which would prove nothing.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
    }
    said = subprocess.run(
        [sys.executable, "-c", f"import os, {module}; print(os.environ['ORT_DISABLE_TELEMETRY'])"],
        env=kept | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert said.stdout == "1\n"
    # Where it is on, it begins by writing the number of a session.
    assert list(tmp_path.iterdir()) == []
