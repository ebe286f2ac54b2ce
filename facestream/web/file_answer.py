"""Files as answers: whole, in part, or not again to who has them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
        there = [part for part in parts if part.is_of(size)]
        if parts and not there:
            said = {"Content-Range": f"bytes */{size}"}
            raise Problem(416, f"The file has {size} bytes, and none of these.", said)
        # `FileResponse` refuses all of them for one that can't be had.
        headers_left = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        if there:
            headers_left.append((b"range", f"bytes={','.join(map(str, there))}".encode()))
        request.scope["headers"] = headers_left
    return FileResponse(
        path,
        media_type=media_type,
        filename=readable(name),
        stat_result=status,
        content_disposition_type="inline",
        headers={**headers, "ETag": etag},
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """First byte and last; without a first one, how many from the end."""

    first: int | None
    last: int | None

    def __str__(self) -> str:
        return "-".join("" if byte is None else str(byte) for byte in (self.first, self.last))

    def is_of(self, size: int) -> bool:
        """Whether a file of so many bytes has any of it."""
        return self.first < size if self.first is not None else bool(self.last and size)


def _parts(asked: str) -> list[_Part]:
    """The parts that are asked for; none where that can't be read."""
    if _RANGES.fullmatch(asked) is None:
        return []
    written = [part.strip().partition("-") for part in asked.partition("=")[2].split(",")]
    parts = [_Part(int(first) if first else None, int(last) if last else None) for first, _, last in written]
    backwards = any(p.first is not None and p.last is not None and p.last < p.first for p in parts)
    return [] if backwards else parts
