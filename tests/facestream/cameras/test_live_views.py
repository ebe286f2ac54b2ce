from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
import redis

from facestream.cameras.live_views import LONGEST_SIDE_PX, LiveViews, view_of
from storage.camera_view import ViewedFace
from storage.camera_view_store import CameraViewStore
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from stream.frame import Frame

FACES = [("c-door.9.0", np.array([100, 200, 300, 400], np.float32), "c-door.4.0")]


def a_frame(index: int = 9, width_px: int = 1920, height_px: int = 1080) -> Frame:
    return Frame("c-door", index, index / 25, 1.8e9, np.full((height_px, width_px, 3), 90, np.uint8))


def test_a_large_picture_is_scaled_with_its_boxes() -> None:
    view = view_of(a_frame(), FACES)
    assert (view.width_px, view.height_px) == (LONGEST_SIDE_PX, 540)
    assert view.faces == (ViewedFace((50, 100, 150, 200), "c-door.9.0", "c-door.4.0"),)
    picture = cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (540, LONGEST_SIDE_PX, 3)


@pytest.mark.parametrize("size_px", [(640, 480), (1, 1), (10, 3000)])
def test_a_picture_of_any_shape_stays_within_bounds(size_px: tuple[int, int]) -> None:
    view = view_of(a_frame(0, *size_px), [])
    assert min(view.width_px, view.height_px) >= 1
    assert max(view.width_px, view.height_px) <= LONGEST_SIDE_PX


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("views"))) as handle:
        yield handle.client


def until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_pictures_are_made_only_while_somebody_looks_and_twice_a_second_at_most(client: redis.Redis) -> None:
    store = CameraViewStore(client, Keys("views"))
    asked: list[float] = []

    def present(_source_id: str) -> list[tuple[str, np.ndarray, str]]:
        asked.append(time.monotonic())
        return FACES

    with LiveViews(store, present, nullcontext) as views:
        for index in range(20):
            views.on_frame(a_frame(index))
            time.sleep(0.05)
        assert (asked, store.read("door")) == ([], None)
        store.ask("door")
        until(lambda: (views.on_frame(a_frame(100)), asked)[1])
        until(lambda: store.read("door"))
        until(lambda: (views.on_frame(a_frame(101)), len(asked) >= 3)[1])
    assert min(np.diff(asked)) >= 0.5
    view = store.read("door")
    assert view is not None
    assert [face.track_id for face in view.faces] == ["c-door.9.0"]
