"""The page as it stays open: cut off and back, hidden, gone back and forth in, for days."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from test_web_page_outages import saying
from visiting import Visit
from web_serving import Serving

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.identity_record import ChangeKind, IdentityChange
from storage.job_record import JobState
from storage.job_store import JobStore

PHOTO = cv2.imencode(".jpg", np.full((200, 300, 3), 90, np.uint8))[1].tobytes()
MODULE = "(name) => import(new URL(name, document.querySelector('script[type=module]').src).href)"


@pytest.fixture(scope="module")
def serving(shared_serve: Callable[..., Serving]) -> Serving:
    return shared_serve(jobs=0)


def answer_all(serving: Serving) -> None:
    """Somebody else answers every question."""
    for pair in serving.client.get("/api/v1/duplicates").json()["items"]:
        merge = {"keep": pair["first"]["id"], "others": [pair["second"]["id"]]}
        assert serving.client.post("/api/v1/people/merge", json=merge).is_success


def test_a_question_that_others_answered_is_answered_by_no_key(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    page, somebody = visit(serving.url, "duplicates"), visit(serving.url, "person/p5")
    expect(page.locator(".compare-count")).to_have_text("2 pairs left")
    expect(somebody.locator(".likely .compare-name").first).to_be_visible()
    answer_all(serving)
    expect(page.get_by_role("heading", name="Nothing to clean up")).to_be_visible()
    expect(somebody.locator(".likely")).to_be_hidden()
    decided = serving.client.get("/api/v1/decisions").json()["total"]
    for tab in (page, somebody):
        for key in ("s", "d"):
            tab.keyboard.press(key)
        tab.wait_for_timeout(300)
    assert serving.client.get("/api/v1/decisions").json()["total"] == decided


def test_what_became_of_cameras_while_the_stream_was_cut_is_looked_up(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    cameras = CameraStore(serving.handle.client, serving.keys)
    cameras.add_all([CameraRecord("door", "sealed", "rtsp://x/1")])
    streams: list[Route] = []

    def cut_off(route: Route) -> None:
        streams.append(route)
        if len(streams) == 1:
            # It ends at once, and the browser resumes it.
            headers = {"content-type": "text/event-stream"}
            route.fulfill(status=200, headers=headers, body="retry: 50\n\n")

    door = CameraStatus("door", "w", "streaming", time.time())
    with saying(cameras, door):
        page = visit(serving.url, "log", before=lambda page: page.route("**/api/v1/events", cut_off))
        while len(streams) < 2:
            page.wait_for_timeout(20)
    with saying(cameras, CameraStatus("door", "w", "failed", time.time(), "no picture")):
        # Told of to whoever listens, which nobody does.
        while serving.client.get("/api/v1/cameras/door").json()["state"] != "failed":
            page.wait_for_timeout(100)
        page.wait_for_timeout(2_500)
        streams[1].continue_()
        expect(page.locator(".link-state")).to_have_text("No camera delivers")


def test_a_job_that_another_process_removed_goes_from_the_list(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    sent = serving.client.post("/api/v1/jobs/upload", params={"name": "me.jpg"}, content=PHOTO)
    page = visit(serving.url, "jobs", before=lambda page: page.clock.install())
    row = page.locator(".job-row", has_text="me.jpg")
    expect(row).to_contain_text("Queued")
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    # As another server at the same collection does: this one is told nothing of it.
    store = JobStore(serving.handle.client, serving.keys)
    store.change(sent.json()["id"], lambda job: job.changed(state=JobState.CANCELLED))
    store.remove(sent.json()["id"])
    page.clock.run_for(30_000)
    expect(row).to_have_count(0)


def test_people_of_a_folder_of_hundreds_are_led_to_or_counted(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url)
    links = page.evaluate(
        f"""async () => {{
          const {{ JobRow }} = await ({MODULE})("./views/jobs_row.js");
          return [200, 501].map((files) => {{
            const row = new JobRow({{ mayWrite: false }});
            row.update({{ name: "a", state: "done", kind: "path", people: 3, message: "", error: "",
              created_at: "2026-11-29T22:00:00Z",
              source_ids: Array.from({{ length: files }}, (_, k) => `i-${{String(k).padStart(16, "0")}}`) }});
            const link = row.root.querySelector("a.job-people");
            return link ? link.getAttribute("href") : row.root.textContent.includes("3 people found");
          }});
        }}"""
    )
    few, many = links
    assert many is True
    page.evaluate("(to) => { location.hash = to; }", few)
    expect(page.get_by_role("heading", name="Nobody matches")).to_be_visible()


def test_somebody_who_was_opened_while_the_server_was_away_is_shown_when_it_is_back(
    visit: Visit, serving: Serving
) -> None:
    page = visit(serving.url, "person/p2", fails=[0])
    expect(page.locator(".view-person .badge.mono")).to_have_text("p2")
    page.context.set_offline(True)
    page.evaluate("location.hash = '#/person/p1'")
    expect(page.get_by_role("heading", name="facestream can't be reached")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".person-head h1")).to_contain_text("Ada")
    expect(page.get_by_role("heading", name="facestream can't be reached")).to_have_count(0)


def test_the_timeline_shows_all_also_where_it_comes_in_pages(visit: Visit, serving: Serving) -> None:
    def one_by_one(route: Route) -> None:
        whole = route.fetch().json()
        items = whole["items"]
        # A page holds one of them, the newest first.
        route.fulfill(json={**whole, "items": items[:1]})

    page = visit(
        serving.url, "person/p1", before=lambda page: page.route(re.compile(r"/sightings\?"), one_by_one)
    )
    box = page.locator(".timeline-box")
    expect(box).to_have_attribute("aria-label", re.compile("Timeline: 3 sightings|Timeline: 4 sightings"))
    expect(page.locator(".sighting")).to_have_count(4)
    picture = "() => document.querySelector('.timeline-box canvas').toDataURL()"
    page.wait_for_timeout(200)
    shown = page.evaluate(picture)
    page.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(200)
    assert page.evaluate(picture) == shown


@pytest.mark.parametrize(
    ("day", "spans"), [("2026-10-24", [24, 25, 24]), ("2026-03-28", [24, 23, 24])], ids=["autumn", "spring"]
)
def test_days_begin_at_midnight_also_where_clocks_are_changed(
    visit: Visit, serving: Serving, day: str, spans: list[int]
) -> None:
    page = visit(serving.url, zone="Europe/Berlin")
    ticks = page.evaluate(
        f"""async (day) => {{
          const {{ ticksOf }} = await ({MODULE})("./timeline_scale.js");
          const from = new Date(`${{day}}T00:00:00`).getTime() / 1000;
          const ticks = ticksOf(from, from + 4 * 86400 - 7200, 6, true);
          return ticks.map(({{ at, label }}) => [at, label, new Date(at * 1000).getHours()]);
        }}""",
        day,
    )
    assert [hour for _, _, hour in ticks] == [0] * 4
    assert [(b[0] - a[0]) / 3600 for a, b in pairwise(ticks)] == spans
    assert len({label for _, label, _ in ticks}) == 4


def newest_rows(page: Page) -> Locator:
    """The newest sightings of Live, which hears of what happens."""
    rows = page.locator(".newest-row")
    expect(rows.first).to_be_visible()
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    return rows


def tell_seen(
    serving: Serving, person: str, ago_s: float, *, provisional: bool = True, other_id: str = ""
) -> None:
    """As the cluster worker does when a track at the door is somebody's."""
    client, keys = serving.handle.client, serving.keys
    began_s = float(client.hget(keys.source("c-door"), "recorded_at_s"))
    track_id = f"c-door.{person}.{ago_s:g}"
    client.hset(keys.track(track_id), "source_id", "c-door")
    change = IdentityChange(
        ChangeKind.ASSIGNED,
        person,
        track_id,
        other_id=other_id,
        event_s=time.time() - ago_s - began_s,
        published_at_s=time.time(),
        provisional=provisional,
    )
    client.xadd(keys.changes, change.encode())


