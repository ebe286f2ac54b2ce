"""The files of the page, in memory: no name in a request gets near the disk."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from facestream.web.problems import Problem

PAGE_FOLDER = Path(__file__).parent / "page"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = (".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file.

    Attributes:
        content: Its bytes.
        packed: The same with gzip, or None where that gains nothing.
        media_type: Of HTTP.
        etag: Changes with the content.
    """

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> PageFile:
        """Read a file of which the type is known."""
        content = path.read_bytes()
        packed = gzip.compress(content, mtime=0) if path.suffix in _PACKED else content
        return cls(
            content,
            packed if len(packed) < len(content) else None,
            _TYPES[path.suffix],
            hashlib.sha256(content).hexdigest()[:32],
        )

    def answer(self, request: Request) -> Response:
        """The file, or that the browser has it. It asks each time, so that a new version counts at once."""
        packs = self.packed is not None and "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{self.etag}-gz"' if packs else f'"{self.etag}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        known = {
            tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
        }
        if etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        content = self.content
        if packs and self.packed is not None:
            content = self.packed
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=self.media_type)


def read_page(folder: Path = PAGE_FOLDER) -> Mapping[str, PageFile]:
    """All files of the page by their paths below its folder; those of other types are left out."""
    return {
        path.relative_to(folder).as_posix(): PageFile.read(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


def page_router(files: Mapping[str, PageFile]) -> APIRouter:
    """Routes of the page: / and /assets/."""
    router = APIRouter(include_in_schema=False)

    async def index(request: Request) -> Response:
        return _found(files, "index.html").answer(request)

    async def asset(request: Request, name: str) -> Response:
        return _found(files, name).answer(request)

    router.add_api_route("/", index)
    router.add_api_route("/assets/{name:path}", asset)
    return router


def _found(files: Mapping[str, PageFile], name: str) -> PageFile:
    try:
        return files[name]
    except KeyError:
        raise Problem(404, "There is no such file.") from None
