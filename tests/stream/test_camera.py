"""Secrets that are looked up when a camera is opened."""

import os
from pathlib import Path

import pytest

from stream.camera import open_camera
from stream.camera_url import CameraUrl
from stream.errors import CameraUnreachableError, CameraUrlError
from stream.live_settings import LiveSettings


def opened(path: Path) -> None:
    # Nobody listens there.
    url = CameraUrl.parse(f"rtsp://user:{{file:{path}}}@127.0.0.1:1/live")
    with open_camera(url, LiveSettings(open_timeout_s=2)):
        pass


def test_a_secret_in_a_file_is_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("p@ss:w/rd\n")
    with pytest.raises(CameraUnreachableError, match="nobody listens"):
        opened(path)


def test_what_is_no_file_with_a_secret_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "film").write_bytes(b"x" * 5000)
    for path, said in (
        (tmp_path / "pipe", "no regular file"),
        (Path("/dev/zero"), "no regular file"),
        (tmp_path, "no regular file"),
        (tmp_path / "film", "too long for a secret"),
    ):
        with pytest.raises(CameraUrlError, match=said) as caught:
            opened(path)
        assert str(path) in str(caught.value)
