"""Cameras and videos on the page: added, watched, cancelled and removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Route, expect
from visiting import Visit
from web_serving import Serving

from facestream.wiring import make_view_store, uploads_folder
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.camera_view import CameraView, ViewedFace

SECRET = "S3cret"
PHOTO = cv2.imencode(".jpg", np.full((360, 640, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def serving(shared_serve: Callable[..., Serving], tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """What waits stays as it is, and no process is started."""
    folder = tmp_path_factory.mktemp("videos")
    return shared_serve(jobs=0, local_cameras=True, folders=str(folder))


def test_a_camera_is_added_and_its_password_never_shown_again(visit: Visit, serving: Serving) -> None:
    # Nobody answers there, which is told as soon as it is looked at.
    page = visit(serving.url, "cameras", fails=[422, 502, 503, 504])
    page.get_by_role("button", name="Add camera").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=name]").fill("front-door")
    address = dialog.locator("[name=url]")
    address.fill(f"http://admin:{SECRET}@localhost:9/video")
    address.blur()
    # It has moved to where it is not read over a shoulder.
    expect(address).to_have_value("http://localhost:9/video")
    dialog.get_by_role("button", name="Add camera").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    address.fill("rtsp://192.168.1.20:554/stream1")
    with page.expect_response("**/snapshot"):
        page.route("**/snapshot", lambda route: route.fulfill(content_type="image/jpeg", body=PHOTO))
        dialog.get_by_role("button", name="Add camera").click()
    expect(dialog).to_contain_text("It works.")
    assert SECRET not in page.content()
    dialog.get_by_role("button", name="Done").click()
    row = page.locator(".camera-row", has_text="front-door")
    expect(row).to_contain_text("rtsp://")
    row.get_by_role("button", name="Change: front-door").click()
    page.get_by_role("dialog").get_by_label("Frames per second").fill("2")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(row).to_be_visible()
    assert SECRET not in page.content()
    assert SECRET not in page.evaluate("fetch('/api/v1/cameras').then(reply => reply.text())")
    assert serving.client.get("/api/v1/cameras/front-door").json()["fps"] == 2
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Paused")
    row.get_by_role("button", name="Remove: front-door").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove camera").click()
    expect(page.get_by_role("heading", name="No camera yet")).to_be_visible()


def test_why_a_camera_gives_no_picture_is_in_sight_on_a_laptop(visit: Visit, serving: Serving) -> None:
    body = {"name": "gate", "url": "rtsp://192.168.1.22/1"}
    assert serving.client.post("/api/v1/cameras", json=body).status_code == 201
    page = visit(serving.url, "cameras", height=657, fails=[502])
    why = "it refuses the user name or password (401)"
    page.route("**/snapshot", lambda route: route.fulfill(status=502, json={"detail": why}))
    page.locator(".camera-row", has_text="gate").get_by_role("button", name="Look now").click()
    expect(page.get_by_text(why)).to_be_in_viewport(ratio=1)
    page.unroute("**/snapshot")
    page.route("**/snapshot", lambda route: route.fulfill(content_type="image/jpeg", body=PHOTO))
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_alt_text("What gate sees")).to_be_in_viewport(ratio=1)
    expect(page.get_by_text("px, seen at")).to_be_in_viewport(ratio=1)
    assert serving.client.delete("/api/v1/cameras/gate").status_code == 204


def test_a_camera_is_waited_for_without_an_error_and_shown_as_soon_as_there_is_a_picture(
    visit: Visit, serving: Serving
) -> None:
    body = {"name": "yard", "url": "rtsp://192.168.1.22/1"}
    assert serving.client.post("/api/v1/cameras", json=body).status_code == 201
    status = CameraStatus("yard", "w", "streaming", time.time(), fps_in=25.0, fps_done=4.0, delay_s=0.3)
    CameraStore(serving.handle.client, serving.keys).write_statuses([status])
    views = make_view_store(serving.handle, serving.keys)
    # It would fail for an error in the console.
    page = visit(serving.url, "live")
    stage = page.locator(".live-tile", has_text="yard").locator(".live-stage")
    expect(stage).to_contain_text("Waiting for the first picture")
    expect(stage.locator(".live-image")).to_be_hidden()
    while not views.viewed(["yard"]):
        page.wait_for_timeout(10)
    page.wait_for_timeout(600)
    views.write("yard", CameraView("7", time.time(), 640, 360, (), PHOTO))
    written_s = time.monotonic()
    expect(stage.locator(".live-image")).to_be_visible()
    assert time.monotonic() - written_s < 2.0
    expect(stage).not_to_contain_text("Waiting")
    assert serving.client.delete("/api/v1/cameras/yard").status_code == 204


def test_a_camera_shows_its_picture_with_names_on_the_faces(visit: Visit, serving: Serving) -> None:
    body = {"name": "door", "url": "rtsp://192.168.1.21/1"}
    assert serving.client.post("/api/v1/cameras", json=body).status_code == 201
    status = CameraStatus("door", "w", "streaming", time.time(), fps_in=25.0, fps_done=4.0, delay_s=0.3)
    CameraStore(serving.handle.client, serving.keys).write_statuses([status])
    faces = (ViewedFace((40, 40, 140, 160), "c-door.1.3"), ViewedFace((300, 40, 400, 160), "v-1.2.0"))
    views = make_view_store(serving.handle, serving.keys)
    views.write("door", CameraView("7", time.time(), 640, 360, faces, PHOTO))
    # In the end the camera goes, and one look may be on its way just then.
    page = visit(serving.url, "live", fails=[404])
    tile = page.locator(".live-tile", has_text="door")
    expect(tile.locator(".live-image")).to_be_visible()
    expect(tile.locator(".face-box")).to_have_count(2)
    expect(tile.locator(".face-boxes")).to_contain_text("Ada")
    # Who was seen last, by cameras and in what has a date.
    expect(page.locator(".newest-row", has_text="door").first).to_be_visible()
    # It is looked at for days: each look must leave nothing behind.
    left = page.evaluate(
        """async () => {
          let added = 0, removed = 0;
          const signal = AbortSignal.prototype;
          const { addEventListener: add, removeEventListener: remove } = signal;
          signal.addEventListener = function (...how) { added++; return add.apply(this, how); };
          signal.removeEventListener = function (...how) { removed++; return remove.apply(this, how); };
          await new Promise((over) => setTimeout(over, 3000));
          return [added, added - removed];
        }"""
    )
    assert left[0] >= 4 > 2 >= left[1]
    page.keyboard.press("b")
    expect(tile.locator(".face-boxes")).to_be_hidden()
    tile.get_by_role("link", name="door, large").click()
    expect(page.get_by_role("heading", level=1, name="door")).to_be_visible()
    serving.client.delete("/api/v1/cameras/door")
    expect(page.get_by_role("heading", name="No camera yet")).to_be_visible()


def test_a_video_is_handed_in_and_removed_with_its_file(
    visit: Visit, serving: Serving, tmp_path: Path
) -> None:
    page = visit(serving.url, "jobs")
    picture = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
    page.locator("input[type=file]").set_input_files(picture)
    row = page.locator(".job-row", has_text="me.jpg")
    expect(row).to_contain_text("Queued")
    job_id = serving.client.get("/api/v1/jobs").json()["items"][0]["id"]
    folder = uploads_folder(serving.place) / job_id
    assert folder.exists()
    row.get_by_role("button", name="Cancel me.jpg").click()
    expect(row).to_contain_text("Cancelled")
    row.get_by_role("button", name="Remove me.jpg from the list").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The uploaded file of me.jpg is deleted with it.")
    dialog.get_by_role("button", name="Remove, with the file").click()
    expect(page.get_by_role("heading", name="No video yet")).to_be_visible()
    assert not folder.exists()


def test_names_of_videos_date_them_where_that_is_ticked(visit: Visit, serving: Serving) -> None:
    # The path is in no folder that is allowed.
    page = visit(serving.url, "jobs", fails=[403])
    boxes = page.get_by_label("Dates from names")
    expect(boxes).to_have_count(2)
    by_path = boxes.last
    boxes.first.check()
    with page.expect_request("**/jobs/upload?*") as sent:
        page.locator("input[type=file]").set_input_files(
            {"name": "hall_20261129_220000.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
        )
    assert "dated_names=true" in sent.value.url
    by_path.check()
    expect(page.get_by_label("Recorded at")).to_be_disabled()
    page.get_by_label("Path of a video or folder").fill("/nowhere/hall_20261129_220000.mp4")
    with page.expect_request("**/api/v1/jobs") as asked:
        page.get_by_role("button", name="Add", exact=True).click()
    assert asked.value.post_data_json == {"path": "/nowhere/hall_20261129_220000.mp4", "dated_names": True}
    row = page.locator(".job-row", has_text="hall_20261129")
    row.get_by_role("button", name="Cancel hall_20261129").click()
    row.get_by_role("button", name="Remove hall_20261129").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove, with the file").click()
    expect(page.get_by_role("heading", name="No video yet")).to_be_visible()


def test_a_list_that_comes_late_hides_nothing_that_was_handed_in_meanwhile(
    visit: Visit, serving: Serving
) -> None:
    page = visit(serving.url, "people")
    late: list[Route] = []
    page.route("**/api/v1/jobs?*", lambda route: late.append(route))
    page.evaluate("location.hash = '#/jobs'")
    page.locator("input[type=file]").set_input_files(
        {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
    )
    row = page.locator(".job-row", has_text="me.jpg")
    expect(row).to_contain_text("Queued")
    (asked_before,) = late
    with page.expect_response("**/api/v1/jobs?*") as answered:
        asked_before.fulfill(json={"items": [], "total": 0, "offset": 0, "limit": 500})
    answered.value.finished()
    page.evaluate("() => new Promise((shown) => setTimeout(shown, 200))")
    expect(row).to_contain_text("Queued")
    row.get_by_role("button", name="Cancel me.jpg").click()
    row.get_by_role("button", name="Remove me.jpg from the list").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove, with the file").click()
    expect(row).to_have_count(0)


def test_what_is_no_video_is_refused_with_the_reason(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "jobs", fails=[403, 415])
    page.locator("input[type=file]").set_input_files(
        {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"<svg onload='alert(1)'/>"}
    )
    row = page.locator(".job-row", has_text="film.mp4")
    expect(row).to_contain_text("Failed")
    expect(row.locator(".error-text")).not_to_be_empty()
    row.get_by_role("button", name="Remove film.mp4 from the list").click()
    expect(row).to_have_count(0)
    page.get_by_label("Path of a video or folder").fill("/etc/passwd")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#path-error")).not_to_be_empty()


def test_an_upload_is_cancelled_midway_and_leaves_nothing(
    visit: Visit, serving: Serving, tmp_path: Path
) -> None:
    film = tmp_path / "long.mp4"
    with film.open("wb") as file:
        file.truncate(60_000_000)
    page = visit(serving.url, "jobs")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000},
    )
    page.locator("input[type=file]").set_input_files(film)
    row = page.locator(".job-row", has_text="long.mp4")
    expect(row).to_contain_text("Uploading")
    expect(row.locator("progress")).to_be_visible()
    row.get_by_role("button", name="Cancel long.mp4").click()
    expect(row).to_have_count(0)
    assert serving.client.get("/api/v1/jobs").json()["total"] == 0
    until_s = time.monotonic() + 60
    while list(uploads_folder(serving.place).glob(".partial-*")):
        assert time.monotonic() < until_s
        time.sleep(0.05)
