"""The files of the page: complete, of this server alone, without inline scripts and styles."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path, PurePosixPath

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from facestream.web.page_files import page_router, read_page
from facestream.web.problems import answer_problems
from facestream.web.security_headers import SecurityHeaders

_FOLDER = (Path(str(files("facestream.web"))) / "page").resolve()
_SCRIPTS = sorted(_FOLDER.rglob("*.js"))
_DOCUMENT = (_FOLDER / "index.html").read_text(encoding="utf-8")
_MOST_LINES = 310
_MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"


def _imports(script: Path) -> list[str]:
    return re.findall(
        r'^import .*?from "([^"]+)"', script.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture(scope="module")
def browser() -> TestClient:
    """A client of an application that has the page alone."""
    app = FastAPI(openapi_url=None)
    app.include_router(page_router(read_page()))
    app.add_middleware(SecurityHeaders)
    answer_problems(app)
    return TestClient(app)


def test_the_document_comes_with_a_policy_that_allows_nothing_inline(browser: TestClient) -> None:
    reply = browser.get("/")
    policy = reply.headers["content-security-policy"]
    assert reply.status_code == 200
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_document_has_no_inline_script_style_or_handler() -> None:
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", _DOCUMENT)


def test_all_that_the_document_names_is_there(browser: TestClient) -> None:
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', _DOCUMENT)
    assert len(named) > 10
    assert {path: browser.get(path).status_code for path in named} == dict.fromkeys(named, 200)


def test_all_scripts_of_the_first_view_are_asked_for_at_once() -> None:
    needed, todo = set(), [_FOLDER / "app.js", _FOLDER / "views" / "people.js"]
    while todo:
        script = todo.pop()
        if script not in needed:
            needed.add(script)
            todo += [(script.parent / name).resolve() for name in _imports(script)]
    asked = set(re.findall(r'"modulepreload" href="/assets/([^"]+)"', _DOCUMENT))
    assert asked == {script.relative_to(_FOLDER).as_posix() for script in needed}


def test_scripts_are_served_as_scripts_and_never_kept_unasked(browser: TestClient) -> None:
    reply = browser.get("/assets/app.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cache-control"] == "no-cache"
    assert browser.get("/assets/app.js", headers={"If-None-Match": reply.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["../page_files.py", "..%2fpage_files.py", "%2e%2e/page_files.py"])
def test_nothing_outside_the_folder_is_served(browser: TestClient, path: str) -> None:
    assert browser.get(f"/assets/{path}").status_code == 404


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda path: path.name)
def test_a_script_imports_what_is_there_and_builds_no_markup(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    for name in _imports(script):
        assert (script.parent / PurePosixPath(name)).resolve().is_file(), name
    assert not re.search(_MARKUP, text)
    assert text.count("\n") <= _MOST_LINES


def test_nothing_is_loaded_from_another_server() -> None:
    loads = re.compile(r"""(?:src=|href=|from |url\(|fetch\(|import\(|@import )\s*["'`]?(?:https?:)?//""")
    outside = [
        path.name
        for path in _FOLDER.rglob("*")
        if path.suffix in {".js", ".css", ".html", ".svg"} and loads.search(path.read_text(encoding="utf-8"))
    ]
    assert outside == []
