from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from stream.camera_url import CameraUrl
from stream.errors import CameraLostError, CameraRefusedError
from stream.live_connection import LivePicture
from stream.live_settings import LiveSettings
from stream.synthetic_camera import PATTERNS, SyntheticCamera

QUICK = LiveSettings(stall_s=0.2)


def _camera(query: str, settings: LiveSettings = QUICK) -> SyntheticCamera:
    return SyntheticCamera(CameraUrl.parse(f"synthetic://gate?{query}"), settings)


def _some(camera: SyntheticCamera, count: int) -> list[LivePicture]:
    pictures = (picture for picture in camera.pictures(threading.Event()) if picture is not None)
    return list(itertools.islice(pictures, count))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pictures_have_the_size_asked_for_and_only_what_rests_is_still(pattern: str) -> None:
    camera = _camera(f"width=96&height=54&fps=100&pattern={pattern}")
    images = [camera.image_bgr(picture) for picture in _some(camera, 10)]

    assert {image.shape for image in images} == {(54, 96, 3)}
    assert len(np.unique(images[0])) > 1
    moves = any(not np.array_equal(images[0], image) for image in images)
    assert moves == (pattern in {"box", "noise"})


def test_pictures_come_in_real_time() -> None:
    pictures = _some(_camera("fps=50"), 11)

    assert 0.19 < pictures[-1].arrived_s - pictures[0].arrived_s < 2


def test_a_connection_ends_or_falls_silent_after_so_many_pictures() -> None:
    with pytest.raises(CameraLostError, match="ended the connection"):
        _some(_camera("fps=100&frames=3"), 4)
    camera = _camera("fps=100&frames=3&then=silence")
    with pytest.raises(CameraLostError, match=r"sent nothing for 0\.2 s"):
        _some(camera, 4)


def test_a_stop_ends_it_at_once() -> None:
    stop = threading.Event()
    pictures = _camera("fps=0.1").pictures(stop)
    assert next(pictures) is not None
    stop.set()
    assert next(pictures, "ended") == "ended"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("width=0", "width that is no whole number from 16 to 7680"),
        ("height=many", "height"),
        ("fps=0", "fps that is no number above 0"),
        ("fps=nan", "fps that is no number above 0"),
        ("pattern=cat", "none of box, still, noise, bars"),
        ("speed=3", "knows no 'speed'"),
        ("width=7680&height=7680", "pixels that are allowed"),
    ],
)
def test_what_it_can_not_show_is_a_matter_for_a_person(query: str, told: str) -> None:
    with pytest.raises(CameraRefusedError, match=told):
        _camera(query)
