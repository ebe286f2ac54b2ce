"""Take the pictures of docs/page.md: `python docs/page_pictures.py`; needs Debian's chromium.

The page is served as always, over a collection of its own that is made here: of drawn faces, and of the one
of a portrait that ships inside a dependency and is in the public domain.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import httpx2
import numpy as np
from drawn_faces import Image, draw_face, draw_room
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, sync_playwright

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT / "tests" / "facestream" / "web"))

from drawn_people import Drawn, fill  # noqa: E402
from web_serving import serving_place  # noqa: E402

from facestream.configuration.settings import Place  # noqa: E402
from facestream.demo_video import ASTRONAUT  # noqa: E402
from facestream.search.search import faces_of, read_photo  # noqa: E402
from facestream.wiring import make_job_store, make_pack, make_view_store  # noqa: E402
from storage.camera_status import CameraStatus  # noqa: E402
from storage.camera_store import CameraStore  # noqa: E402
from storage.camera_view import CameraView, ViewedFace  # noqa: E402
from storage.connection import RedisHandle, open_redis  # noqa: E402
from storage.datafolder import DataFolder  # noqa: E402
from storage.job_record import Job, JobState  # noqa: E402
from storage.keys import Keys  # noqa: E402
from storage.source_record import SourceRecord  # noqa: E402

_IMAGES = _ROOT / "docs" / "images"
_QUALITY = 82
# Of the portrait, and then of the drawn faces.
_NAMES = (
    *("Eileen Collins", "Ada Lovelace", "Grace Hopper", "", "Alan Turing", "Emmy Noether", "", "Kurt Gödel"),
    *(
        "Mary Shelley",
        "",
        "Edsger Dijkstra",
        "Barbara Liskov",
        "",
        "",
        "Leonhard Euler",
        "Sofia Kovalevskaya",
    ),
    *("", "Évariste Galois", "", "Hypatia", "", "", "", ""),
)
# Cameras need it to be said how long people are kept.
_KEPT = {"FACESTREAM_RETENTION_UNNAMED": "30", "FACESTREAM_RETENTION_NAMED": "365"}
_NOW_S = time.time()
_DAY_S = 86_400.0
_SOURCES = (
    SourceRecord("v-1", "video", "/videos/reception.mp4", 1920, 1080, 7200.0, _NOW_S - 2 * _DAY_S),
    SourceRecord("v-2", "video", "/videos/garden-party.mp4", 1920, 1080, 7200.0, _NOW_S - 1 * _DAY_S),
    SourceRecord("c-entrance", "camera", "rtsp://192.168.1.20/stream1", 1280, 720, None, _NOW_S - 8000.0),
    SourceRecord("c-garden", "camera", "rtsp://192.168.1.21/stream1", 1280, 720, None, _NOW_S - 8000.0),
)
_SIGHT_S = 42.0
# Numbers of faces that are there under two ids.
_TWICE = (2, 9)
# Before which camera, and where in its picture (left, top, side): numbers of faces.
_SEEN_NOW = {
    "entrance": {1: (150, 170, 380), 5: (760, 230, 320)},
    "garden": {8: (480, 190, 340)},
}
# View, colours and height of its picture, px.
_VIEWS = (
    ("people", "light", 760),
    ("person/p1", "light", 860),
    ("duplicates", "light", 800),
    ("live", "dark", 720),
    ("cameras", "light", 560),
    ("jobs", "light", 640),
    ("log", "dark", 620),
)


def everybody() -> list[Drawn]:
    """Who is in the collection; the first is the portrait's."""
    portrait = cv2.imread(str(ASTRONAUT.path()))
    assert portrait is not None
    left, top, _, bottom = (int(edge) for edge in ASTRONAUT.faces["astronaut"])
    side = 2 * (bottom - top)
    cut = portrait[max(0, top - side // 4) :, max(0, left - side // 4) :][:side, :side]
    found = faces_of(read_photo(ASTRONAUT.path()), make_pack("open"))[0]
    vector = np.asarray(found.vector, np.float32)
    seen = [(source.source_id, 300.0 + 1700.0 * k) for k in range(4) for source in _SOURCES]
    people = [Drawn(_NAMES[0], 100, seen, _SIGHT_S, vector, [jpeg(cut * light) for light in (1, 0.85, 0.7)])]
    fate = np.random.default_rng(3)
    for number, name in enumerate(_NAMES[1:], 1):
        sources = fate.choice([source.source_id for source in _SOURCES], int(fate.integers(2, 9)))
        seen = [(str(source), 90.0 * number + 900.0 * k) for k, source in enumerate(sources)]
        views = [jpeg(draw_face(number, view)) for view in range(9)]
        people.append(Drawn(name, number, seen, _SIGHT_S, pictures=views[:5]))
        if number in _TWICE:
            people.append(Drawn("", number, [("v-1", 6000.0 + 60.0 * number)], _SIGHT_S, pictures=views[5:]))
    return people


def jpeg(image: Image) -> bytes:
    """A picture as it is kept."""
    done, data = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return data.tobytes()


def decide(client: httpx2.Client, people: list[Drawn]) -> None:
    """Something for the log, and cameras."""
    unnamed = [f"p{k}" for k, person in enumerate(people, 1) if not person.name]
    client.post("people/merge", json={"keep": unnamed[-1], "others": [unnamed[-2]]})
    client.post(f"people/{unnamed[-3]}/ignore", json={"ignored": True})
    client.post("people/differs", json={"first": unnamed[0], "second": unnamed[-1]})
    last = client.get("decisions").json()["items"][0]
    client.post(f"decisions/{last['number']}/undo")
    for name in _SEEN_NOW:
        number = 20 + list(_SEEN_NOW).index(name)
        client.post("cameras", json={"name": name, "url": f"rtsp://viewer:secret@192.168.1.{number}/stream1"})
    client.post("cameras", json={"name": "garage", "url": "rtsp://192.168.1.22/stream1"})


def process(handle: RedisHandle, keys: Keys) -> None:
    """Videos that are processed, or were: as if there were somebody who does so."""
    store, jobs = make_job_store(handle, keys), []
    for number, (name, kind) in enumerate(
        (
            ("reception.mp4", "path"),
            ("garden-party.mp4", "upload"),
            ("corridor.mkv", "upload"),
            ("attic.mov", "upload"),
        )
    ):
        at_s = _NOW_S - 1200 + 240 * number
        jobs.append(Job(f"j-{number:016x}", "elsewhere", name, kind, f"/videos/{name}", created_at_s=at_s))
    done = {"state": JobState.DONE, "started_at_s": _NOW_S - 1100, "ended_at_s": _NOW_S - 860}
    facts: tuple[dict[str, Any], ...] = (
        {**done, "people": 9, "source_ids": ("v-1",)},
        {**done, "people": 14, "source_ids": ("v-2",)},
        {
            "state": JobState.RUNNING,
            "started_at_s": _NOW_S - 90,
            "progress": 0.62,
            "message": "12 people so far",
        },
        {},
    )
    for job, told in zip(jobs, facts, strict=True):
        store.add(replace(job, **told))


def look(handle: RedisHandle, keys: Keys, people: list[Drawn]) -> None:
    """What workers say of the cameras: as if they were there now."""
    now_s = time.time()
    said = [
        CameraStatus(name, "w", "streaming", now_s - 4000, "", 25.0, 4.0, 0.4, width_px=1280, height_px=720)
        for name in _SEEN_NOW
    ]
    down = CameraStatus("garage", "w", "backing_off", now_s - 600, "connecting timed out")
    CameraStore(handle.client, keys).write_statuses([*said, down])
    views = make_view_store(handle, keys)
    for name, seen in _SEEN_NOW.items():
        faces = []
        for number, (left, top, side) in seen.items():
            person = next(k for k, one in enumerate(people, 1) if one.face == number)
            source_id = people[person - 1].seen[0][0]
            box = (left + 0.27 * side, top + 0.2 * side, left + 0.73 * side, top + 0.8 * side)
            faces.append(ViewedFace(box, f"{source_id}.{person}.0"))
        views.write(name, CameraView(f"{now_s:.0f}", now_s, 1280, 720, tuple(faces), jpeg(draw_room(seen))))


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, RedisHandle, Keys, list[Drawn]]]:
    """The page over the collection; its address."""
    people = everybody()
    with open_redis(None, DataFolder(folder)) as handle:
        keys = Keys("default")
        fill(handle.client, keys, people, _SOURCES)
        with (
            serving_place(Place(folder), jobs=0) as (_, _, url),
            httpx2.Client(base_url=f"{url}/api/v1/", timeout=60) as client,
        ):
            decide(client, people)
            process(handle, keys)
            yield url, handle, keys, people


