"""What stands beside every view while cameras deliver nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import expect
from visiting import Visit
from web_serving import Serving

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore


@contextmanager
def saying(cameras: CameraStore, *statuses: CameraStatus) -> Iterator[None]:
    """A worker that says again and again how cameras are doing, as what it says holds for a while only."""
    stop = threading.Event()

    def say() -> None:
        while not stop.is_set():
            cameras.write_statuses(statuses)
            stop.wait(1.0)

    worker = threading.Thread(target=say)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def test_the_dot_tells_of_cameras_that_deliver_nothing(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    cameras = CameraStore(serving.handle.client, serving.keys)
    page, phone = visit(serving.url), visit(serving.url, width=375, height=740)
    state = page.locator(".link-state")
    expect(state).to_have_text("Live")
    cameras.add_all([CameraRecord(name, "sealed", "rtsp://x/1") for name in ("door", "hall")])
    door = CameraStatus("door", "w", "streaming", time.time())
    hall = CameraStatus("hall", "w", "streaming", time.time())
    lost = "it sent nothing for 10 s"
    with saying(cameras, door, CameraStatus("hall", "w", "backing_off", time.time(), lost)):
        expect(state).to_have_text("1 of 2 cameras down")
        expect(state).to_have_attribute("title", f"hall: {lost}")
        expect(state).to_have_attribute("data-trouble", "")
        # Also on a page that is opened only now, and where there is no room for words.
        expect(visit(serving.url, "log").locator(".link-state")).to_have_text("1 of 2 cameras down")
        expect(phone.locator('.links [data-view="live"][data-trouble]')).to_be_visible()
    with saying(cameras, door, hall):
        expect(state).to_have_text("Live")
        expect(phone.locator(".links [data-trouble]")).to_have_count(0)
    down = [CameraStatus(name, "w", "connecting", time.time(), lost) for name in ("door", "hall")]
    with saying(cameras, *down):
        expect(state).to_have_text("No camera delivers")
        state.click()
        expect(page.locator(".camera-row")).to_have_count(2)
    for name in ("door", "hall"):
        cameras.set_paused(name, paused=True)
    expect(state).to_have_text("Live")
    expect(state).not_to_have_attribute("href", "#/cameras")
