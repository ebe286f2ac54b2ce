"""How quick the page is in a browser: a real server, a real Redis, Debian's Chromium, 10,000 made-up people.

    python benchmarks/page.py [--people 10000] [--visits 20] [--words 20] [--json FILE]

The server runs in a process of its own, the browser has no window and is on the same machine. Each visit is
a new one with nothing in its cache. Told are the first contentful paint (Paint Timing), when the faces in
sight are there, and how much the page shifts while it loads and is scrolled (Layout Instability, CLS). Then
texts are typed into the filter, key by key as quickly as people type; each key is timed from its event to the
frame that shows whom it leaves, so that a request over HTTP is part of it, and by Event Timing to the next
frame. The same with a jump into the middle, a selection, the field for a name and a person that is opened.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import httpx2
import numpy as np
from benchmark_script import run_script
from figure import Figure, Goal
from markdown_table import markdown_table
from percentiles import percentile
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from result import Result, add_json_option
from served_folder import served

from facestream import connect
from storage.keys import Keys
from storage.source_record import SourceRecord

_ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(_ROOT / "tests" / "facestream" / "web"), str(_ROOT / "docs")]

from drawn_faces import draw_face  # noqa: E402
from drawn_people import Drawn, fill  # noqa: E402

_FIRST = ("Ada", "Alan", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Kurt", "Emmy", "Leonhard", "Zoë")
_LAST = ("Lovelace", "Turing", "Hopper", "Dijkstra", "Liskov", "Knuth", "Allen", "Gödel", "Noether", "Euler")
_FACES = 200
_VIDEOS = 40
_AT_ONCE = 500
_KEY_MS = 150
_LIST_MS = 1000
# In a shorter list there is nowhere to jump to, and some texts leave nobody.
_LEAST = 1000
_WIDE: ViewportSize = {"width": 1280, "height": 800}
_PHONE: ViewportSize = {"width": 360, "height": 740}

# Goals: what is measured, which share of the values it is for, and below what they should be.
_GOALS = {
    "first contentful paint": (0.95, 1000.0),
    "key to filtered list": (0.95, 100.0),
    "key to next frame": (0.95, 100.0),
    "layout shift": (1.0, 0.1),
}

_WATCH = """() => {
  window.shifts = []; window.events = [];
  const keep = (type, wanted, keepOne) => new PerformanceObserver(list =>
    list.getEntries().filter(wanted).forEach(keepOne)).observe({type, buffered: true, durationThreshold: 16});
  keep("layout-shift", one => !one.hadRecentInput, one => shifts.push(one.value));
  keep("event", one => one.name === "keydown", one => events.push(one.duration));
}"""
_FACES_THERE = """() => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("The faces in sight are not there after 30 s.")), 30_000);
  const inSight = tile => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  const look = () => {
    const tiles = [...document.querySelectorAll(".tile")].filter(inSight);
    const there = tile => !tile.classList.contains("loading") && tile.querySelector("img")?.complete;
    if (tiles.length && tiles.every(there)) requestAnimationFrame(() => resolve(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})"""
_IN_SIGHT = """[...document.querySelectorAll(".tile")].filter(tile => {
  const box = tile.getBoundingClientRect();
  return box.top > 80 && box.bottom < innerHeight;
})"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# Times an event of the given kind to the first frame in which `done` holds.
_TIME = """([kind, done]) => {
  const holds = new Function(`return ${done}`);
  window.timed = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`Not within 30 s of a ${kind}: ${done}`)), 30_000);
    addEventListener(kind, event => {
      const told = () => resolve(performance.now() - event.timeStamp);
      const look = () => requestAnimationFrame(() => holds() ? setTimeout(told) : look());
      look();
    }, {capture: true, once: true});
  });
}"""
_FILTERED = """(() => { const names = [...document.querySelectorAll(".tile:not(.loading) .name")]
    .filter(name => name.getBoundingClientRect().top < innerHeight);
  return names.length && names.every(name => name.textContent.toLowerCase().includes(%s)); })()"""


def everybody(people: int) -> Iterator[Drawn]:
    """People with a picture of their own each, seven of ten with names."""
    fate = np.random.default_rng(1)
    pictures = [_jpeg(draw_face(number, 0)) for number in range(_FACES)]
    vectors = fate.normal(size=(people, 128)).astype(np.float32)
    for number, vector in enumerate(vectors):
        name = f"{fate.choice(_FIRST)} {fate.choice(_LAST)} {number}" if fate.random() < 0.7 else ""
        seen = [(f"v-{int(fate.integers(_VIDEOS))}", float(fate.integers(3600)))]
        length_s = float(fate.integers(1, 60))
        yield Drawn(name, 0, seen, length_s, vector / np.linalg.norm(vector), [pictures[number % _FACES]])


def _jpeg(image: np.ndarray) -> bytes:
    done, data = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8))
    assert done
    return data.tobytes()


def visits(browser: Browser, url: str, count: int, size: ViewportSize) -> dict[str, list[float]]:
    """First contentful paint and faces, ms; layout shift while it loads and is scrolled."""
    found: dict[str, list[float]] = {"first contentful paint": [], "faces in sight": [], "layout shift": []}
    for _ in range(count):
        context = browser.new_context(viewport=size)
        page = context.new_page()
        page.goto(url)
        found["faces in sight"].append(page.evaluate(_FACES_THERE))
        found["first contentful paint"].append(page.evaluate(_PAINT))
        page.evaluate(_WATCH)
        for _ in range(5):
            page.mouse.wheel(0, 1500)
            page.wait_for_timeout(150)
        found["layout shift"].append(page.evaluate("shifts.reduce((sum, one) => sum + one, 0)"))
        context.close()
    return found


