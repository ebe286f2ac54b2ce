from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from facestream.progress import RunProgress
from stream.frame import Frame
from stream.video_info import VideoInfo

FILM = Path("/films/[a] film.mp4")


def info(duration_s: float | None = 90.0) -> VideoInfo:
    return VideoInfo(FILM, 640, 360, 25.0, duration_s, None, "h264", 0, None)


def frame(media_s: float) -> Frame:
    return Frame("v-1", round(media_s * 25), media_s, None, np.zeros((2, 2, 3), np.uint8))


class Screen:
    """What a run writes, on a terminal or into a file."""

    def __init__(self, *, terminal: bool) -> None:
        self._file = io.StringIO()
        self.console = Console(file=self._file, force_terminal=terminal, width=120)

    @property
    def text(self) -> str:
        return self._file.getvalue()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame is shown."""
    monkeypatch.setattr("facestream.progress._LINE_EVERY_S", 0.0)
    monkeypatch.setattr("facestream.progress._SHOW_EVERY_S", 0.0)
    monkeypatch.setattr("facestream.progress._ESTIMATE_AFTER_S", 0.0)


def test_a_file_gets_plain_lines_with_what_matters() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.began(0)
        progress.source_began(FILM, info())
        progress.frame_done(frame(0.0), 2)
        progress.people_now(1)
        progress.frame_done(frame(0.2), 3)
        progress.people_now(2)
        progress.source_ended(FILM)
    lines = screen.text.splitlines()
    assert lines[:2] == ["[a] film.mp4: 640x360 h264, 01:30.0", "first person found"]
    assert re.fullmatch(r"\[a\] film\.mp4: 2 frames at [\d.]+/s, 5 faces", lines[2])
    assert len(lines) == 3
    assert "\x1b" not in screen.text


def test_the_first_person_is_told_between_two_files_as_well() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.source_began(FILM, info())
        progress.frame_done(frame(0.0), 2)
        progress.source_ended(FILM)
        progress.source_began(FILM, info())
        progress.people_now(1)
    assert screen.text.count("first person found") == 1


def test_who_was_there_before_is_no_first_person() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.people_now(4)
        progress.source_began(FILM, info())
        progress.frame_done(frame(0.0), 2)
        progress.people_now(5)
    assert "first person" not in screen.text


@pytest.mark.usefixtures("hurried")
def test_a_line_tells_position_rate_faces_people_and_time_left() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.source_began(FILM, info())
        progress.people_now(3)
        progress.frame_done(frame(30.0), 1)
        progress.frame_done(frame(60.0), 1)
    assert re.fullmatch(
        r"\[a\] film\.mp4: 01:00\.0 / 01:30\.0  \d+\.\d frames/s  2 faces  3 people so far  "
        r"\d\d:\d\d\.\d left",
        screen.text.splitlines()[-1],
    )


@pytest.mark.usefixtures("hurried")
def test_a_video_without_a_length_shows_its_position_alone() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.source_began(FILM, info(None))
        progress.frame_done(frame(61.0), 0)
    first, last = screen.text.splitlines()
    assert first == "[a] film.mp4: 640x360 h264"
    assert re.fullmatch(r"\[a\] film\.mp4: 01:01\.0  \d+\.\d frames/s  0 faces  0 people so far", last)


@pytest.mark.usefixtures("hurried")
def test_photos_are_counted() -> None:
    screen = Screen(terminal=False)
    with RunProgress(screen.console) as progress:
        progress.began(7)
        for _ in range(2):
            progress.source_began(Path("a.jpg"), None)
            progress.frame_done(frame(0.0), 1)
            progress.source_ended(Path("a.jpg"))
    assert [line.partition("  ")[0] for line in screen.text.splitlines()] == ["photos: 1/7", "photos: 2/7"]


def test_quiet_shows_notes_alone() -> None:
    for terminal in (False, True):
        screen = Screen(terminal=terminal)
        with RunProgress(screen.console, quiet=True) as progress:
            progress.source_began(FILM, info())
            progress.frame_done(frame(0.0), 2)
            progress.people_now(1)
            progress.aside("a detector is taken for another")
            progress.note("something [b]odd[/b] that is quite long " * 5)
            progress.source_ended(FILM)
        # In one piece and as it is.
        assert screen.text == "something [b]odd[/b] that is quite long " * 5 + "\n"


@pytest.mark.usefixtures("hurried")
def test_a_terminal_gets_a_display_that_goes_away_and_notes_that_stay() -> None:
    screen = Screen(terminal=True)
    with RunProgress(screen.console) as progress:
        progress.source_began(FILM, info())
        progress.frame_done(frame(45.0), 2)
        progress.note("a note")
        progress.aside("an assumption")
    assert "an assumption\n" in screen.text
    assert "[a] film.mp4" in screen.text
    assert "a note\n" in screen.text
    # Hidden while it is there, shown again after it.
    assert screen.text.rfind("\x1b[?25h") > screen.text.rfind("\x1b[?25l") >= 0
    assert screen.text.rstrip().endswith("\x1b[2K")


def test_the_display_goes_away_after_an_error_too() -> None:
    screen = Screen(terminal=True)
    progress = RunProgress(screen.console)
    progress.source_began(FILM, info())
    with pytest.raises(ZeroDivisionError), progress:
        _ = 1 / 0
    assert "\x1b[?25h" in screen.text


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_a_file_name_can_t_steer_the_terminal(terminal: bool) -> None:
    screen = Screen(terminal=terminal)
    hostile = Path("/films/a\x1b]0;mine\x07\nb.mp4")
    with RunProgress(screen.console) as progress:
        progress.began(0)
        progress.source_began(hostile, info())
        progress.frame_done(frame(0.0), 2)
        progress.note(f"{hostile.name}: damaged")
        progress.source_ended(hostile)
    assert "\x1b]0;" not in screen.text
    assert "\x07" not in screen.text
    assert "a\\x1b]0;mine\\x07\\nb.mp4: damaged" in screen.text
