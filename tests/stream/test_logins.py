"""Logins that cameras refuse: tried seldom, by one of all who have them, and at once when they change."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cameras import rtsp_session
from cameras.h264_film import painted_film
from cameras.rtsp_server import RtspServer
from cameras.viewing import WITHIN_S, Viewing

from stream import live_reader
from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_state import CameraState
from stream.logins import Login, Logins, LoginTurn
from stream.paired_source import PairedSource

FILM = painted_film()
USER, PASSWORD, WRONG = "eve", "s3cret", "wr0ng"
# Refusals before this, with waits as before, were many.
WATCHED_S = 3.0
QUICK = LiveSettings(fps=25, transport="tcp", first_backoff_s=0.05, longest_backoff_s=0.2)
MINUTE_S = 60.0


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Site:
    """Streams, and what they know of logins."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.logins = Logins(self.clock)

    def stream(self) -> LoginTurn:
        return LoginTurn(self.logins, self.clock)


def login(password: str = WRONG, user: str = USER, host: str = "camera", path: str = "main") -> Login:
    made = Login.of(CameraUrl.parse(f"rtsp://{user}:{password}@{host}/{path}"))
    assert made is not None
    return made


def may_try(stream: LoginTurn, whose: Login) -> bool:
    return stream.wait_s(whose)[0] == 0


def is_refused(stream: LoginTurn, whose: Login, *, whoever: bool = True) -> None:
    assert may_try(stream, whose)
    stream.refused("no", whoever=whoever)
    stream.ended()


def refusals_of(streams: list[LoginTurn], site: Site) -> int:
    """How often a wrong login is given in ten minutes."""
    tries = 0
    for _ in range(600):
        for stream in streams:
            if may_try(stream, login()):
                tries += 1
                stream.refused("no", whoever=True)
                stream.ended()
        site.clock.now_s += 1
    return tries


def let_in(site: Site) -> list[LoginTurn]:
    """Sixteen streams of one login that were all let in; only the connection of the first lasts."""
    streams = [site.stream() for _ in range(16)]
    for stream in streams:
        assert may_try(stream, login())
        stream.opened()
    for stream in streams[1:]:
        stream.ended()
    return streams


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_refused_login_is_tried_after_1_5_15_and_then_60_minutes(site: Site) -> None:
    stream = site.stream()
    for minutes in (1, 5, 15, 60, 60):
        is_refused(stream, login())
        site.clock.now_s += minutes * MINUTE_S - 1
        assert not may_try(stream, login())
        # A little more, in which others are let go first.
        site.clock.now_s += 5


def test_streams_and_channels_of_one_login_try_once_between_them(site: Site) -> None:
    streams = [site.stream() for _ in range(16)]
    channels = [login(path=f"{number}") for number in range(16)]
    assert len(set(channels)) == 1

    # The first tries for all, who wait for its answer.
    assert [may_try(s, c) for s, c in zip(streams, channels, strict=True)] == [True] + [False] * 15
    streams[0].refused("no", whoever=True)
    streams[0].ended()
    assert {s.wait_s(c)[1] for s, c in zip(streams, channels, strict=True)} == {"no"}

    # Then another does: the first may have no right to its channel.
    site.clock.now_s += MINUTE_S + 1
    assert [may_try(s, c) for s, c in zip(streams, channels, strict=True)] == [False, True] + [False] * 14
    streams[1].opened()
    assert all(may_try(s, c) for s, c in zip(streams, channels, strict=True))


def test_who_has_another_password_user_or_host_does_not_wait(site: Site) -> None:
    is_refused(site.stream(), login())

    for other in (login("right"), login(user="ada"), login(host="other")):
        assert may_try(site.stream(), other)


def test_another_password_is_tried_at_once_and_begins_anew(site: Site) -> None:
    stream = site.stream()
    is_refused(stream, login())
    assert not may_try(stream, login())

    is_refused(stream, login("better"))
    site.clock.now_s += MINUTE_S + 5
    assert may_try(stream, login("better"))


def test_somebody_who_resumes_or_adds_a_camera_has_one_try(site: Site) -> None:
    stream = site.stream()
    is_refused(stream, login())
    site.clock.now_s += 40

    for wished in (stream, site.stream()):
        wished.begin_anew()
        is_refused(wished, login())
        assert not may_try(wished, login())
        site.clock.now_s += 40


def test_whoever_resumes_right_after_a_refusal_has_a_try_half_a_minute_after_it(site: Site) -> None:
    stream = site.stream()
    for minutes in (1, 5, 15):
        is_refused(stream, login())
        site.clock.now_s += minutes * MINUTE_S + 5
    is_refused(stream, login())
    # The password is right by now.
    site.clock.now_s += 10
    stream.begin_anew()
    waits_s, words = stream.wait_s(login())
    assert (waits_s, words) == (20.0, "no")
    site.clock.now_s += 20
    assert may_try(stream, login())