def test_newest_sightings_are_of_whoever_comes_by_now(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    page = visit(serving.url, "live")
    rows = newest_rows(page)
    before = rows.count()
    seen = partial(tell_seen, serving)
    assert serving.client.post("/api/v1/people/p3/ignore", json={"ignored": True}).is_success
    # What a re-cluster makes of the past, what is told late, and who is ignored.
    seen("p2", 2.0, provisional=False)
    seen("p2", 1.0, other_id="p1")
    seen("p2", 900.0)
    seen("p3", 1.0)
    # Where a track went to somebody else, the list is read anew.
    page.wait_for_timeout(2_500)
    expect(rows).to_have_count(before)
    seen("p6", 1.5)
    expect(rows.first).to_contain_text("p6")
    expect(rows).to_have_count(before + 1)


def test_who_comes_back_moves_to_the_top_of_the_newest_sightings_but_not_under_the_pointer(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve(jobs=0)
    page = visit(serving.url, "live")
    rows = newest_rows(page)
    page.mouse.move(400, 500)
    before = rows.count()
    seen = partial(tell_seen, serving)

    def people() -> list[str]:
        return [
            str(one)
            for one in rows.locator("a[tabindex]").evaluate_all("all => all.map(a => a.hash.slice(9))")
        ]

    seen("p6", 40.0)
    expect(rows).to_have_count(before + 1)
    seen("p7", 35.0)
    expect(rows).to_have_count(before + 2)
    expect(rows.first).to_contain_text("p7")
    seen("p6", 30.0)
    expect(rows.first).to_contain_text("p6")
    assert people()[:2] == ["p6", "p7"]
    rows.nth(1).hover()
    seen("p7", 25.0)
    page.wait_for_timeout(1_000)
    assert people()[:2] == ["p6", "p7"]
    page.mouse.move(400, 500)
    expect(rows.first).to_contain_text("p7")
    expect(rows).to_have_count(before + 2)


def test_who_stays_for_long_is_a_sighting_anew_after_five_minutes(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url)
    seen = page.evaluate(
        f"""async () => {{
          const {{ NewestSightings }} = await ({MODULE})("./views/live_sightings.js");
          const heard = {{}};
          const events = {{ on: (kind, then) => {{ heard[kind] = then; return () => {{}}; }} }};
          const newest = new NewestSightings({{ events, may: () => false }}, {{ camera: "nowhere" }});
          document.body.append(newest.root);
          const began = Date.now() - 600000;
          for (let k = 0; k < 18; k++) {{
            const at = new Date(began + k * 20000).toISOString();
            heard.assigned({{ kind: "assigned", camera: "nowhere", person_id: "p6", provisional: true,
              event_at: at, published_at: at }});
          }}
          const rows = newest.root.querySelectorAll(".newest-row").length;
          newest.end();
          newest.root.remove();
          return rows;
        }}"""
    )
    # Each 20 s for six minutes.
    assert seen == 2


def test_a_half_typed_name_is_there_behind_another_window(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url)
    page.locator('.tile[data-id="p2"]').focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Name of p2")
    field.fill("Half a na")
    # As browsers tell that another window is in front: the field keeps the focus of its page.
    field.evaluate("(input) => input.dispatchEvent(new FocusEvent('blur'))")
    page.wait_for_timeout(100)
    expect(field).to_have_value("Half a na")
    page.get_by_role("searchbox").focus()
    expect(field).to_have_count(0)


def test_back_leads_to_the_filtered_list_also_behind_forward_and_a_reload(
    visit: Visit, serving: Serving
) -> None:
    page = visit(serving.url, "people?named=true")
    expect(page.locator(".tile").first).to_be_visible()
    page.evaluate("location.hash = '#/person/p1'")
    expect(page.locator(".person-head h1")).to_contain_text("Ada")
    page.go_back()
    expect(page.locator(".tile").first).to_be_visible()
    page.go_forward()
    expect(page.locator(".person-head h1")).to_contain_text("Ada")
    page.reload()
    expect(page.locator(".person-head h1")).to_contain_text("Ada")
    page.get_by_role("link", name="Back").click()
    expect(page).to_have_url(re.compile("#/people\\?named=true$"))


def test_who_came_by_a_link_is_led_back_within_the_page(visit: Visit, serving: Serving) -> None:
    page = visit(serving.url, "person/p1")
    expect(page.locator(".person-head h1")).to_contain_text("Ada")
    page.get_by_role("link", name="Back").click()
    expect(page).to_have_url(re.compile("#/people$"))
    expect(page.locator(".tile").first).to_be_visible()
