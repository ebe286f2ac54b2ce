from __future__ import annotations

import numpy as np
import pytest
from together import Together

from stream.frame import Frame
from workers.models.detection import FaceDetector
from workers.shared_look import SharedLook
from workers.watchdog import Watchdog


class Nobody(FaceDetector):
    def detect(self, images_bgr, min_face_px):  # type: ignore[no-untyped-def]
        return [[] for _ in images_bgr]

    def refine(self, image_bgr, boxes_xyxy):  # type: ignore[no-untyped-def]
        return [None] * len(boxes_xyxy)


def frame(name: str = "c-door", level: int = 90) -> Frame:
    return Frame(name, 0, 1.5, None, np.full((8, 8, 3), level, np.uint8))


def test_frames_are_shown_in_one_call_and_each_can_be_asked_about() -> None:
    detector = Together(Nobody())
    shown = SharedLook(detector).at([frame("c-door"), frame("c-hall"), frame("c-yard")])
    assert detector.shown == [3]
    assert [None if each is None else each.detect(20) for each in shown] == [[], [], []]


def test_a_single_frame_is_looked_at_by_itself() -> None:
    detector = Together(Nobody())
    assert SharedLook(detector).at([frame()]) == [None]
    assert SharedLook(detector).at([]) == []
    assert detector.shown == []


def test_a_detector_that_gains_nothing_is_given_one_at_a_time() -> None:
    assert SharedLook(Nobody()).most == 1
    assert SharedLook(Together(Nobody(), most=16)).most == 16


def test_what_fails_together_is_left_to_be_looked_at_by_itself_for_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = 100.0
    detector = Together(Nobody(), is_bad=lambda image: int(image[0, 0, 0]) == 7)
    look = SharedLook(detector, clock=lambda: now_s)
    assert look.at([frame(), frame(level=7), frame()]) == [None, None, None]
    assert "failed on 3 frames at once" in caplog.text
    assert "bad allocation" in caplog.text
    assert look.most == 1
    now_s = 161.0
    assert look.most == 4
    assert None not in look.at([frame(), frame()])


def test_a_detector_that_hangs_over_several_is_noticed() -> None:
    said: list[str] = []

    class Hanging(Nobody):
        at_once = 4

        def show(self, images_bgr):  # type: ignore[no-untyped-def]
            while not said:
                pass
            return super().show(images_bgr)

    with Watchdog(0.05, said.append) as watchdog:
        SharedLook(Hanging(), watchdog).at([frame("c-door"), frame("c-hall")])
    assert said == ["c-door at 1.5 s, c-hall at 1.5 s"]