def opened(browser: Browser, url: str, view: str, width: int, height: int, scheme: str) -> Page:
    """A view, once it is all there."""
    page = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=width < 600,
        is_mobile=width < 600,
        device_scale_factor=1,
        locale="en-GB",
    ).new_page()
    page.goto(f"{url}/#/{view}")
    page.locator(f".view-{view.partition('/')[0]} h1").wait_for()
    return page


def take(page: Page, name: str) -> None:
    """Keep what a page shows."""
    page.wait_for_timeout(1500)
    path = _IMAGES / f"page-{name}.webp"
    with Pillow.open(BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(path, quality=_QUALITY, method=6)
    page.context.close()


def main() -> None:
    """Take them all."""
    os.environ.update(_KEPT)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with served(Path(name) / "data") as (url, handle, keys, people):
            for view, scheme, height in _VIEWS:
                look(handle, keys, people)
                page = opened(browser, url, view, 1280, height, scheme)
                if view == "live":
                    page.locator(".face-box").nth(2).wait_for()
                take(page, view.partition("/")[0])
            page = opened(browser, url, "search", 1280, 760, "light")
            page.locator("input[type=file]").set_input_files(ASTRONAUT.path())
            page.locator(".match").first.wait_for()
            take(page, "search")
            take(opened(browser, url, "people", 390, 780, "dark"), "people-phone")
            take(opened(browser, url, "person/p1", 390, 780, "light"), "person-phone")
        browser.close()


if __name__ == "__main__":
    main()
