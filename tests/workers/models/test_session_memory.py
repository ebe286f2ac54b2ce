"""A session that gets no memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workers.models.graph import GraphBuilder

# In a process of its own, as the limit is that of the process.
SCRIPT = """
import resource, sys
from pathlib import Path
import numpy as np
from workers.errors import InferenceError
from workers.models.session import Session

session = Session(Path(sys.argv[1]), threads=1)
small = np.ones((1, 3, 4, 4), np.float32)
before = session.run(None, small)[0]
large = np.ones((4, 3, 2000, 2000), np.float32)
used_kb = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1])
resource.setrlimit(resource.RLIMIT_AS, (used_kb * 1024 + 50_000_000, resource.RLIM_INFINITY))
try:
    session.run(None, large)
except InferenceError as error:
    print("refused:", error)
assert (session.run(None, small)[0] == before).all()
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
session.run(None, large)
print("works on")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells its size as Linux does")
def test_a_session_without_memory_is_an_error_and_works_on_when_there_is_some(tmp_path: Path) -> None:
    model = tmp_path / "large.onnx"
    graph = GraphBuilder("large", {"picture": ["N", 3, "H", "W"]})
    graph.node("Neg", "picture", output="negative")
    graph.save(model, {"negative": ["N", 3, "H", "W"]})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(model)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused: large.onnx: failed on an input of shape (4, 3, 2000, 2000)")
    assert "alloc" in done.stdout
    assert done.stdout.endswith("works on\n")
