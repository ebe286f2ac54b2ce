"""The files of the page."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from web_serving import open_client, running

from facestream.web.page_files import page_router, read_page
from facestream.web.problems import answer_problems

SCRIPT = b"export const a = 1;\n" * 100


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A page of some files, with others around it."""
    folder = tmp_path_factory.mktemp("files") / "page"
    (folder / "views").mkdir(parents=True)
    (folder / "index.html").write_text("<!DOCTYPE html><title>Faces</title>")
    (folder / "app.js").write_bytes(SCRIPT)
    (folder / "views" / "people.js").write_bytes(SCRIPT)
    (folder / "face.svg").write_text("<svg/>")
    (folder / "notes.py").write_text("hidden words")
    (folder.parent / "secret.txt").write_text("hidden words")
    app = FastAPI()
    app.include_router(page_router(read_page(folder)))
    answer_problems(app)
    with running(app) as url, open_client(url) as client:
        yield client


def test_is_at_the_root_and_its_files_below_assets(page: httpx2.Client) -> None:
    assert "Faces" in page.get("/").text
    assert page.get("/").headers["content-type"] == "text/html; charset=utf-8"
    for path in ("/assets/app.js", "/assets/views/people.js"):
        assert page.get(path).content == SCRIPT
        assert page.get(path).headers["content-type"] == "text/javascript; charset=utf-8"
    assert page.get("/assets/face.svg").headers["content-type"] == "image/svg+xml"
    assert page.head("/assets/app.js").headers["content-length"] != "0"


def test_files_are_sent_again_only_when_they_have_changed(page: httpx2.Client) -> None:
    answer = page.get("/assets/app.js")
    etag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "no-cache"
    for known in (etag, f'W/{etag}, "other"', "*"):
        again = page.get("/assets/app.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert page.get("/assets/app.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_files_are_packed_for_who_can_unpack(page: httpx2.Client) -> None:
    with page.stream("GET", "/assets/app.js", headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(packed) < len(SCRIPT) / 10
    assert gzip.decompress(packed) == SCRIPT
    plain = page.get("/assets/app.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != answer.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "views/../../secret.txt",
        "..%5csecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "....//secret.txt",
        "app.js%00.txt",
        "app.js/",
        "notes.py",
        "",
        "views",
        "views/",
        "APP.JS",
    ],
)
def test_nothing_else_can_be_had(page: httpx2.Client, path: str) -> None:
    host, port = page.base_url.host, page.base_url.port
    # As it is written: clients tidy paths up.
    with socket.create_connection((host, port)) as connection:
        connection.sendall(
            f"GET /assets/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"hidden words" not in answer
