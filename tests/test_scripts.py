"""Scripts that no test runs as a whole: what they import is there still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
# What only the site of the documentation needs (`.[docs]`).
_ELSEWHERE = ("mkdocs", "griffe", "markdown")

_IMPORT_ALL = """
import pathlib, runpy, sys
sys.path.insert(0, sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    sys.argv[0] = str(path)
    try:
        runpy.run_path(str(path), run_name="imported")
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] not in sys.argv[2].split():
            sys.exit(f"{path.name}: {error}")
"""


@pytest.mark.parametrize("folder", ["docs", "benchmarks"])
def test_scripts_find_all_that_they_import(folder: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, str(_ROOT / folder), " ".join(_ELSEWHERE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
