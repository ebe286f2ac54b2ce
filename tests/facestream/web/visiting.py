"""The page in a real browser, which tells of everything that went wrong in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

VIEWS = ("people", "person/p1", "duplicates", "search", "live", "cameras", "jobs", "log")
PATIENCE_MS = 60_000.0

Visit = Callable[..., Page]
"""Opens the page: visit(url, "people", width=360, fails=[401])."""

_UNREACHABLE = "net::ERR_INTERNET_DISCONNECTED"
_STATUS = re.compile(r"the server responded with a status of (\d+)")


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window; skips the test where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not on the PATH")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Opens pages in contexts of their own, and ends them.

    Args:
        browser: Where.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []

    def open(
        self,
        url: str,
        view: str = "people",
        *,
        width: int = 1280,
        height: int = 800,
        zone: str = "UTC",
        locale: str = "en-GB",
        fails: Sequence[int] = (),
        before: Callable[[Page], None] = lambda _: None,
    ) -> Page:
        """A page that shows a view.

        Args:
            url: Of the server.
            view: What stands behind `#/`.
            width: Of the window, px.
            height: Of it.
            zone: Time zone of whoever looks.
            locale: Their language and country.
            fails: Statuses of answers that the test means to get; 0 for none where it can't be reached.
            before: What is to be done with the page before it is opened.
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="light",
            has_touch=width < 600,
            timezone_id=zone,
            locale=locale,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()

        def say(complaint: str) -> None:
            status = _STATUS.search(complaint)
            if not (status and int(status[1]) in fails) and not (0 in fails and _UNREACHABLE in complaint):
                self._complaints.append(complaint)

        page.on("pageerror", lambda error: say(f"error: {error}"))
        page.on(
            "console",
            lambda line: (
                say(f"{line.type}: {line.text} {line.location.get('url')}")
                if line.type in ("error", "warning")
                else None
            ),
        )
        # Streams of events and pictures that nobody waits for any more end so.
        page.on(
            "requestfailed",
            lambda request: (
                say(f"failed: {request.url} {request.failure}")
                if request.failure != "net::ERR_ABORTED"
                else None
            ),
        )
        before(page)
        page.goto(f"{url}/#/{view}")
        return page

    def end(self) -> None:
        """Close them all; nothing may have gone wrong."""
        for context in self._contexts:
            for page in context.pages:
                # Whatever is answered in a test's own way at this moment needs no answer any more.
                page.unroute_all(behavior="ignoreErrors")
            context.close()
        assert not self._complaints, "\n".join(self._complaints)
