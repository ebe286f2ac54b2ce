from __future__ import annotations

import pytest

from facestream.cameras.camera_reach import CameraReach
from facestream.errors import UsageError
from facestream.network.address_check import networks_of
from stream.camera_url import CameraUrl


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379/",
        "http://localhost/video",
        "rtsp://user:S3cret@169.254.169.254/latest",
        "https://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://no-such-host.invalid/",
        "synthetic://box",
        "webcam:0",
        "/dev/video0",
        "rtsp://user:{env:HOME}@192.168.1.20/live",
        "rtsp://192.168.1.20/{file:/etc/hostname}",
    ],
)
def test_what_is_out_of_reach_is_refused_without_secrets(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        CameraReach().check(CameraUrl.parse(url))
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["rtsp://192.168.1.20/live", "http://10.1.2.3:8080/", "rtsps://[fd12::1]/x"])
def test_cameras_of_private_networks_are_in_reach(url: str) -> None:
    CameraReach().check(CameraUrl.parse(url))


def test_settings_widen_the_reach() -> None:
    CameraReach(networks_of("127.0.0.0/8")).check(CameraUrl.parse("http://127.0.0.1:8080/"))
    local = CameraReach(local=True)
    for url in ("synthetic://box", "webcam:0", "rtsp://user:{env:HOME}@192.168.1.20/live"):
        local.check(CameraUrl.parse(url))
    with pytest.raises(UsageError):
        local.check(CameraUrl.parse("http://127.0.0.1/"))
