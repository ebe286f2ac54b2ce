from __future__ import annotations

import threading

from facestream.metrics.camera_scrapes import CameraScrapes
from storage.camera_status import CameraStatus


def received(scrapes: CameraScrapes) -> float:
    (value,) = [
        sample.value
        for family in scrapes.families()
        for sample in family.samples
        if sample.name == "facestream_frames_received_total"
    ]
    return value


def test_two_who_ask_at_once_are_counted_in_the_order_in_which_they_asked() -> None:
    overtaken, asked = threading.Event(), threading.Event()
    numbers = iter((1000, 1001, 1002))

    def ask() -> list[CameraStatus]:
        status = CameraStatus("door", "host-1", "streaming", 1.8e9, received=next(numbers))
        if status.received == 1000:
            asked.set()
            # One that overtakes this one would be done by then.
            overtaken.wait(1.0)
        return [status]

    scrapes = CameraScrapes(ask)
    first = threading.Thread(target=received, args=[scrapes])
    first.start()
    assert asked.wait(60)
    received(scrapes)
    overtaken.set()
    first.join()
    assert received(scrapes) == 1002
