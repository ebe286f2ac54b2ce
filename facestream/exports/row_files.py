"""Rows as files: CSV, JSON and JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

# What spreadsheets take for the beginning of a formula, which they would run.
_RUN = frozenset("=+-@\t\r")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    """Write rows under the names of their columns; returns how many.

    Truth is 1 or 0, and None is empty. A text that a spreadsheet would run as a formula, which may come from
    whoever gave a name, has an apostrophe before it.

    Args:
        columns: Their names, in order.
        rows: A value for each column.
        file: Where to.
    """
    writer = csv.writer(_Lines(file), lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counts what was written
        writer.writerow([_cell(row[column]) for column in columns])
    return count


def write_json(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    """Write one array of all rows; arguments and result as those of `write_csv`."""
    file.write("[")
    count = 0
    for row in rows:
        file.write(("," if count else "") + "\n" + _object(columns, row))
        count += 1
    file.write("\n]\n")
    return count


def write_jsonl(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    """Write an object for each row, one a line; arguments and result as those of `write_csv`."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counts what was written
        file.write(_object(columns, row) + "\n")
    return count


class _Lines:
    """Ends lines without a return; `csv` quotes a text that has one only where returns end lines."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: str) -> int:
        """Write a line that ends with a return."""
        return self._file.write(f"{line[:-2]}\n")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _RUN else value
    return int(value) if isinstance(value, bool) else value


def _object(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    return json.dumps({column: row[column] for column in columns}, ensure_ascii=False)
