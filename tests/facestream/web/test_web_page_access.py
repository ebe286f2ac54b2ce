"""Logging in to the page, and what is offered to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from visiting import VIEWS, Visit
from web_serving import Serving

from facestream.wiring import make_token_store
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.token_record import Scope

_WRITES = re.compile(
    "name$|rename|merge|ignore|split|cover|forget|undo|^same|^different|pause|resume|change|remove|add|cancel|drop",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def guarded(shared_serve: Callable[..., Serving]) -> Serving:
    """A server that asks everybody for a token, with a camera and a video in it."""
    serving = shared_serve(require_token=True, jobs=0)
    admin = {"Authorization": f"Bearer {token(serving, Scope.ADMIN)}"}
    for path, body in (
        ("cameras", {"name": "door", "url": "rtsp://192.168.1.20/1"}),
        ("people/p2/name", {"name": "Edsger"}),
    ):
        assert serving.client.post(f"/api/v1/{path}", json=body, headers=admin).status_code < 300
    picture = serving.client.get("/api/v1/people/p1/thumbnail", headers=admin).content
    upload = serving.client.post("/api/v1/jobs/upload?name=me.jpg", content=picture, headers=admin)
    assert upload.status_code == 202
    return serving


def token(serving: Serving, scope: Scope) -> str:
    """A new token."""
    store = make_token_store(serving.handle, serving.keys)
    return store.add(f"{scope}-{len(store.all())}", scope)


def log_in(visit: Visit, serving: Serving, scope: Scope, view: str = "people") -> Page:
    page = visit(serving.url, view, fails=[401])
    page.get_by_label("Token").fill(token(serving, scope))
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".side")).to_be_visible()
    return page


def test_a_token_logs_in_and_leaving_ends_the_session(visit: Visit, guarded: Serving) -> None:
    page = visit(guarded.url, "log", fails=[401])
    field = page.get_by_label("Token")
    expect(field).to_be_focused()
    expect(page.locator(".side")).to_be_hidden()
    field.fill("fst_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That token is not valid here.")
    field.fill(token(guarded, Scope.WRITE))
    page.keyboard.press("Enter")
    # Where somebody wanted to go, and not to where everybody begins.
    expect(page.get_by_role("heading", name="Log", exact=True)).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.reload()
    expect(page.get_by_role("heading", name="Log", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()
    assert page.locator(".log-entry").count() == 0


def test_who_may_only_read_is_offered_nothing_that_writes(visit: Visit, guarded: Serving) -> None:
    page = log_in(visit, guarded, Scope.READ)
    offered = {}
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator(f".view-{view.partition('/')[0]} h1")).to_be_visible()
        expect(page.locator(".skeleton:visible")).to_have_count(0)
        names = page.locator("main button, main input[type=file], main form").evaluate_all(
            "all => all.map(one => one.ariaLabel || one.innerText.trim() || one.title || one.type)"
        )
        offered[view] = [name for name in names if _WRITES.search(name)]
    assert offered == {view: [] for view in VIEWS}
    # Nor by key.
    page.evaluate("location.hash = '#/people'")
    tile = page.locator('.tile[data-id="p1"]')
    tile.focus()
    for key in ("n", "x", "i", "m"):
        page.keyboard.press(key)
    expect(page.locator(".picked, dialog, .name-field").filter(visible=True)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/person/p1$"))


def test_a_session_that_ended_elsewhere_asks_for_a_token_again(visit: Visit, guarded: Serving) -> None:
    page = log_in(visit, guarded, Scope.READ)
    expect(page.locator(".tile").first).to_be_visible()
    store = make_token_store(guarded.handle, guarded.keys)
    for record, _ in store.all():
        store.remove(record.name)
    page.evaluate("location.hash = '#/log'")
    expect(page.get_by_text("The session has ended. Log in again.")).to_be_visible()
    expect(page.locator(".tile, .log-entry")).to_have_count(0)


def test_a_list_that_asks_for_nothing_says_that_the_session_is_over(visit: Visit, guarded: Serving) -> None:
    page = log_in(visit, guarded, Scope.READ)
    expect(page.locator(".tile").first).to_be_visible()
    expect(page.locator('.link-state[data-state="open"]')).to_have_count(1)
    store = make_token_store(guarded.handle, guarded.keys)
    for record, _ in store.all():
        store.remove(record.name)
    expect(page.get_by_text("The session has ended. Log in again.")).to_be_visible()


def test_cameras_say_why_they_send_nothing(visit: Visit, guarded: Serving) -> None:
    page = log_in(visit, guarded, Scope.ADMIN, "cameras")
    row = page.locator(".camera-row", has_text="door")
    expect(row).to_contain_text("Waiting for a worker")
    status = CameraStatus("door", "w", "backing_off", 1.77e9, "the camera hung up")
    CameraStore(guarded.handle.client, guarded.keys).write_statuses([status])
    expect(row).to_contain_text("the camera hung up")
