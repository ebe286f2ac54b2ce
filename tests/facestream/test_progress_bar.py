"""The bar of a backup and a restore."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from facestream import progress_bar
from facestream.progress_bar import ProgressBar


def shown(*, terminal: bool, quiet: bool) -> str:
    """What a bar writes that is told of something sooner and later."""
    file = io.StringIO()
    with ProgressBar(Console(file=file, force_terminal=terminal, width=80), quiet=quiet) as bar:
        bar.tell("reading", 1, 3)
        assert file.getvalue() == ""
        time.sleep(0.06)
        bar.tell("writing", 2, 3)
        bar.pause()
        asked = file.getvalue()
        bar.pause()
        assert file.getvalue() == asked
    return file.getvalue()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bar, "_SHOW_AFTER_S", 0.05)


def test_a_terminal_shows_what_takes_longer_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = shown(terminal=True, quiet=False)
    assert "writing" in text
    assert "67%" in text
    assert "reading" not in text
    # Its line is erased, and the cursor is back, before somebody is asked.
    assert "\x1b[2K" in text
    assert text.rfind("\x1b[?25h") > text.rfind("67%")


@pytest.mark.parametrize(("terminal", "quiet"), [(False, False), (True, True)])
def test_elsewhere_nothing_is_shown(*, terminal: bool, quiet: bool) -> None:
    assert shown(terminal=terminal, quiet=quiet) == ""
