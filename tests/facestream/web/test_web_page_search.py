"""Search by photo on the page, with the real models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import drawn_people
import numpy as np
import pytest
import redis
from playwright.sync_api import expect
from visiting import Visit
from web_serving import Serving

from facestream.demo_video import GROUP
from facestream.search.search import faces_of, read_photo
from facestream.wiring import make_pack
from storage.keys import Keys


@pytest.mark.e2e
def test_a_photo_of_several_finds_who_of_them_was_seen(
    visit: Visit, shared_serve: Callable[..., Serving]
) -> None:
    known = faces_of(read_photo(GROUP.path()), make_pack("open"))[0]
    ada, *others = drawn_people.EVERYBODY

    def fill(client: redis.Redis, keys: Keys) -> None:
        drawn_people.fill(client, keys, [replace(ada, vector=np.asarray(known.vector, np.float32)), *others])

    serving = shared_serve(fill)
    page = visit(serving.url, "search", fails=[410])
    page.locator("input[type=file]").set_input_files(GROUP.path())
    boxes = page.locator(".photo-box")
    expect(boxes).to_have_count(len(GROUP.faces))
    expect(page.locator(".face-summary")).to_have_count(len(GROUP.faces))
    # The only one of them who is known.
    expect(page.locator(".match")).to_have_count(1)
    expect(page.locator(".match")).to_contain_text("Ada")
    page.get_by_role("button", name=", almost certain: Ada").click()
    match = page.locator(".match").first
    expect(match).to_contain_text("> 99 %")
    expect(match.locator(".moment").first).to_contain_text("hall.mp4")
    page.get_by_text("Single moments").click()
    expect(page.locator(".moment-card").first).to_contain_text("1.00")
    expect(page.locator(".moment-card").first.locator("img")).to_be_visible()
    page.locator(".moment-card button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("this is the face that was kept")
    page.keyboard.press("Escape")
    # Whoever follows a match and comes back finds the answer as it was.
    page.locator(".moment-who").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    page.go_back()
    expect(page.locator(".moment-card").first).to_be_visible()
    # And as who they are by now.
    client = serving.client
    client.post("/api/v1/people/p1/name", json={"name": "Augusta Ada"})
    expect(page.locator(".moment-who").first).to_have_text("Augusta Ada")
    page.get_by_text("People (").click()
    expect(page.locator(".match").first).to_contain_text("Augusta Ada")
    client.delete("/api/v1/people/p1?exactly=true")
    expect(page.locator(".match", has_text="Augusta Ada")).to_have_count(0)
    assert boxes.count() == len(GROUP.faces)
