"""The page: its files, as they lie in the package."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOLDER = str(files("facestream.web") / "page")
# Asked again each time, and answered with 304 while it is the same: an update is there with the next reload.
_FRESH = {"Cache-Control": "no-cache"}
# Nothing from elsewhere, no script or style within the document. Pictures also from
# memory: a photo before it is sent.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
def page() -> FileResponse:
    """The document of the page; all of its views are drawn by its scripts."""
    return FileResponse(
        f"{_FOLDER}/index.html",
        headers={**_FRESH, "Content-Security-Policy": PAGE_POLICY},
        media_type="text/html",
    )


class PageFiles(StaticFiles):
    """Scripts, styles and icons of the page."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, never kept without asking whether it is still the same."""
        response = await super().get_response(path, scope)
        response.headers.update(_FRESH)
        return response
