"""What a file of a pack begins with, where that shows that it is none."""

from __future__ import annotations

from pathlib import Path

_LOOKED_AT_BYTES = 512
_PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml")
_POINTER = b"version https://git-lfs"
# The opcode PROTO and a protocol that writes frames or not; an ONNX file begins with a field's tag.
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_ZIP = b"PK\x03\x04"


def strange_content(path: Path) -> str | None:
    """Why a file is neither a model nor a zip file, or None.

    Args:
        path: A file that is said to be one; its ending doesn't matter.
    """
    with path.open("rb") as file:
        begin = file.read(_LOOKED_AT_BYTES)
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not begin:
        return "is empty"
    if text.startswith(_PAGE):
        return "is a web page and not a model"
    if text.startswith(_POINTER):
        return "is a pointer of Git LFS and not the model itself"
    if begin.startswith(_PICKLES):
        return "is a pickle, which could run any program, and is never read"
    return None


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip file does."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP
