"""The site of the documentation: it builds without a warning, and readers ask nobody else for anything."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import facestream

ROOT = Path(__file__).parents[2]
_MISSING = importlib.util.find_spec("material") is None or importlib.util.find_spec("mkdocstrings") is None

# .ci/run installs the extra after the tests, so that who only tests doesn't wait for it, and runs this file.
pytestmark = pytest.mark.skipif(_MISSING, reason="the site needs: pip install '.[docs]'")

# What a browser fetches by itself; a link that somebody may follow is none of it.
_FETCHED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}


class Loads(HTMLParser):
    """Addresses that a page has its browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(_FETCHED.get(tag, ""))
        if address:
            self.addresses.append(address)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: any warning of MkDocs fails it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_every_page_of_the_folder_is_in_the_site(site: Path) -> None:
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).with_suffix(".html").as_posix() for path in docs.rglob("*.md")}
    pages = {re.sub(r"README\.html$", "index.html", page) for page in pages}
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages <= built
    assert {"examples.html", "changelog.html", "contributing.html"} <= built
    assert list(site.rglob("*.py")) == []


def test_no_page_and_no_style_loads_anything_from_elsewhere(site: Path) -> None:
    found = []
    for path in site.rglob("*.html"):
        loads = Loads()
        loads.feed(path.read_text(encoding="utf-8"))
        assert loads.addresses
        found += [(path.name, a) for a in loads.addresses if re.match(r"(?:https?:)?//", a)]
    for path in [*site.rglob("*.css"), *site.rglob("*.svg")]:
        text = path.read_text(encoding="utf-8")
        found += [(path.name, a) for a in re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)", text)]
        found += [(path.name, a) for a in re.findall(r"@import\s+['\"](https?:[^'\"]*)", text)]
    assert found == []


def test_a_reader_can_search_and_copy_and_asks_nobody_else_for_anything(site: Path, address: str) -> None:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not on the PATH")
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            page = browser.new_page()
            # The index of the search is made in the page, and other tests keep the processors busy.
            page.set_default_timeout(120_000)
            page.on("request", lambda request: asked.append(request.url))
            for name in ("index.html", "architecture.html", "python-reference.html", "commands/index.html"):
                page.goto(f"{address}/{name}")
                page.wait_for_load_state("networkidle")
            assert page.locator("pre.mermaid, div.mermaid").count() == 0
            # Copied without prompt and answer.
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page.goto(f"{address}/tutorial.html")
            block = page.locator(".highlight", has_text="facestream serve")
            block.locator("[data-md-type=copy]").click()
            page.locator(".md-dialog--active").wait_for()
            assert page.evaluate("navigator.clipboard.readText()").strip() == "facestream serve"
            page.locator("input.md-search__input").fill("retention")
            page.locator(".md-search-result__item").first.wait_for()
        finally:
            browser.close()
    assert f"{address}/images/diagram-data-flow.svg" in asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_the_python_reference_tells_of_everything_that_is_offered(site: Path) -> None:
    text = (site / "python-reference.html").read_text(encoding="utf-8")
    shown = {found.rpartition(".")[2] for found in re.findall(r'id="(facestream\.[\w.]+)"', text)}
    assert set(facestream.__all__) - shown == set()
    # With what the code says of them, and not by name alone.
    assert "Open a collection." in text
    assert {"people", "find", "watch", "forget"} <= shown