def test_a_wish_for_one_of_many_channels_is_one_try_between_them(site: Site) -> None:
    streams = [site.stream() for _ in range(16)]
    for stream in streams:
        stream.begin_anew()
    # And after 1 and 5 minutes.
    assert refusals_of(streams, site) == 3


def test_a_camera_that_is_only_claimed_again_waits_as_before(site: Site) -> None:
    is_refused(site.stream(), login())
    site.clock.now_s += 40
    assert not may_try(site.stream(), login())


def test_who_was_let_in_before_and_is_refused_tells_of_a_changed_password(site: Site) -> None:
    streams = let_in(site)
    assert refusals_of(streams[1:], site) == 3


def test_channels_that_were_lost_together_follow_the_first_that_is_back(site: Site) -> None:
    streams = let_in(site)
    site.clock.now_s += 1
    assert [may_try(stream, login()) for stream in streams[1:4]] == [True, False, False]
    streams[1].opened()
    assert all(may_try(stream, login()) for stream in streams[2:])


def test_a_refusal_beside_a_connection_by_the_same_login_is_of_that_stream_alone(site: Site) -> None:
    right, other, third = site.stream(), site.stream(), site.stream()
    assert may_try(right, login())
    right.opened()
    is_refused(other, login())

    assert not may_try(other, login())
    assert may_try(third, login())
    # The one that stands is lost, and comes back.
    right.ended()
    assert may_try(right, login())


def test_what_this_user_may_not_see_keeps_nobody_else_from_it(site: Site) -> None:
    stream = site.stream()
    is_refused(stream, login(), whoever=False)

    assert not may_try(stream, login())
    assert may_try(site.stream(), login())


def test_of_a_url_without_a_user_the_rest_is_who_logs_in() -> None:
    first, other = (
        Login.of(CameraUrl.parse(f"rtsp://h/live?user=eve&password={word}")) for word in ("one", "two")
    )
    assert first != other
    assert "one" not in repr(first)
    assert Login.of(CameraUrl.parse("synthetic://test")) is None


@contextlib.contextmanager
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RtspServer, list[float]]]:
    """A camera, and when it was given a wrong password."""
    tries: list[float] = []
    is_allowed = rtsp_session.is_allowed

    def counted(authorization: str, *given: str) -> bool:
        allowed = is_allowed(authorization, *given)
        if authorization and not allowed:
            tries.append(time.monotonic())
        return allowed

    monkeypatch.setattr(rtsp_session, "is_allowed", counted)
    with RtspServer(FILM, user=USER, password=PASSWORD) as server:
        yield server, tries


def soon(reached: Callable[[], bool]) -> bool:
    ends_s = time.monotonic() + WITHIN_S
    while not (done := reached()) and time.monotonic() < ends_s:
        time.sleep(0.02)
    return done


def test_two_streams_with_a_wrong_password_ask_the_camera_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing(monkeypatch) as (server, tries):
        main, sub = (CameraUrl.parse(f"rtsp://{USER}:{WRONG}@{server.host}/{name}") for name in ("m", "s"))
        with PairedSource(main, sub, "c-gate", QUICK, LiveClock(time.time()), QUICK) as source:
            assert soon(lambda: source.status.state is CameraState.FAILED)
            time.sleep(WATCHED_S)
            status = source.status

    assert len(tries) == 1
    assert status.state is CameraState.FAILED
    assert status.main is not None
    for error in (status.last_error, status.main.last_error):
        assert "password (401)" in error
        assert "within an hour" in error
        assert WRONG not in error


def test_a_secret_that_was_mended_is_tried_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(live_reader, "_LOOK_AGAIN_S", 0.1)
    monkeypatch.setattr(live_reader, "_ASK_AGAIN_S", 0.0)
    secret = tmp_path / "secret"
    secret.write_text(WRONG)
    with (
        refusing(monkeypatch) as (server, _),
        Viewing(f"rtsp://{USER}:{{file:{secret}}}@{server.host}/live", QUICK) as viewing,
    ):
        assert viewing.until_state(CameraState.FAILED)
        # In the middle of its wait.
        time.sleep(0.5)
        secret.write_text(PASSWORD)
        assert viewing.until_state(CameraState.STREAMING), viewing.reported


def test_a_camera_that_is_resumed_is_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.logins._FRESH_S", 0.0)
    with (
        refusing(monkeypatch) as (server, tries),
        Viewing(f"rtsp://{USER}:{WRONG}@{server.host}/live", QUICK) as viewing,
    ):
        assert viewing.until_state(CameraState.FAILED)
        viewing.source.pause()
        viewing.source.resume()
        assert viewing.until(lambda: len(tries) == 2)


def test_a_new_camera_with_the_right_password_is_seen_though_another_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        refusing(monkeypatch) as (server, _),
        Viewing(f"rtsp://{USER}:{WRONG}@{server.host}/live", QUICK) as wrong,
    ):
        assert wrong.until_state(CameraState.FAILED)
        with Viewing(f"rtsp://{USER}:{PASSWORD}@{server.host}/live", QUICK) as right:
            assert right.until_state(CameraState.STREAMING), right.reported
