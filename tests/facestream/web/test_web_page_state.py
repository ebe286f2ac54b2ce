"""What the page says of where it is, and how it takes odd names, and what others do meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import drawn_people
import pytest
import redis
from drawn_people import Drawn
from playwright.sync_api import Locator, Page, expect
from visiting import VIEWS, Visit
from web_serving import Serving

from facestream import connect
from storage.keys import Keys

RTL = "محمد بن سلمان العربي الطويل"
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 5
OFTEN = 120
EVERYBODY = (
    Drawn("Ada", 1, (("v-1", 0.0), ("v-1", 20.0), ("c-door", 10.0), ("c-door", 30.0))),
    Drawn(RTL, 2, (("v-1", 40.0), ("v-2", 40.0))),
    Drawn(LONG, 3, (("v-2", 50.0),)),
    Drawn("", 3, (("v-2", 70.0),)),
    Drawn("\U0001f469\u200d\U0001f467", 5, (("v-2", 80.0),)),
    Drawn("", 6, (("v-2", 90.0),)),
    Drawn("", 6, (("v-2", 100.0),)),
    Drawn("Often", 7, tuple(("c-door", 1000.0 + 40.0 * k) for k in range(OFTEN))),
)


@pytest.fixture(scope="module")
def serving(shared_serve: Callable[..., Serving]) -> Serving:
    def fill(client: redis.Redis, keys: Keys) -> None:
        drawn_people.fill(client, keys, EVERYBODY)

    return shared_serve(fill, jobs=0)


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'.tile[data-id="p{number}"]')


def test_the_page_says_which_collection_it_shows(visit: Visit, serving: Serving) -> None:
    name = serving.place.collection
    page = visit(serving.url)
    expect(page.locator(".brand .collection")).to_have_text(name)
    expect(page).to_have_title(f"People · {name} · facestream")
    page.evaluate("location.hash = '#/person/p1'")
    expect(page).to_have_title(f"Ada · {name} · facestream")
    phone = visit(serving.url, width=360, height=740)
    expect(phone).to_have_title(re.compile(name))
    phone.get_by_role("button", name="More").click()
    expect(phone.get_by_role("menu")).to_contain_text(f"Collection {name}")


def test_videos_of_the_server_are_offered_from_allowed_folders_alone(
    visit: Visit, serving: Serving, shared_serve: Callable[..., Serving], tmp_path: Path
) -> None:
    page = visit(serving.url, "jobs")
    page.get_by_text("Videos that lie on the server already").click()
    expect(page.locator(".where-folders")).to_contain_text("FACESTREAM_SERVE_FOLDERS")
    expect(page.get_by_label("Path of a video or folder")).to_have_count(0)
    allowing = shared_serve(lambda *_: None, jobs=0, folders=str(tmp_path))
    page = visit(allowing.url, "jobs")
    expect(page.get_by_label("Path of a video or folder")).to_have_attribute(
        "placeholder", f"{tmp_path}/entrance.mp4"
    )
    expect(page.locator("#path-where")).to_have_text(f"In {tmp_path}")


def test_newest_sightings_are_those_of_cameras_to_the_second(visit: Visit, serving: Serving) -> None:
    found = serving.client.get("/api/v1/sightings", params={"camera": "*", "limit": 500}).json()["items"]
    assert {one["camera"] for one in found} == {"door"}
    page = visit(serving.url, "live")
    rows = page.locator(".newest-row")
    expect(rows).to_have_count(60)
    texts = rows.locator("p").all_inner_texts()
    assert all(text.startswith("door · ") for text in texts)
    assert len(set(texts)) == len(texts)


def test_sightings_within_a_minute_are_told_apart_and_have_faces_of_their_own(
    visit: Visit, serving: Serving
) -> None:
    page = visit(serving.url, "person/p1")
    rows = page.locator(".sighting")
    expect(rows.locator("img")).to_have_count(4)
    assert rows.locator(".strong").all_inner_texts() == [
        f"1 May 2026, 12:00:{second}" for second in ("30", "20", "10", "00")
    ]
    faces = rows.locator("img").evaluate_all("all => all.map(one => one.src)")
    assert len(set(faces)) == 4
    expect(page.locator(".face-strip img")).to_have_count(4)
    page = visit(serving.url, "person/p2")
    expect(page.locator(".sighting .strong").first).to_have_text("1 May 2026, 12:00")


def test_when_somebody_was_seen_is_read_in_full_on_a_phone(visit: Visit, serving: Serving) -> None:
    serving.handle.client.sadd(serving.keys.provisional, "v-1.1.0")
    page = visit(serving.url, "person/p1", width=375, height=740, locale="en-US")
    expect(page.locator(".sighting", has_text="provisional")).to_have_count(1)
    words = page.locator(".sighting .strong")
    assert [" ".join(text.split()) for text in words.all_inner_texts()] == [
        f"May 1, 2026, 12:00:{second} PM" for second in ("30", "20", "10", "00")
    ]
    assert words.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    serving.handle.client.srem(serving.keys.provisional, "v-1.1.0")


def test_hundreds_of_sightings_are_gone_through_by_key(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "person/p8")
    expect(page.locator(".sighting img").first).to_be_attached()
    more = page.get_by_role("button", name="Show more (80 sightings)")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sighting")).to_have_count(OFTEN)
    assert page.evaluate("[...document.querySelectorAll('.sighting')].indexOf(document.activeElement)") == 40


def test_names_of_any_kind_fit_a_phone_and_begin_where_they_begin(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, width=360, height=740)
    expect(tile(page, 2)).to_be_visible()
    # Where there is not room for all of it, the end is left out, which is on the left.
    assert tile(page, 2).locator(".name").evaluate("one => getComputedStyle(one).direction") == "rtl"
    wide = {}
    for view in (*VIEWS, "person/p2", "person/p3"):
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator(f".view-{view.partition('/')[0]} h1")).to_be_visible()
        expect(page.locator(".skeleton:visible")).to_have_count(0)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide[view] = True
    assert wide == {}
    assert page.locator("h1").evaluate("one => one.offsetHeight") < 150


def test_nothing_lies_over_the_names_that_a_phone_offers(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "people?sort=id", width=360, height=740)
    tile(page, 7).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("A")
    # Neither the bar at the bottom nor a neighbour.
    page.wait_for_function(
        """() => { const options = [...document.querySelectorAll("[role=option]")];
            return options.length && options.every(one => {
              const box = one.getBoundingClientRect();
              return one.contains(document.elementFromPoint(box.right - 8, box.top + box.height / 2));
            }); }"""
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def test_a_server_that_was_away_is_told_of_and_shows_all_when_it_is_back(
    visit: Visit, serving: Serving
) -> None:
    page = visit(serving.url, fails=[0])
    expect(tile(page, 1)).to_be_visible()
    top = page.locator("h1").bounding_box()
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("Ada")
    expect(page.locator(".lost-bar")).to_be_visible()
    expect(page.locator('.link-state[data-state="lost"]')).to_have_count(1)
    assert page.locator("h1").bounding_box() == top
    page.evaluate("location.hash = '#/log'")
    expect(page.get_by_role("heading", name="facestream can't be reached")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".lost-bar")).to_have_count(0)
    expect(page.locator(".log-entry").first).to_be_visible()


def test_who_cleans_up_by_key_stays_on_the_same_button(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "duplicates")
    expect(page.locator(".compare-count")).to_have_text("2 pairs left")
    different = page.get_by_role("button", name="Different")
    different.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".compare-count")).to_have_text("1 pair left · 1 answered")
    expect(different).to_be_focused()
    expect(page.locator(".toast")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(".compare-count")).to_contain_text("2 pairs left")


def test_a_person_follows_what_another_client_does(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "person/p4", fails=[410])
    expect(page.locator(".view-person .badge.mono")).to_have_text("p4")
    row = page.locator(".sighting").first
    expect(row.locator("img")).to_have_count(1)
    row.focus()
    with connect(serving.place.data_dir, collection=serving.place.collection) as store:
        store.name("p4", "Frances")
        expect(page.locator("h1")).to_contain_text("Frances")
        # What changes elsewhere takes the keyboard from nobody.
        expect(row).to_be_focused()
    serving.client.post("/api/v1/people/merge", json={"keep": "p6", "others": ["p4"]})
    expect(page).to_have_url(re.compile("#/person/p6$"))
    merge = serving.client.get("/api/v1/decisions").json()["items"][0]["number"]
    expect(page.locator(".sighting")).to_have_count(2)
    serving.client.post(f"/api/v1/decisions/{merge}/undo")
    expect(page.locator(".sighting")).to_have_count(1)
    page.evaluate("location.hash = '#/person/p4'")
    expect(page.locator("h1")).to_contain_text("Frances")
    people = visit(serving.url)
    people.mouse.move(600, 700)
    expect(tile(people, 4)).to_contain_text("Frances")
    assert serving.client.delete("/api/v1/people/p4").status_code == 200
    expect(page.get_by_role("heading", name="Forgotten")).to_be_visible()
    expect(page).not_to_have_title(re.compile("Frances"))
    expect(people.locator("body")).not_to_contain_text("Frances")
