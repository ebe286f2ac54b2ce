"""The display of a run on a terminal."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_runs import PATIENCE_S, Cli

pytestmark = pytest.mark.e2e


def test_a_terminal_shows_one_line_that_is_rewritten_and_gone_at_the_end(cli: Cli, media: Path) -> None:
    ours, theirs = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "run", "--fps", "25", str(media / "duo.mp4")],
            env=cli.environment(COLUMNS="120"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            ready, _, _ = select.select([ours], [], [], max(deadline_s - time.monotonic(), 0))
            assert ready, "the run neither ended nor said anything"
            try:
                part = os.read(ours, 65536)
            except OSError:
                # How Linux says that the other end is closed.
                break
            if not part:
                break
            shown += part
        table, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        os.close(ours)

    assert process.returncode == 0
    text = shown.decode()
    status = r"00:0\d\.\d / 00:03\.2  \d+\.\d frames/s  \d+ faces?  \d (?:person|people)(  00:0\d\.\d left)?"
    assert re.search(status, text)
    assert "duo.mp4" in text
    # Its line is erased at the end, and the cursor is back.
    assert "\x1b[2K" in text
    assert text.rfind("\x1b[?25h") > text.rfind("frames/s  ")
    # Results go to standard output, without any of it.
    assert table.decode().startswith("person ")
    assert b"\x1b" not in table
