"""People on the page: named, merged, told apart, split and forgotten, by keyboard and pointer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import drawn_people
import pytest
from playwright.sync_api import Route, expect
from shown_people import decisions, person, tile
from visiting import Visit
from web_serving import Serving

from facestream import connect
from storage.identity_record import ChangeKind, IdentityChange


def test_people_are_selected_and_merged_by_keyboard_and_that_is_undone(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "people?sort=id")
    for number in (2, 3):
        tile(page, number).focus()
        page.keyboard.press("x")
        expect(tile(page, number)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("toolbar", name="Selected people")).to_contain_text("2 selected")
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_contain_text("Who stays?")
    page.keyboard.press("Enter")
    expect(tile(page, 3)).to_have_count(0)
    expect(page.locator(".count")).to_have_text("7")
    assert person(undone, 3)["id"] == "p2"
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(tile(page, 3)).to_be_visible()
    assert person(undone, 3)["id"] == "p3"


def test_decisions_are_undone_in_the_log(visit: Visit, undone: Serving) -> None:
    undone.client.post("/api/v1/people/merge", json={"keep": "p2", "others": ["p3"]})
    page = visit(undone.url, "log")
    entries = page.locator(".log-entry")
    entries.first.get_by_role("button", name="Undo").click()
    expect(entries.nth(1)).to_contain_text("taken back by no.")
    assert person(undone, 3)["id"] == "p3"


def test_what_others_decide_is_shown_without_a_reload_or_a_jump(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "people?sort=id", width=400, height=420)
    expect(tile(page, 1)).to_be_visible()
    page.evaluate("window.loadedOnce = true")
    page.evaluate("scrollTo(0, 150)")
    expect(tile(page, 7)).to_be_visible()
    before = page.evaluate("scrollY")
    assert before > 0
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    with connect(undone.place.data_dir, collection=undone.place.collection) as store:
        store.name("p7", "Frances")
    expect(tile(page, 7).locator(".name")).to_have_text("Frances")
    assert page.evaluate("[window.loadedOnce, scrollY]") == [True, before]


def test_likely_duplicates_are_answered_by_one_key_each(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "duplicates")
    count = page.locator(".compare-count")
    expect(count).to_have_text("2 pairs left")
    names = page.locator(".compare-side a").evaluate_all("all => all.map(a => a.hash.slice(9))")
    assert frozenset(names) in drawn_people.pairs()
    page.keyboard.press("s")
    expect(count).to_have_text("1 pair left · 1 answered")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert [one["kind"] for one in decisions(undone)[:2]] == ["differs", "merge"]
    assert undone.client.get("/api/v1/duplicates").json()["total"] == 0


def test_quick_answers_are_made_in_their_order_and_the_newest_is_taken_back(
    visit: Visit, undone: Serving
) -> None:
    page = visit(undone.url, "duplicates")
    count = page.locator(".compare-count")
    expect(count).to_have_text("2 pairs left")
    held: list[Route] = []
    page.route("**/api/v1/people/merge", lambda route: held.append(route))
    with page.expect_request("**/api/v1/people/merge"):
        page.keyboard.press("s")
    expect(count).to_have_text("1 pair left · 1 answered")
    page.keyboard.press("d")
    page.keyboard.press("z")
    held[0].continue_()
    expect(count).to_contain_text("1 pair left")
    expect(page.locator(".toasts")).to_contain_text("Taken back.")
    made = decisions(undone)[:3]
    assert [one["kind"] for one in made] == ["undo", "differs", "merge"]
    assert made[0]["undoes"] == made[1]["number"]


def test_what_is_no_face_is_ignored_where_pairs_are_compared(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "duplicates", width=375, height=740)
    count = page.locator(".compare-count")
    expect(count).to_have_text("2 pairs left")
    second = page.locator(".compare-side").nth(1)
    gone = second.locator("a").evaluate("a => a.hash.slice(9)")
    second.get_by_role("button", name="is not a face: ignore").click()
    expect(count).to_have_text("1 pair left · 1 answered")
    expect(page.locator(".toast")).to_contain_text("gnored")
    assert (decisions(undone)[0]["kind"], decisions(undone)[0]["people"]) == ("ignore", [gone])
    assert undone.client.get("/api/v1/duplicates").json()["total"] == 1
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(count).to_contain_text("2 pairs left")


def test_people_who_are_new_are_counted_once_each_and_tracks_that_move_are_none(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve()
    page = visit(serving.url)
    expect(tile(page, 1)).to_be_visible()
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    # Somebody is at it: the list must not renew itself.
    page.get_by_role("searchbox").focus()

    def happens(kind: ChangeKind, *people: str, track_id: str = "", other_id: str = "") -> None:
        for one in people:
            change = IdentityChange(kind, one, track_id, other_id=other_id, published_at_s=time.time())
            serving.handle.client.xadd(serving.keys.changes, change.encode())

    badge = page.locator(".fresh")
    happens(ChangeKind.SPLIT, *["p2"] * 3, track_id="v-1.1.0", other_id="p1")
    page.mouse.move(600, 600)
    expect(badge).to_have_text("The list has changed")
    happens(ChangeKind.CREATED, "p31", "p32", "p31", track_id="v-1.1.0")
    happens(ChangeKind.SPLIT, *["p31"] * 5, track_id="v-1.1.0", other_id="p1")
    page.mouse.move(610, 600)
    expect(badge).to_have_text("2 new people")
    happens(ChangeKind.VANISHED, "p32")
    page.mouse.move(620, 600)
    expect(badge).to_have_text("1 new person")


def test_people_can_be_narrowed_to_a_camera_that_was_removed(visit: Visit, shared: Serving) -> None:
    assert shared.client.get("/api/v1/cameras").json()["items"] == []
    page = visit(shared.url)
    page.get_by_role("button", name="Filter by place and date").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="door").check()
    dialog.get_by_role("button", name="Show").click()
    expect(page.get_by_role("button", name="Without door")).to_be_visible()


def test_somebody_is_split_off_by_picking_their_tracks(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "person/p1")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    expect(page.locator(".sighting .face img")).to_have_count(4)
    page.get_by_role("button", name="Split…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox").nth(1).check()
    dialog.get_by_role("button", name="Split off").click()
    expect(page.locator(".person-words p")).to_contain_text("3 sightings")
    assert decisions(undone)[0]["kind"] == "split"


def test_somebody_is_forgotten_only_when_their_name_is_typed(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve()
    page = visit(serving.url, "person/p1", fails=[410])
    page.get_by_role("button", name="More about this person").click()
    page.get_by_role("menuitem", name="Forget").click()
    dialog = page.get_by_role("dialog")
    go = dialog.get_by_role("button", name="Forget for ever")
    expect(go).to_be_disabled()
    dialog.get_by_role("textbox").fill("Grace")
    expect(go).to_be_disabled()
    dialog.get_by_role("textbox").fill("Ada")
    dialog.get_by_role("checkbox", name="Leave them out when they come back").check()
    go.click()
    expect(page).to_have_url(re.compile("#/people$"))
    expect(page.get_by_text("Kept to leave them out")).to_be_visible()
    expect(tile(page, 2)).to_be_visible()
    expect(tile(page, 1)).to_have_count(0)
    assert serving.client.get("/api/v1/people/p1").status_code == 410
    # Forgotten again, also what was kept to know them by goes.
    assert serving.context.store.kept_out() == [("p1",)]
    again = serving.client.delete("/api/v1/people/p1?and_ignore_return=true")
    assert (again.status_code, "kept already" in again.text) == (422, True)
    assert serving.client.delete("/api/v1/people/p1").json()["templates_deleted"] > 0
    assert serving.context.store.kept_out() == []


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2026-05-01"), ("Pacific/Kiritimati", "2026-05-02")])
def test_a_day_is_one_of_whoever_looks(visit: Visit, shared: Serving, zone: str, day: str) -> None:
    # What is dated was seen at noon of the first of May, UTC.
    page = visit(shared.url, f"people?since={day}&until={day}", zone=zone)
    expect(page.locator(".tile").first).to_be_visible()
    page.evaluate("location.hash = '#/people?since=2026-05-03&until=2026-05-03'")
    expect(page.locator(".empty")).to_be_visible()


def test_a_filter_cannot_end_before_it_begins(visit: Visit, shared: Serving) -> None:
    page = visit(shared.url, "people?since=nonsense", fails=[422])
    expect(page.get_by_text("'nonsense' is neither a date")).to_be_visible()
    page.evaluate("location.hash = '#/people?since=2026-05-03&until=2026-05-01'")
    expect(page.get_by_text("nothing lies between them")).to_be_visible()
    page.evaluate("location.hash = '#/people'")
    page.get_by_role("button", name=re.compile("^Filter")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From", exact=True).fill("2026-05-03")
    dialog.get_by_label("To", exact=True).fill("2026-05-01")
    dialog.get_by_role("button", name="Show", exact=True).click()
    # The browser says why.
    expect(dialog).to_be_visible()
    assert dialog.get_by_label("To", exact=True).evaluate("field => field.validity.rangeUnderflow")
    dialog.get_by_label("To", exact=True).fill("2026-05-04")
    dialog.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("since=2026-05-03&until=2026-05-04"))


def test_who_is_in_a_video_is_found_by_its_name_or_a_part_of_its_path(visit: Visit, shared: Serving) -> None:
    page = visit(shared.url, "people")
    expect(tile(page, 4)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Filter")).click()
    dialog = page.get_by_role("dialog")
    file = dialog.get_by_role("combobox", name="In the video or photo")
    expect(file).to_be_visible()
    # What is there is offered; cameras have a list of their own.
    assert dialog.locator("datalist option").evaluate_all("all => all.map(one => one.value)") == [
        "hall.mp4",
        "yard.mp4",
    ]
    file.fill("yard.mp4")
    dialog.get_by_role("button", name="Show", exact=True).click()
    # That one, not whatever has this in its path.
    expect(page).to_have_url(re.compile("source=v-2$"))
    expect(tile(page, 4)).to_have_count(0)
    expect(page.locator(".tile")).to_have_count(6)
    # How long they are seen there, not everywhere.
    expect(tile(page, 1)).to_contain_text("2 s")
    # It is still written there, and goes by one press.
    page.get_by_role("button", name=re.compile("^Filter")).click()
    expect(file).to_have_value("yard.mp4")
    file.fill("s/hal")
    dialog.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("source=s%2Fhal$"))
    expect(tile(page, 8)).to_have_count(0)
    page.get_by_role("button", name="Without “s/hal”").click()
    expect(tile(page, 8)).to_be_visible()
    page.evaluate("location.hash = '#/people?source=cellar'")
    expect(page.get_by_text("Nobody matches")).to_be_visible()


def test_escape_closes_a_menu_and_leaves_nobody(visit: Visit, shared: Serving) -> None:
    page = visit(shared.url, "person/p3")
    more = page.get_by_role("button", name="More about this person")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(more).to_be_focused()
    expect(page).to_have_url(re.compile("#/person/p3$"))
    # Nor does one stay over another view.
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.evaluate("location.hash = '#/people'")
    expect(tile(page, 1)).to_be_visible()
    expect(page.get_by_role("menu")).to_have_count(0)


def test_a_person_of_photos_alone_has_no_timeline(visit: Visit, shared: Serving) -> None:
    def photos_alone(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["items"] = [{**item, "photo": True, "start_at": None} for item in told["items"]]
        route.fulfill(response=answer, json=told)

    page = visit(shared.url, "person/p2")
    expect(page.get_by_role("region", name="Timeline")).to_be_visible()
    page.route(re.compile("/sightings\\?"), photos_alone)
    page.reload()
    expect(page.get_by_role("region", name="Timeline")).to_have_count(0)
    expect(page.get_by_role("region", name="Sightings")).to_be_visible()