def timed(page: Page, kind: str, done: str, act: Callable[[], object]) -> float:
    """Milliseconds from an event to the frame in which something holds."""
    page.evaluate(_TIME, [kind, done])
    act()
    took: float = page.evaluate("timed")
    return took


def typing(page: Page, words: Sequence[str]) -> dict[str, list[float]]:
    """Each key of some texts, and what else people do all day; ms."""
    found: dict[str, list[float]] = {
        name: []
        for name in ("key to filtered list", "key to next frame", "jump", "select", "name field", "open")
    }
    page.evaluate(_WATCH)
    field = page.get_by_role("searchbox")
    for word in words:
        field.fill("")
        # Until everybody is back, the faces in sight are those of the text before.
        page.wait_for_timeout(_LIST_MS)
        page.evaluate(_FACES_THERE)
        field.focus()
        for k, letter in enumerate(word, 1):
            done = _FILTERED % json.dumps(word[:k].lower())
            press = _press(page, letter)
            # A key that leaves the same people has nothing to wait for.
            if page.evaluate(done):
                press()
            else:
                found["key to filtered list"].append(timed(page, "keydown", done, press))
            page.wait_for_timeout(_KEY_MS)
    page.wait_for_timeout(500)
    found["key to next frame"] = page.evaluate("events")
    field.fill("")
    page.wait_for_timeout(_LIST_MS)
    for k in range(len(words)):
        page.evaluate(_FACES_THERE)
        middle = f"scrollTo(0, document.documentElement.scrollHeight * {(k + 1) / (len(words) + 1)})"
        there = f"(tiles => tiles.length && !tiles.some(tile => tile.matches('.loading')))({_IN_SIGHT})"
        found["jump"].append(timed(page, "scroll", there, partial(page.evaluate, middle)))
        page.evaluate(_FACES_THERE)
        page.evaluate(f"(tiles => tiles[tiles.length >> 1].focus())({_IN_SIGHT})")
        chosen = "document.querySelector('.tile.selected')"
        found["select"].append(timed(page, "keydown", chosen, _press(page, "x")))
        page.keyboard.press("Escape")
        named = "document.querySelector('.name-field input') === document.activeElement"
        found["name field"].append(timed(page, "keydown", named, _press(page, "Enter")))
        page.keyboard.press("Escape")
        page.evaluate("new Promise(requestAnimationFrame)")
        opened = "document.querySelector('.view-person .sighting-words')"
        found["open"].append(timed(page, "keydown", opened, _press(page, "o")))
        page.go_back()
    return found


def _press(page: Page, key: str) -> Callable[[], object]:
    return lambda: page.keyboard.press(key)


def figures_of(found: dict[str, list[float]]) -> list[Figure]:
    """What is told of each measure: its median, and the share of the values that a goal is for."""
    figures = []
    for name, values in found.items():
        unit = "" if name.startswith("layout") else "ms"
        share, limit = next((goal for part, goal in _GOALS.items() if name.startswith(part)), (0.95, None))
        goal = None if limit is None else Goal(limit, "most")
        figures.append(Figure(f"{name}, median", round(percentile(values, 0.5), 3), unit))
        words = "largest" if share == 1.0 else f"{share:.0%}"
        figures.append(Figure(f"{name}, {words}", round(percentile(values, share), 3), unit, goal=goal))
    return figures


def main() -> None:
    """Fill, serve, visit and type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--visits", type=int, default=20)
    parser.add_argument("--words", type=int, default=20)
    add_json_option(parser)
    arguments = parser.parse_args()
    if arguments.people < _LEAST:
        parser.error(f"--people: {_LEAST} at least")
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not on the PATH.")
    fate = np.random.default_rng(2)
    # Of letters that the keyboard of a driven browser has.
    typed = [name for name in (*_FIRST, *_LAST) if name.isascii()]
    words = [str(fate.choice(typed)) for _ in range(arguments.words)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        sources = [
            SourceRecord(f"v-{k}", "video", f"/videos/{k}.mp4", 1920, 1080, 3600.0, 1.77e9 + 86400.0 * k)
            for k in range(_VIDEOS)
        ]
        with connect(folder) as store:
            people = everybody(arguments.people)
            while some := list(islice(people, _AT_ONCE)):
                fill(store._handle.client, Keys("default"), some, sources)
        with served(folder) as server, sync_playwright() as playwright:
            httpx2.get(f"{server.url}/api/v1/people", timeout=120).raise_for_status()
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            found = visits(browser, server.url, arguments.visits, _WIDE)
            phone = visits(browser, server.url, arguments.visits, _PHONE)
            found |= {f"{name}, 360 px": values for name, values in phone.items()}
            page = browser.new_page(viewport=_WIDE)
            page.goto(server.url)
            found |= typing(page, words)
            version = browser.version
            browser.close()
    print(f"{arguments.people:,} people, Chromium {version}; ms, except for shifts")
    figures = figures_of(found)
    print(markdown_table([{"": one.what, "value": one.value, "goal": one.goal} for one in figures]))
    told = {"people": arguments.people, "browser": f"Chromium {version}", "values": found}
    Result(figures, details=told).write(arguments.json)


if __name__ == "__main__":
    run_script(main)
