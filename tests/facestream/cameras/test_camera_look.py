"""Short looks at a camera that refuses the login."""

from __future__ import annotations

import pytest
from cameras import rtsp_session
from cameras.h264_film import painted_film
from cameras.rtsp_server import RtspServer

from facestream.cameras.camera_look import look_in_turn
from stream.camera_url import CameraUrl
from stream.errors import CameraLoginError
from stream.live_settings import LiveSettings
from stream.logins import Logins, LoginTurn

SETTINGS = LiveSettings(fps=25, transport="tcp")


def test_looks_one_after_the_other_give_a_refused_password_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    is_allowed = rtsp_session.is_allowed

    def counted(authorization: str, *given: str) -> bool:
        if authorization:
            asked.append(authorization)
        return is_allowed(authorization, *given)

    monkeypatch.setattr(rtsp_session, "is_allowed", counted)
    logins = Logins()
    with RtspServer(painted_film(), user="eve", password="s3cret") as server:
        wrong = CameraUrl.parse(f"rtsp://eve:wr0ng@{server.host}/live")
        for _ in range(3):
            with pytest.raises(CameraLoginError, match="password"):
                look_in_turn(wrong, SETTINGS, LoginTurn(logins))
        assert len(asked) == 1

        right = CameraUrl.parse(f"rtsp://eve:s3cret@{server.host}/live")
        for _ in range(2):
            assert look_in_turn(right, SETTINGS, LoginTurn(logins)).pictures == 1
