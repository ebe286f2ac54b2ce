"""Cameras that do wrong, all at the same time: what is said of each, and that each is seen again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pytest
from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer
from cameras.viewing import Viewing

from stream.live_source import LiveSettings
from stream.live_state import CameraState, LiveStatus

USER, PASSWORD = "eve", "s3cret-w0rd"
FRAMES = 10
FRAMES_WITH_FAULT = 40
FILM, OTHER_FILM = painted_film(), painted_film(size=(320, 240))

# Nothing is seen from the beginning, and what is said of it.
NOT_REACHED = {
    Fault.REFUSE: (CameraState.BACKING_OFF, "nobody listens"),
    Fault.SILENCE: (CameraState.BACKING_OFF, "no answer within"),
    Fault.SILENT_DESCRIBE: (CameraState.BACKING_OFF, "no answer within"),
    Fault.WRONG_PASSWORD: (CameraState.FAILED, "password"),
    Fault.NOT_FOUND: (CameraState.FAILED, "404"),
    Fault.AUDIO_ONLY: (CameraState.FAILED, "only sound"),
    Fault.UNKNOWN_CODEC: (CameraState.FAILED, "can't be decoded"),
}
# It was seen, and then it was not.
LOST = {
    Fault.FREEZE: (CameraState.STALLED, "sent nothing for 0.5 s"),
    Fault.SOUND_ALONE: (CameraState.STALLED, "sent no picture for 0.5 s"),
    Fault.CLOSE: (CameraState.BACKING_OFF, "ended the connection"),
    Fault.RESET: (CameraState.BACKING_OFF, "ended the connection"),
    Fault.TRUNCATED: (CameraState.BACKING_OFF, "ended the connection"),
}
# The connection stays, and so do the pictures.
SEEN_THROUGH = (
    Fault.JUMP_BACK,
    Fault.JUMP_FORWARD,
    Fault.NO_TIMESTAMP,
    Fault.STOPPED_CLOCK,
    Fault.WRAP,
    Fault.ANNOUNCED_0_FPS,
    Fault.ANNOUNCED_1000_FPS,
    Fault.OTHER_SIZE,
    Fault.LOSS,
)
# What is lost depends on what is hit.
HARMFUL = (Fault.CORRUPT, Fault.GARBAGE)
FROM_THE_BEGINNING = (*NOT_REACHED, Fault.WRAP, Fault.ANNOUNCED_0_FPS, Fault.ANNOUNCED_1000_FPS)

# As the defaults, but twenty times as fast; and so patient that a busy machine is no reason to give up.
QUICK = LiveSettings(
    fps=25, transport="tcp", open_timeout_s=2.0, stall_s=0.5, first_backoff_s=0.05, longest_backoff_s=0.5
)
PATIENT = LiveSettings(fps=25, transport="tcp", first_backoff_s=0.05, longest_backoff_s=0.5)


@dataclass(frozen=True)
class Story:
    """What came of one fault.

    Attributes:
        noticed: The state and the words that were expected came, or the pictures with the fault were sent.
        recovered: Pictures came after its end.
        during: The status at its end.
        after: The status after that.
        viewing: All that was seen.
    """

    noticed: bool
    recovered: bool
    during: LiveStatus
    after: LiveStatus
    viewing: Viewing


def live_through(fault: Fault) -> Story:
    at_once = fault in FROM_THE_BEGINNING
    with (
        RtspServer(
            FILM,
            other_film=OTHER_FILM,
            user=USER,
            password=PASSWORD,
            digest=fault in SEEN_THROUGH,
            sound=fault is Fault.SOUND_ALONE,
            fault=fault if at_once else Fault.NONE,
        ) as server,
        Viewing(server.url, PATIENT if fault in SEEN_THROUGH else QUICK) as viewing,
    ):
        if not at_once:
            viewing.until_frames(FRAMES)
        sent = server.frames_sent
        server.fault = fault
        if fault in NOT_REACHED or fault in LOST:
            state, words = (NOT_REACHED | LOST)[fault]
            noticed = viewing.until(
                lambda: state in viewing.states and any(words in error for error in viewing.errors)
            )
        else:
            noticed = viewing.until(lambda: server.frames_sent >= sent + FRAMES_WITH_FAULT)
        during = viewing.status
        server.fault = Fault.NONE
        recovered = viewing.until_frames(FRAMES) and viewing.until_state(CameraState.STREAMING)
        return Story(noticed, recovered, during, viewing.status, viewing)


class Log(logging.Handler):
    """Texts of what is logged, errors included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    kept, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.setLevel(level)
    root.removeHandler(kept)


