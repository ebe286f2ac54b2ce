"""The files of a backfill: those below folders, or those that a list names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from facestream.errors import FacestreamError, UsageError
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
        UsageError: If a date in one is none.
        FacestreamError: If there is nothing to process.
    """
    named: dict[Path, float | None] = {}
    for path in paths:
        if path.suffix.lower() in LISTS and path.is_file():
            named |= _csv(path) if path.suffix.lower() == ".csv" else _text(path)
        else:
            named[path] = None
    found = discover(tuple(named))
    failed = [(path, str(error)) for path, error in found.failed]
    if failed and not (found.videos or found.photos):
        raise FacestreamError("\n".join(text for _, text in failed))
    return (
        [(path, named.get(path)) for path in found.videos],
        [(path, named.get(path)) for path in found.photos],
        failed,
    )


def _csv(table: Path) -> dict[Path, float | None]:
    found: dict[Path, float | None] = {}
    for line, row in read_csv(table, ("path",)):
        date = row.get("recorded_at", "")
        try:
            at_s = Moment().convert(date, None, None) if date else None
        except click.BadParameter as error:
            raise UsageError(f"{table}, line {line}: {error.message}.") from error
        found[table.parent / row["path"]] = at_s
    return found


def _text(table: Path) -> dict[Path, float | None]:
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{table}: not text in UTF-8: {error.reason}.") from error
    except OSError as error:
        raise FacestreamError(f"{table}: can't be read ({error.strerror}).") from error
    named = (line.strip() for line in lines)
    return {table.parent / line: None for line in named if line and not line.startswith("#")}
