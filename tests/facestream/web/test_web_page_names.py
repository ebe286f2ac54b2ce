"""Names on the page: typed where they stand, offered, refused, and not lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import drawn_people
from playwright.sync_api import Locator, Page, expect
from shown_people import person, tile
from visiting import Visit
from web_serving import Serving


def test_people_are_named_one_after_the_other_by_keyboard(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "people?sort=id")
    expect(tile(page, 1)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile:focus")).to_have_count(1)
    tile(page, 2).focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Name of p2")
    expect(field).to_be_focused()
    page.keyboard.type("Edsger")
    page.keyboard.press("Enter")
    # The next one who has no name, and not p4 or p5, who have.
    expect(page.get_by_role("combobox", name="Name of p3")).to_be_focused()
    page.keyboard.type("Barbara")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Name of p6")).to_be_focused()
    page.keyboard.press("Escape")
    expect(tile(page, 6)).to_be_focused()
    expect(tile(page, 2).locator(".name")).to_have_text("Edsger")
    expect(page.locator(".toast")).to_have_count(2)
    assert [person(undone, number)["name"] for number in (2, 3, 6)] == ["Edsger", "Barbara", ""]


def test_names_are_offered_above_the_row_below_also_where_a_neighbours_field_was_open(
    visit: Visit, shared: Serving
) -> None:
    page = visit(shared.url, "people?sort=id", width=700)
    tile(page, 2).locator(".name").click()
    expect(page.get_by_role("combobox", name="Name of p2")).to_be_focused()
    tile(page, 3).locator(".name").click()
    field = page.get_by_role("combobox", name="Name of p3")
    expect(field).to_be_focused()
    expect(page.locator(".tile input")).to_have_count(1)
    page.keyboard.type("Ada")
    offered = page.get_by_role("option", name="Ada")
    expect(offered).to_be_visible()
    # There is a row below, which is where the list lies.
    assert page.evaluate(
        """() => { const [option] = document.querySelectorAll("[role=option]");
            const box = option.getBoundingClientRect();
            const tiles = [...document.querySelectorAll(".tile")].filter(tile => {
              const at = tile.getBoundingClientRect();
              return at.top < box.bottom && at.bottom > box.bottom - 4
                && at.left < box.right && at.right > box.left;
            });
            return tiles.length > 0
              && option.contains(document.elementFromPoint(box.left + box.width / 2, box.bottom - 3)); }"""
    )


def test_a_name_that_is_refused_is_told_and_taken_back(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "people?sort=id", fails=[422])
    tile(page, 2).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("p17")
    page.keyboard.press("Enter")
    expect(page.locator(".toast.danger")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tile(page, 2).locator(".name")).to_have_text("Add a name")
    assert person(undone, 2)["name"] == ""


def test_a_name_that_looks_like_markup_is_text_everywhere(visit: Visit, undone: Serving) -> None:
    for number in (5, 7):
        name = drawn_people.MARKUP.replace("x", str(number))
        undone.client.post(f"/api/v1/people/p{number}/name", json={"name": name})
    page = visit(undone.url)
    expect(tile(page, 4).locator(".name")).to_have_text(drawn_people.MARKUP)
    for view, place in (
        ("person/p4", "h1"),
        ("duplicates", ".compare-name >> nth=0"),
        ("log", ".log-text >> nth=0"),
        ("live", ".newest-row .name-link"),
    ):
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator(f".view-{view.partition('/')[0]} {place}").first).to_be_visible()
        expect(page.locator(f".view-{view.partition('/')[0]}")).to_contain_text("<img src=")
        assert page.locator("img[onerror]").count() == 0
        assert page.title() != "1"
    page.evaluate("location.hash = '#/people?q=onerror'")
    tile(page, 4).focus()
    page.keyboard.press("x")
    tile(page, 5).focus()
    page.keyboard.press("x")
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_contain_text(drawn_people.MARKUP)
    assert page.locator("img[onerror]").count() == 0


def name_while_the_server_is_away(page: Page, ask: Locator) -> None:
    """Type a name that can't be saved; it is there to be tried again, and that is saved."""
    page.route("**/name", lambda route: route.fulfill(status=503, json={"detail": "Redis is away."}))
    ask.click()
    field = page.get_by_role("combobox", name=re.compile("^Name of"))
    field.fill("Grace Hopper")
    field.press("Enter")
    expect(page.get_by_text("Redis is away.").first).to_be_visible()
    expect(field).to_have_value("Grace Hopper")
    expect(field).to_be_focused()
    page.unroute("**/name")
    field.press("Enter")
    expect(page.locator(".toast", has_text="is called Grace Hopper")).to_be_visible()


def test_a_name_that_could_not_be_saved_is_there_to_be_tried_again(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, fails=[503])
    unnamed = page.locator(".tile", has_text="Add a name").first
    name_while_the_server_is_away(page, unnamed.get_by_text("Add a name"))
    expect(page.locator(".tile", has_text="Grace Hopper")).to_be_visible()


def test_a_name_of_one_person_that_could_not_be_saved_is_there_to_be_tried_again(
    visit: Visit, undone: Serving
) -> None:
    page = visit(undone.url, "person/p2", fails=[503])
    name_while_the_server_is_away(page, page.get_by_role("button", name="Add a name"))
    expect(page.locator("h1")).to_have_text("Grace Hopper")
    assert person(undone, 2)["name"] == "Grace Hopper"


def test_what_happens_while_a_name_is_typed_is_shown_afterwards(visit: Visit, undone: Serving) -> None:
    page = visit(undone.url, "person/p3")
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    for key, name in (("Escape", "Renamed Elsewhere"), ("Enter", "And Again")):
        page.locator(".title-name").click()
        field = page.get_by_role("combobox", name=re.compile("^Name of"))
        expect(field).to_be_focused()
        undone.client.post("/api/v1/people/p3/name", json={"name": name})
        # Until the page has been told.
        page.wait_for_timeout(2500)
        expect(field).to_be_focused()
        field.press(key)
        expect(page.locator("h1")).to_have_text(name)


def test_who_is_forgotten_while_their_name_is_typed_is_gone_at_once(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    serving = shared_serve()
    page = visit(serving.url, "person/p2", fails=[410])
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    page.locator(".title-name").click()
    expect(page.get_by_role("combobox", name=re.compile("^Name of"))).to_be_focused()
    serving.client.delete("/api/v1/people/p2?exactly=true")
    expect(page.get_by_role("combobox")).to_have_count(0)
    expect(page.locator(".view-person img")).to_have_count(0)