@pytest.fixture(scope="module")
def stories(log: Log) -> dict[Fault, Story]:
    faults = (*NOT_REACHED, *LOST, *SEEN_THROUGH, *HARMFUL)
    with ThreadPoolExecutor(len(faults)) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.logins.REFUSED_WAITS_S", (0.05, 0.5))
        return dict(zip(faults, pool.map(live_through, faults), strict=True))


@pytest.mark.parametrize("fault", NOT_REACHED)
def test_a_camera_that_is_not_reached_says_why_and_is_tried_again(
    stories: dict[Fault, Story], fault: Fault
) -> None:
    story = stories[fault]
    assert story.noticed, story.viewing.reported
    assert story.during.received == 0
    assert story.recovered, story.after


@pytest.mark.parametrize("fault", LOST)
def test_a_camera_that_is_lost_is_noticed_and_seen_again(stories: dict[Fault, Story], fault: Fault) -> None:
    story = stories[fault]
    assert story.noticed, story.viewing.reported
    assert story.recovered, story.after
    assert story.after.connects > 1


@pytest.mark.parametrize("fault", SEEN_THROUGH)
def test_what_a_camera_says_of_time_rate_and_size_costs_no_connection(
    stories: dict[Fault, Story], fault: Fault
) -> None:
    story = stories[fault]
    assert story.noticed, story.during
    assert story.recovered, story.after
    assert story.after.connects == 1
    assert CameraState.BACKING_OFF not in story.viewing.states


@pytest.mark.parametrize("fault", HARMFUL)
def test_damaged_data_is_counted_and_the_camera_is_seen_again(
    stories: dict[Fault, Story], fault: Fault
) -> None:
    story = stories[fault]
    assert story.noticed, story.during
    assert story.recovered, story.after
    assert story.after.corrupt > 0 or story.after.connects > 1


def test_a_new_size_is_followed(stories: dict[Fault, Story]) -> None:
    story = stories[Fault.OTHER_SIZE]
    sizes = {frame.image_bgr.shape[:2] for frame in story.viewing.frames}
    assert sizes == {(120, 160), (240, 320)}
    assert (story.during.width_px, story.during.height_px) == (320, 240)
    assert (story.after.width_px, story.after.height_px) == (160, 120)


def test_frames_are_timed_by_their_arrival_whatever_the_camera_says(stories: dict[Fault, Story]) -> None:
    for fault, story in stories.items():
        frames = story.viewing.frames
        times_s = [frame.captured_at_s for frame in frames]
        assert times_s[0] >= story.viewing.began_s, fault
        assert times_s[-1] <= story.viewing.ended_s, fault
        for earlier, later in pairwise(frames):
            assert earlier.captured_at_s < later.captured_at_s, fault
            assert earlier.media_s is not None, fault
            assert later.media_s is not None, fault
            assert earlier.media_s < later.media_s, fault
            assert earlier.index < later.index, fault


def test_the_password_stands_in_no_status_and_in_no_log(stories: dict[Fault, Story], log: Log) -> None:
    told = [repr(status) for story in stories.values() for status in story.viewing.reported]
    assert len(told) > len(stories)
    assert not [text for text in (*told, *log.texts) if PASSWORD in text]
