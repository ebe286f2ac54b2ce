"""People as the page and the API show them, for tests of both."""

from __future__ import annotations

from playwright.sync_api import Locator, Page
from web_serving import Serving


def decisions(serving: Serving) -> list[dict[str, object]]:
    found: list[dict[str, object]] = serving.client.get("/api/v1/decisions", params={"limit": 500}).json()[
        "items"
    ]
    return found


def person(serving: Serving, number: int) -> dict[str, object]:
    found: dict[str, object] = serving.client.get(f"/api/v1/people/p{number}").json()
    return found


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'.tile[data-id="p{number}"]')
