"""Every view of the page: complete, readable on phones, and open to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from visiting import VIEWS, Visit
from web_serving import Serving

from facestream.wiring import make_store
from storage.source_record import SourceRecord

_GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def filled(shared_serve: Callable[..., Serving]) -> Serving:
    """Something to be seen in each view."""
    serving = shared_serve(jobs=0)
    camera = {"name": "door", "url": f"rtsp://viewer:secret@192.168.1.20:554/{'long/' * 20}stream"}
    assert serving.client.post("/api/v1/cameras", json=camera).status_code == 201
    source = SourceRecord("c-door", "camera", "rtsp://192.168.1.20:554", 64, 48, recorded_at_s=1.8e9)
    make_store(serving.handle, serving.keys).register_source(source)
    serving.handle.client.hset(
        serving.keys.source("c-door"), "ranges", "[[0, 60], [360, 400], [90000, 90010]]"
    )
    picture = serving.client.get("/api/v1/people/p1/thumbnail").content
    name = f"{'a_long_name_without_a_space_' * 4}.jpg"
    assert serving.client.post(f"/api/v1/jobs/upload?name={name}", content=picture).status_code == 202
    return serving


@pytest.fixture(scope="module")
def empty(shared_serve: Callable[..., Serving]) -> Serving:
    return shared_serve(lambda _client, _keys: None)


def goto(page: Page, view: str) -> None:
    """Show a view, and wait until it is there in full."""
    page.evaluate("view => { location.hash = `#/${view}`; }", view)
    expect(page.locator(f".view-{view.partition('/')[0]} h1")).to_be_visible()
    expect(page.locator(".skeleton:visible")).to_have_count(0)


def test_a_camera_tells_when_nothing_was_seen(visit: Visit, filled: Serving) -> None:
    page = visit(filled.url)
    goto(page, "cameras")
    gaps = page.locator(".camera-gaps")
    gaps.locator("summary").click()
    expect(gaps.get_by_role("status")).to_contain_text("was down or paused")
    lines = gaps.locator("li")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("(24.9 h)")
    expect(lines.nth(1)).to_contain_text("(5 min)")
    assert lines.nth(0).inner_text().count("2027") == 2
    assert lines.nth(1).inner_text().count("2027") == 1


def test_no_view_keeps_anybody_out(visit: Visit, filled: Serving) -> None:
    page = visit(filled.url)
    schemes: dict[Literal["light", "dark"], dict[str, Any]] = {
        "light": {},
        # It is of colours alone.
        "dark": {"runOnly": ["color-contrast"]},
    }
    found: dict[tuple[str, str], list[Any]] = {}
    inks = set()
    for view in VIEWS:
        goto(page, view)
        for scheme, rules in schemes.items():
            page.emulate_media(color_scheme=scheme)
            # Buttons take their time to be of another colour.
            page.evaluate(
                "() => Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition)"
                ".map((one) => one.finished)).then(() => null)"
            )
            inks.add(page.evaluate("getComputedStyle(document.body).color"))
            told = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response
            assert {rule["id"] for rule in told["passes"]} >= {"color-contrast"}
            found[view, scheme] = [
                (one["id"], [node["html"] for node in one["nodes"]])
                for one in told["violations"]
                if one["impact"] in _GRAVE
            ]
    assert len(inks) == 2
    assert not {where: faults for where, faults in found.items() if faults}


@pytest.mark.parametrize("served", ["filled", "empty"])
def test_every_view_fits_a_narrow_phone(visit: Visit, served: str, request: pytest.FixtureRequest) -> None:
    serving: Serving = request.getfixturevalue(served)
    page = visit(serving.url, width=360, height=740)
    views = VIEWS if served == "filled" else [view for view in VIEWS if "/" not in view]
    wider = {}
    for view in views:
        goto(page, view)
        wider[view] = page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
    assert wider == dict.fromkeys(views, False)


@pytest.mark.parametrize("width", [320, 375])
def test_what_can_be_done_with_a_selection_fits_a_narrow_phone(
    visit: Visit, filled: Serving, width: int
) -> None:
    page = visit(filled.url, width=width, height=700)
    goto(page, "people")
    for number in range(2):
        page.locator(".tile .pick").nth(number).click()
    bar = page.get_by_role("toolbar", name="Selected people")
    expect(bar).to_be_visible()
    # It rises into its place.
    bar.evaluate("bar => Promise.all(bar.getAnimations().map((one) => one.finished)).then(() => null)")
    for button in bar.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    bar.get_by_role("button", name="Select nobody").click()
    expect(bar).to_be_hidden()
