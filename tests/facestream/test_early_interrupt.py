"""Ctrl-C while the program is still being loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facestream import __main__

SLOW = "print('loading', flush=True)\nimport time\ntime.sleep(60)\n"


@pytest.mark.parametrize("module", ["click", "facestream_slow"])
def test_ctrl_c_while_modules_are_loaded_leaves_no_traceback(tmp_path: Path, module: str) -> None:
    # As on a slow disk; one that main() needs, or whoever calls it.
    (tmp_path / f"{module}.py").write_text(SLOW)
    start = "import facestream.__main__ as program\n"
    if module != "click":
        start += "program._leaving(on=True)\nimport facestream_slow\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start}program.main(['--help'])"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves are in the background, Ctrl-C is ignored in them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted.\n")


def test_whoever_imports_the_program_keeps_their_ctrl_c() -> None:
    assert signal.getsignal(signal.SIGINT) is not __main__._leave
