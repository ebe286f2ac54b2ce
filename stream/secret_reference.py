"""Secrets that stand elsewhere: ``{env:NAME}`` and ``{file:/absolute/path}`` in the URL of a camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from stream.errors import CameraUrlError

_REFERENCE = re.compile(r"\{(env|file):([^{}]*)\}")
_NAMES = {"env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "file": re.compile(r"/[^\x00-\x1f\x7f]+")}
# Private characters of Unicode, which no URL holds, stand for the references while the URL is taken apart:
# the path in one may hold any character.
_FIRST_MARK = 0xE000


class MalformedReferenceError(ValueError):
    """A reference names no variable or no absolute path; without the text, which may be a password."""


def without_references(text: str) -> tuple[str, list[str]]:
    """Take the references out.

    Returns:
        The text with a private character for each, and the references.

    Raises:
        MalformedReferenceError: If one names nothing that could exist.
    """
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if not _NAMES[match[1]].fullmatch(match[2]):
            raise MalformedReferenceError
        found.append(match[0])
        return chr(_FIRST_MARK + len(found) - 1)

    return _REFERENCE.sub(mark, text), found


def with_references(text: str, references: list[str]) -> str:
    """Put what `without_references` took out back into a text that was percent-encoded meanwhile."""
    for number, reference in enumerate(references):
        text = text.replace(quote(chr(_FIRST_MARK + number)), reference)
    return text


def references_in(text: str) -> tuple[str, ...]:
    """The references of a text, such as ``env:CAMERA_PASSWORD``."""
    return tuple(f"{kind}:{name}" for kind, name in _REFERENCE.findall(text))


def with_values(text: str, environ: Mapping[str, str], read_file: Callable[[str], str]) -> str:
    """Put the values in, percent-encoded.

    Raises:
        CameraUrlError: If a variable isn't set, or a file can't be read, is empty or has several lines.
    """

    def value(match: re.Match[str]) -> str:
        found = _variable(match[2], environ) if match[1] == "env" else _line_of(match[2], read_file)
        return quote(found, safe="", errors="surrogateescape")

    return _REFERENCE.sub(value, text)


def _variable(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value:
        raise CameraUrlError(
            f"The camera's URL refers to the environment variable {name}, which is not set here. Set it "
            "where facestream runs, or write the URL anew."
        )
    return value


def _line_of(path: str, read_file: Callable[[str], str]) -> str:
    file = f"The camera's URL refers to the file {path}, which"
    try:
        text = read_file(path)
    except OSError as error:
        raise CameraUrlError(f"{file} can't be read: {error.strerror or 'no reason given'}.") from error
    except UnicodeError:
        # The error carries the file's content.
        raise CameraUrlError(f"{file} is no text in UTF-8.") from None
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line:
        wrong = "has several lines" if line else "is empty"
        raise CameraUrlError(f"{file} {wrong}; one line with the secret alone belongs there.")
    return line
