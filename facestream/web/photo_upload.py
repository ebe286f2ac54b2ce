"""A photo that is sent to be searched for: taken into memory, up to a limit, and never onto the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from facestream.search.photo_search import MAX_UPLOAD_BYTES
from facestream.web.context import context_of

# Room for the boundaries and the small fields around the photo.
_AROUND_BYTES = 16 << 10
_MOST_FIELDS = 4
_FIELDS = frozenset({"photo", "limit", "face"})
# Whoever sends more slowly than this keeps memory taken.
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class PhotoUpload:
    """A form with a photo.

    Attributes:
        data: Bytes of the photo's file.
        name: What the sender calls it; to be shown, never to be opened.
        fields: The other fields of the form.
    """

    data: bytes
    name: str
    fields: Mapping[str, str]


class _InMemory(MultiPartParser):
    """Keeps the file in memory; what is larger is not read to its end."""

    spool_max_size = MAX_UPLOAD_BYTES + _AROUND_BYTES


async def photo_upload(request: Request) -> AsyncIterator[PhotoUpload]:
    """The photo of a request, of which only so many are kept until they are answered.

    Raises:
        HTTPException: 413 if it is too large, 415 if the body is no form, 422 if it holds no photo, 408 if it
            takes too long, 503 if too many others are there.
    """
    places = context_of(request).photo_places
    if not places.take():
        raise HTTPException(503, "Too many photos are being sent. Try again soon.", {"Retry-After": "2"})
    try:
        yield await _read(request)
    finally:
        places.leave()


async def _read(request: Request) -> PhotoUpload:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415, "Send a form (multipart/form-data) with the photo in its field `photo`.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_UPLOAD_BYTES + _AROUND_BYTES:
        raise _too_large()
    parser = _InMemory(
        request.headers, _counted(request), max_files=1, max_fields=_MOST_FIELDS, max_part_size=1024
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            form = await parser.parse()
    except TimeoutError as error:
        raise HTTPException(408, f"The photo did not arrive within {_PATIENCE_S:.0f} s.") from error
    except (MultiPartException, UnicodeDecodeError, KeyError) as error:
        raise HTTPException(422, f"The form can't be read: {error}") from error
    try:
        photo = form.get("photo")
        if not isinstance(photo, UploadFile):
            raise HTTPException(422, "The form has no file in its field `photo`.")
        if strange := sorted(form.keys() - _FIELDS):
            known = ", ".join(sorted(_FIELDS))
            raise HTTPException(422, f"The form has an unknown field {strange[0][:100]!r}; known: {known}.")
        data = await photo.read()
        if len(data) > MAX_UPLOAD_BYTES:
            raise _too_large()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        return PhotoUpload(data, (photo.filename or "photo")[:100], fields)
    finally:
        await form.close()


async def _counted(request: Request) -> AsyncGenerator[bytes, None]:
    """The body, as long as it is not too large."""
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > MAX_UPLOAD_BYTES + _AROUND_BYTES:
            raise _too_large()
        yield chunk


def _too_large() -> HTTPException:
    return HTTPException(413, f"The photo is larger than {MAX_UPLOAD_BYTES >> 20} MiB.")


PhotoUploaded = Annotated[PhotoUpload, Depends(photo_upload)]

PHOTO_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {
                        "photo": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC if pi-heif is installed, "
                            "or a still GIF.",
                        },
                        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
                        "face": {"type": "string", "pattern": "^(all|largest|[0-9]{1,3})$", "default": "all"},
                    },
                }
            }
        },
    }
}
"""What OpenAPI says of such a form."""
