"""Files as answers: whole, in part, or not again to who has them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

from facestream.readable_path import readable
from facestream.web.etag import is_known
from facestream.web.problems import Problem

_RANGES = re.compile(r"bytes\s*=\s*(?:[0-9]+-[0-9]*|-[0-9]+)(?:\s*,\s*(?:[0-9]+-[0-9]*|-[0-9]+))*\s*")


def not_modified(request: Request, etag: str, headers: Mapping[str, str]) -> Response | None:
    """The answer to who has this very file already; None for everybody else."""
    if not is_known(etag, request.headers.get("If-None-Match", "")):
        return None
    return Response(status_code=304, headers={**headers, "ETag": etag})


def file_answer(
    request: Request,
    path: Path,
    *,
    name: str,
    media_type: str,
    etag: str,
    headers: Mapping[str, str],
    status: os.stat_result | None = None,
) -> Response:
    """A file, or the parts of it that `Range` asks for; one that can not be read is ignored (RFC 9110, 14.2).

    Args:
        request: Who asks.
        path: The file.
        name: What it is to be called.
        media_type: What it is.
        etag: Names its content.
        headers: To be sent with it.
        status: Of the file, where it is known.

    Raises:
        Problem: 416 where the file has none of these parts.
    """
    asked = request.headers.get("Range")
    if asked is not None:
        size = (status or path.stat()).st_size
        parts = _parts(asked)
        there = [
            part for part, first, last in parts if (first < size if first is not None else last and size)
        ]
        if parts and not there:
            said = {"Content-Range": f"bytes */{size}"}
            raise Problem(416, f"The file has {size} bytes, and none of these.", said)
        others = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        left = [(b"range", f"bytes={','.join(there)}".encode())] if there else []
        request.scope["headers"] = others + left
    return FileResponse(
        path,
        media_type=media_type,
        filename=readable(name),
        stat_result=status,
        content_disposition_type="inline",
        headers={**headers, "ETag": etag},
    )


def _parts(asked: str) -> list[tuple[str, int | None, int | None]]:
    """Each part, its first byte and its last, or None and how many from the end."""
    if _RANGES.fullmatch(asked) is None:
        return []
    parts = []
    for part in asked.partition("=")[2].replace(" ", "").replace("\t", "").split(","):
        first, _, last = part.partition("-")
        if first and last and int(last) < int(first):
            return []
        parts.append((part, int(first) if first else None, int(last) if last else None))
    return parts
