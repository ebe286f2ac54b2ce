"""facestream report: one page that needs nothing beside itself and believes nothing that it shows."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser_is_missing
from command_runs import Cli, Processed
from hypothesis import given
from hypothesis import strategies as st

import facestream
from facestream.exports.page import render, write_page
from facestream.exports.page_card import bars, card
from facestream.people.person import Person
from facestream.people.sighting import Sighting
from facestream.source_name import names_apart

HOSTILE = (
    "<img src=x onerror=document.title='mine'>\"'`&amp;${7*7}{{7*7}}"
    "</script><script>document.title='mine'</script>"
)
HOSTILE_FILE = "</title></style><script>document.title=1</script><b onclick=x>\"q'.mp4"


def video(number: int = 1, start_s: float = 0.0, end_s: float = 2.0, name: str = "a.mp4") -> Sighting:
    return Sighting(f"v-{number}", f"/films/{name}", start_s, end_s, None, end_s - start_s + 0.2)


def photo(number: int) -> Sighting:
    return Sighting(f"i-{number}", f"/pictures/{number}.jpg", 0.0, 0.0, 1.7e9 + number, 0.0, True)


def person(*sightings: Sighting, number: int = 1, name: str = "", thumbnails: tuple[str, ...] = ()) -> Person:
    seconds = sum(s.seconds for s in sightings)
    return Person(f"p{number}", name, seconds, 9, len(sightings), sightings, thumbnails)


# Cards


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 5000)), min_size=1, max_size=80),
    st.sampled_from([1.0, 0.01, 30.0]),
)
def test_bars_stand_in_order_within_the_line_and_count_everybody(
    gaps_and_lengths: list[tuple[int, int]], scale: float
) -> None:
    sightings, at_s = [], 0.0
    for gap, length in gaps_and_lengths:
        start_s = at_s + gap * scale
        at_s = start_s + length * scale
        sightings.append(video(1, start_s, at_s))
    found = bars(sightings, at_s + 0.2)
    assert sum(bar["count"] for bar in found) == len(sightings)
    assert len(found) <= 260
    right = 0.0
    for bar in found:
        assert bar["x"] >= right - 0.11
        assert bar["width"] >= 2.8
        assert 0.3 <= bar["opacity"] <= 1
        right = bar["x"] + bar["width"]
    assert right <= 1000.11
    # A sighting by itself stands where it was.
    for bar in found:
        if bar["count"] == 1:
            assert bar["opacity"] == 1


def test_a_bar_of_many_sightings_is_paler_and_says_how_many() -> None:
    often = [video(1, 40.0 * k, 40.0 * k + 19.8) for k in range(2000)]
    found = bars(often, 80000.0)
    assert len(found) < 260
    # There for half of the time.
    assert all(0.4 <= bar["opacity"] <= 0.6 for bar in found[1:-1])
    assert re.fullmatch(r"00:00\.0 - \d\d:\d\d\.\d, \d+ sightings", found[0]["title"])
    (alone,) = bars([video(1, 100.0, 200.0)], 1000.0)
    assert (alone["x"], alone["width"], alone["opacity"]) == (100.0, 100.2, 1.0)
    assert alone["title"] == "01:40.0 - 03:20.0"


def test_a_long_sighting_is_not_drowned_by_short_ones_beside_it() -> None:
    found = bars([video(1, 0.0, 600.0), video(1, 600.5, 600.6), video(1, 900.0, 901.0)], 1000.0)
    assert (found[0]["count"], found[0]["opacity"]) == (1, 1.0)


def shown_card(who: Person) -> dict[str, Any]:
    return card(who, [], {}, names_apart(who.sources), 0)


def test_what_a_card_leaves_out_it_counts() -> None:
    seen = [video(k, k, k + 1, f"{k}.mp4") for k in range(300)] + [photo(k) for k in range(300)]
    shown = shown_card(person(*seen, name="Ada"))
    assert len(shown["timelines"]) + len(shown["folded"]) + shown["more_timelines"] == 300
    assert shown["folded_count"] == f"{300 - len(shown['timelines'])} more videos"
    assert len(shown["photos"]) + shown["more_photos"] == 300
    assert len(shown["intervals"]) + shown["more_intervals"] == 300
    assert shown["summary"] == "300 sightings in 300 videos, in 300 photos"


def test_a_card_of_photos_alone_says_it_once() -> None:
    shown = shown_card(person(photo(1)))
    assert (shown["seen"], shown["summary"], shown["timelines"]) == ("1 photo", "", [])
    assert " - " not in shown["when"]


def test_a_video_of_unknown_length_ends_with_the_last_sighting() -> None:
    (line,) = shown_card(person(video(1, 30.0, 60.0)))["timelines"]
    assert line["end"] == "01:00.0"


# Pages


@dataclass
class Page(HTMLParser):
    """What a browser that runs nothing finds in a page."""

    text: str
    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    articles: list[dict[str, str]] = field(default_factory=list)
    inner: dict[str, str] = field(default_factory=dict)
    policy: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in values.items()]
        if tag == "article":
            self.articles.append(values)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag not in ("meta", "input", "img", "rect"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inner[self._open[-1]] = self.inner.get(self._open[-1], "") + data
        if self._open[-2:] == ["h2", "bdi"]:
            self.headings.append(data)


def assert_it_needs_nothing(page: Page) -> None:
    """Nothing is loaded from anywhere, and only our own script and style may run."""
    assert page.tags.isdisjoint({"link", "iframe", "object", "embed", "base", "a", "video"})
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("href", "xlink:href", "action", "srcset", "style"), (tag, name)
        if name == "src":
            assert tag == "img"
            assert value.startswith("data:image/jpeg;base64,")
    assert "//" not in re.sub(
        r"data:image/jpeg;base64,[A-Za-z0-9+/=]*", "", page.text.partition("</head>")[2]
    )
    for what in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.inner[what].encode()).digest()).decode()
        assert f"{what}-src 'sha256-{digest}'" in page.policy
        assert page.text.count(f"<{what}>") == 1
    assert "url(" not in page.inner["style"]
    assert page.policy.startswith("default-src 'none'; img-src data:;")


@pytest.fixture
def store(processed: Processed) -> Iterator[facestream.Store]:
    with facestream.connect(processed.cli.data_dir) as opened:
        yield opened


@pytest.fixture
def hostile_people(store: facestream.Store) -> list[Person]:
    """People with real faces, whom nobody should trust; those seen longest first."""
    everybody = store.people()
    faces = [someone.thumbnails for someone in everybody]
    often = [video(7, 40.0 * k, 40.0 * k + 3, "lobby.mp4") for k in range(2000)]
    return [
        person(*often, number=901, name="W" * 200, thumbnails=faces[0]),
        person(
            *(video(100 + k, 5.0, 9.0, f"cam{k}_{'x' * 120}.mp4") for k in range(300)),
            number=902,
            thumbnails=faces[1],
        ),
        person(video(3, 0.0, 3.0, HOSTILE_FILE), number=903, name=HOSTILE, thumbnails=faces[0][:1]),
        person(video(4, 0.0, 1.0), number=904, name="שלום \u200f", thumbnails=("no such sample",)),
        person(*map(photo, range(300)), number=905, name="Ada", thumbnails=faces[0]),
    ]


@pytest.mark.e2e
def test_everything_that_is_shown_is_escaped(store: facestream.Store, hostile_people: list[Person]) -> None:
    page = Page("".join(render(store, hostile_people, "<b>a selection</b>")))
    assert_it_needs_nothing(page)
    assert page.headings == [someone.name or someone.id for someone in hostile_people]
    assert [float(article["data-seconds"]) for article in page.articles] == pytest.approx(
        [someone.seconds for someone in hostile_people]
    )
    titles = [value for _, name, value in page.attributes if name == "title"]
    assert f"/films/{HOSTILE_FILE}" in titles
    assert "mine" not in page.inner["script"]
    assert "<b>a selection</b>" not in page.text
    assert "no picture" in page.text


@pytest.mark.e2e
def test_a_page_of_many_sightings_stays_small(store: facestream.Store, hostile_people: list[Person]) -> None:
    crowd = [
        replace(hostile_people[k % 2], id=f"p{k}", thumbnails=hostile_people[0].thumbnails)
        for k in range(1, 41)
    ]
    size = sum(len(piece.encode()) for piece in render(store, crowd))
    assert size < 150_000 * len(crowd)


@pytest.mark.e2e
def test_the_order_of_the_cards_is_the_one_that_is_shown(store: facestream.Store) -> None:
    people = store.people(sort="seconds")
    for order, expected in ((people, "seconds"), (people[::-1], "listed")):
        page = Page("".join(render(store, order)))
        (chosen,) = re.findall(r'<option value="(\w+)" selected>', page.text)
        assert chosen == expected


@pytest.mark.e2e
def test_report_writes_one_page_with_everybody(processed: Processed, tmp_path: Path) -> None:
    path = tmp_path / "everybody.html"

    done = processed.cli("report", "-o", path)

    page = Page(path.read_text("utf-8"))
    assert_it_needs_nothing(page)
    people = processed.cli.people()
    assert page.headings == [entry["id"] for entry in people]
    seconds = [float(article["data-seconds"]) for article in page.articles]
    assert seconds == sorted(seconds, reverse=True) == [entry["seconds"] for entry in people]
    assert "7 people in 1 video and 2 photos" in page.inner["h1"]
    assert done.stdout == f"{path}: 7 people, {path.stat().st_size / 1e6:.1f} MB\n"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert len(pictures) >= 7
    for picture in pictures:
        assert base64.b64decode(picture.partition(",")[2]).startswith(b"\xff\xd8\xff")


@pytest.mark.e2e
def test_report_of_a_selection_shows_it_alone_and_goes_to_standard_output(processed: Processed) -> None:
    done = processed.cli("report", "-o", "-", "--source", "duo.mp4", "--sort", "id", "--limit", "1")
    page = Page(done.stdout)
    assert page.headings == ["p1"]
    assert "a selection, 1 of 2 people" in page.text
    assert "astronaut.jpg" not in page.text
    assert done.stderr == ""


@pytest.mark.e2e
def test_report_as_json_says_what_was_written(processed: Processed, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    result = processed.cli("report", "--json", "-o", path, "--name", "nobody has it").json()
    assert result == {"report": str(path), "people": 0, "bytes": path.stat().st_size}
    assert "Nobody matches." in path.read_text()


@pytest.mark.e2e
def test_report_of_nothing_says_how_to_begin_and_leaves_an_older_one(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("older")
    assert "Start with: " in cli("report", "-o", path, code=1).stderr
    assert path.read_text() == "older"
    assert "can't both write" in cli("report", "-o", "-", "--json", code=2).stderr


@pytest.mark.e2e
def test_a_report_that_can_t_be_written_is_named(processed: Processed, tmp_path: Path) -> None:
    said = processed.cli("report", "-o", tmp_path / "nowhere" / "a.html", code=1).stderr
    assert f"Error: {tmp_path}/nowhere/a.html: can't be written (No such file or directory)." in said


@pytest.mark.e2e
def test_a_run_writes_the_page_of_its_sources(copied: Processed, tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    done = copied.cli("run", copied.video, "--report", path)
    assert f"report: {path}" in done.stderr
    page = Page(path.read_text())
    assert "2 people in 1 video" in page.inner["h1"]
    assert "astronaut.jpg" not in page.text


@pytest.mark.e2e
def test_a_run_whose_page_can_t_be_written_does_not_begin(
    cli: Cli, processed: Processed, tmp_path: Path
) -> None:
    target = tmp_path / "nowhere" / "run.html"
    done = cli("run", processed.video, "--report", target, code=1)
    assert (
        f"Error: {target}: can't be written (No such file or directory). Choose another file." in done.stderr
    )
    assert not cli.data_dir.exists()


# In a browser


@pytest.mark.e2e
@pytest.mark.skipif(bool(browser_is_missing()), reason=browser_is_missing())
def test_in_a_browser_on_a_phone(
    store: facestream.Store, hostile_people: list[Person], tmp_path: Path
) -> None:
    path = write_page(store, hostile_people, tmp_path / f"report {os.getpid()}.html")
    visible = (
        "return [...document.querySelectorAll('article')].filter(c => !c.hidden).map(c => c.dataset.name)"
    )
    with Browser(tmp_path / "profile", 390, 844) as browser:
        browser.show(path)
        # It runs, and only what is ours: neither an element nor a script came out of a name.
        assert browser.run("return document.getElementById('tools').hidden") is False
        assert browser.run("return document.title").endswith("- facestream")
        assert browser.run("return document.querySelectorAll('script').length") == 1
        assert browser.run("return document.querySelectorAll('article b').length") == len(hostile_people)
        assert browser.run("return [...document.images].every(i => i.complete && i.naturalWidth > 0)")
        names = [someone.name for someone in hostile_people]
        assert browser.run("return [...document.querySelectorAll('h2 bdi')].map(e => e.textContent)") == [
            someone.name or someone.id for someone in hostile_people
        ]
        # As wide as the phone, with everything unfolded.
        browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert browser.run("return innerWidth") == 390
        assert browser.run("return document.documentElement.scrollWidth") == 390

        browser.run(
            "const f = document.getElementById('filter'); f.value = arguments[0];"
            "f.dispatchEvent(new Event('input'))",
            "CAM299_",
        )
        assert browser.run(visible) == [""]
        assert browser.run("return document.getElementById('shown').textContent") == "1 of 5"
        browser.run(
            "const f = document.getElementById('filter'); f.value = '';"
            "f.dispatchEvent(new Event('input'));"
            "const s = document.getElementById('sort'); s.value = 'name';"
            "s.dispatchEvent(new Event('change'))"
        )
        by_name = browser.run(visible)
        assert sorted(by_name) == sorted(names)
        assert by_name != names
        # Who has no name comes last.
        assert by_name[-1] == ""
        assert browser.complaints() == []
