"""What commands print and write: tables, JSON, files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import click

from facestream.errors import FacestreamError, UsageError

# What is open already: a pipe without a path, or a file whose shell says where in it to go on.
_OPENED = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/[^/]+/fd/\d+")

# Characters that turn the direction of the text around them: a name or path could pose as another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shortened(text: str, places: int) -> str:
    """A text that takes so many characters at most."""
    return text if len(text) <= places else f"{text[: places - 1]}…"


def print_json(value: Any) -> None:
    """Print one JSON document to standard output."""
    import msgspec

    # Bytes of a path that are no text become escapes, which JSON has as well.
    document = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    # Ten times as fast as an indent given to `json`.
    click.echo(msgspec.json.format(document, indent=2).decode())


def printable(text: str) -> str:
    """The text on one line, with what could move the cursor or turn the direction of others escaped."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(_escaped(c) if _disturbs(c) else c for c in text)


def _disturbs(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _TURNING


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str] = frozenset()
) -> None:
    """Print a table as wide as it needs to be.

    Where it doesn't fit, the terminal wraps its lines, and a path can still be copied in one piece.

    Args:
        columns: Their names.
        rows: One text for each column.
        right: Columns that are aligned to the right.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(_places, cells)) for cells in zip(columns, *shown, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for name, cell, width in zip(columns, cells, widths, strict=True):
            # Wide characters take two places.
            places = width - _places(cell) + len(cell)
            padded.append(cell.rjust(places) if name in right else cell.ljust(places))
        return "  ".join(padded).rstrip()

    click.echo("\n".join([click.style(line(columns), bold=True), *map(line, shown)]))


def _places(text: str) -> int:
    """Places that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is deleted.

    Args:
        question: What will be gone.
        yes: Whether it was said already, with --yes.

    Raises:
        UsageError: If nobody is there to ask.
        click.exceptions.Exit: If the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nothing was done: nobody is there to ask. Say --yes.")
    if not click.confirm(question, err=True):
        click.echo("Nothing was done.", err=True)
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def written_file(path: Path, *, text: bool = True, picture: bool = False) -> Iterator[IO[Any]]:
    """A file that appears, private to its user, only when it is complete; devices and pipes are written to.

    Args:
        path: Where.
        text: Whether text is written, as UTF-8 with newlines as they come; else bytes.
        picture: Whether it is a picture, which may take the place of an older one.

    Raises:
        UsageError: If it would take the place of a photo or video.
        FacestreamError: If it can't be made or written.
    """
    path = _real_path(path)
    if not picture:
        refuse_loss(path)
    how: dict[str, Any] = {"encoding": "utf-8", "newline": ""} if text else {}
    opened = _is_opened(path)
    mode = "w" if text else "wb"
    try:
        if opened or (path.exists() and not path.is_file()):
            with path.open(mode.replace("w", "a") if opened else mode, **how) as file:
                yield file
            return
    except BrokenPipeError:
        # Its reader has left, as `head` does.
        raise
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".facestream-")
        part = Path(name)
        try:
            with os.fdopen(descriptor, mode, **how) as file:
                yield file
            part.chmod(0o600)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def check_writable(path: Path, *, picture_of: Sequence[Path] | None = None) -> None:
    """Refuse a file that can't be written, before work begins whose result would have no place.

    Args:
        path: Where.
        picture_of: For a picture, which may take the place of an older one: the files and folders that it is
            made of, in whose place it must not be.

    Raises:
        UsageError: If it would take the place of a photo or video.
        FacestreamError: If it can't be made there.
    """
    path = _real_path(path)
    if picture_of is None or any(path.is_relative_to(_real_path(source)) for source in picture_of):
        refuse_loss(path)
    try:
        if _is_opened(path) or (path.exists() and not path.is_file()):
            return
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


# Somebody who writes one of these means a file.
_ENDINGS = frozenset(
    {".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"}
    | {".ass", ".csv", ".htm", ".html", ".json", ".jsonl", ".mp3", ".ods", ".parquet", ".pdf", ".srt", ".sub"}
    | {".gz", ".jpeg", ".jpg", ".png", ".txt", ".vtt", ".wav", ".xlsx", ".zip"}
)


def refuse_file_name(folder: Path, what: str) -> None:
    """Refuse the name of a file where a folder is meant; one that is there may be called as it likes.

    Args:
        folder: What was given.
        what: What to do instead, as a sentence.

    Raises:
        UsageError: If it is one.
    """
    from facestream.errors import UsageError

    if folder.suffix.lower() in _ENDINGS and not folder.is_dir():
        raise UsageError(f"{folder}: {what}")


def refuse_dash(path: Path) -> None:
    """Refuse - where it is not standard output: nobody means a file or folder of that name.

    Raises:
        UsageError: If it is that.
    """
    if path == Path("-"):
        raise UsageError("this can't be written to standard output. Name a file or folder instead of -.")


def refuse_loss(path: Path) -> None:
    """Keep photos and videos from being replaced by something else; they may be the only ones.

    Raises:
        UsageError: If there is one.
    """
    from stream.discover import PHOTO_ENDINGS, VIDEO_ENDINGS

    if path.suffix.lower() in PHOTO_ENDINGS | VIDEO_ENDINGS and path.is_file():
        raise UsageError(
            f"{path}: is there already, a photo or video that would be lost. Choose another file."
        )


def _real_path(path: Path) -> Path:
    """Where it leads: a link stays what it is, and what it points to is replaced.

    Raises:
        FacestreamError: If it leads nowhere.
    """
    if _is_opened(path):
        return path
    try:
        path.stat()
    except OSError as error:
        # Python 3.13 resolves such a link to itself, and it would be replaced.
        if error.errno == errno.ELOOP:
            raise _unwritable(path, "the link leads back to itself") from error
    return path.resolve()


def _is_opened(path: Path) -> bool:
    return _OPENED.fullmatch(str(path)) is not None


def _unwritable(path: Path, reason: str) -> FacestreamError:
    return FacestreamError(f"{path}: can't be written ({reason}). Choose another file.")
