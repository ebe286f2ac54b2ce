"""The files of a backfill: those below folders, or those that a list names."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from facestream.errors import FacestreamError, LabelError, UsageError
from facestream.parsing import Moment
from facestream.quality.labels import read_csv
from stream.discover import discover

Dated = tuple[Path, float | None]
"""A file, and the unix time at which it begins, where somebody said so."""

LISTS = (".csv", ".txt", ".list")
"""Endings of lists of files."""


def files_of(paths: Sequence[Path]) -> tuple[list[Dated], list[Dated], list[tuple[Path, str]]]:
    """Videos, photos, and what is of no use with the reason.

    Args:
        paths: Files, folders of them, and lists: CSV with a column `path` and perhaps `recorded_at`, or text
            with a path on each line. Paths in lists count from the folder of the list.

    Raises:
        LabelError: If a list can't be read.
        UsageError: If a line of one names no file, or a date that is none, of a folder, or of a file that has
            another one.
        FacestreamError: If there is nothing to process.
    """
    named: list[Path] = []
    # By the file itself: it may be found under another name than that of its date.
    dates: dict[str, float] = {}
    for path in paths:
        if path.suffix.lower() in LISTS and path.is_file():
            for listed, at_s in _csv(path) if path.suffix.lower() == ".csv" else _text(path):
                named.append(listed)
                if at_s is not None and dates.setdefault(os.path.realpath(listed), at_s) != at_s:
                    raise UsageError(f"{path}: {str(listed)!r} has two dates. Keep one of them.")
        else:
            named.append(path)
    found = discover(tuple(named))
    failed = [(path, str(error)) for path, error in found.failed]
    if failed and not (found.videos or found.photos):
        raise FacestreamError("\n".join(text for _, text in failed))

    def dated(paths: Sequence[Path]) -> list[Dated]:
        return [(path, dates.get(os.path.realpath(path)) if dates else None) for path in paths]

    return dated(found.videos), dated(found.photos), failed


def _csv(table: Path) -> Iterator[Dated]:
    for line, row in _rows(table):
        if not any(row.values()):
            # As spreadsheets leave them at the end.
            continue
        date = row.get("recorded_at", "")
        if not row["path"].strip():
            raise UsageError(f"{table}, line {line}: names no file.")
        path = _named(table, row["path"])
        try:
            at_s = Moment().convert(date, None, None) if date else None
        except click.BadParameter as error:
            raise UsageError(f"{table}, line {line}: {error.message}.") from error
        if at_s is not None and path.is_dir():
            raise UsageError(
                f"{table}, line {line}: {row['path']!r} is a folder, and a date is of one file. Name its "
                "files, or take their dates from their names: --dated-names."
            )
        yield path, at_s


def _rows(table: Path) -> list[tuple[int, Mapping[str, str]]]:
    try:
        return list(read_csv(table, ("path",), as_it_is="path"))
    except LabelError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        # As `backfill --errors` writes them, names that are no UTF-8 are the bytes that they are.
        rows = list(read_csv(table, ("path",), errors="surrogateescape", as_it_is="path"))
        if all(_is_there(_named(table, row["path"])) for _, row in rows if not _is_utf8(row["path"])):
            return rows
        raise


def _named(table: Path, written: str) -> Path:
    """The file that a list names: blanks around a name are its own where there is such a file."""
    path = table.parent / written
    return path if _is_there(path) else table.parent / written.strip()


def _is_there(path: Path) -> bool:
    # Not pathlib's, which raises for what is too long for a name.
    return os.path.exists(path)  # noqa: PTH110


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in text)


def _text(table: Path) -> Iterator[Dated]:
    try:
        raw = table.read_bytes()
    except OSError as error:
        raise FacestreamError(f"{table}: can't be read ({error.strerror}).") from error
    for number, line in enumerate(raw.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        # Names that are no UTF-8 are the bytes that they are, as `find` prints them.
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        path = _named(table, text)
        if not _is_utf8(text) and not _is_there(path):
            raise UsageError(f"{table}, line {number}: not text in UTF-8, and no name of a file.")
        # A file may be called as a remark is written.
        if text.strip() and (not text.strip().startswith("#") or _is_there(path)):
            yield path, None
