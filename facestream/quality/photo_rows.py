"""Which row of a table is about the labelled face of each photo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facestream.errors import LabelError
from facestream.quality.file_matching import file_matching, matching_files
from facestream.quality.labels import IGNORE, LabelledFace, LabelTable
from facestream.quality.photo_contents import photo_contents
from facestream.search.search import read_photo
from stream.errors import StreamError
from workers.tracking.boxes import centres, sides


def photo_rows(truth: LabelTable, found: LabelTable) -> tuple[list[int | None], int]:
    """Find the row about the labelled face of each photo: the one nearest to its middle.

    Photos of two folders are the same where they hold the same; others by their paths and names. A copy of a
    photo goes by what became of the other, unless the table has it as well.

    Args:
        truth: Who is who, a row for each photo.
        found: What is to be judged; it says which files its rows are about.

    Returns:
        For each row of the truth that of the found ones, or None; and how many rows are about other files.

    Raises:
        LabelError: If one photo is labelled twice, or nothing tells which row is meant.
    """
    _check_rows(truth)
    folders = all(row.photo for row in (*truth.rows, *found.rows))
    contents = photo_contents(_photo(row) for row in (*truth.rows, *(found.rows if folders else ())))
    content_of = {row.key: contents[_photo(row)] for row in truth.rows if _photo(row) in contents}
    _check_copies(truth, content_of)
    rows_of = _rows_by_content(content_of, found, contents) if folders else {}
    rows_of = rows_of | _rows_left(truth, found, rows_of) if rows_of else _rows_by_name(truth, found)
    # `run` knows one of the photos that hold the very same.
    rows_of_content = {content_of[key]: rows for key, rows in rows_of.items() if key in content_of}
    known = {row for rows in rows_of.values() for row in rows}
    rows: list[int | None] = []
    for true in truth.rows:
        about = rows_of.get(true.key) or rows_of_content.get(content_of.get(true.key, ""), [])
        rows.append(_labelled_row(true.key, found, about))
    return rows, len(found.rows) - len(known)


def _check_rows(truth: LabelTable) -> None:
    key, count = Counter(row.key for row in truth.rows).most_common(1)[0]
    if count > 1:
        raise LabelError(
            f"{truth.path}: {key!r} is there {count} times, and without boxes nothing tells which of its "
            "faces each label is about. Add columns x1, y1, x2 and y2, or keep one row.",
            path=truth.path,
        )


def _check_copies(truth: LabelTable, content_of: Mapping[str, str]) -> None:
    """Refuse one photo of two people: of both, the same face would count."""
    first: dict[str, LabelledFace] = {}
    for row in truth.rows:
        if row.label == IGNORE:
            continue
        # Of a photo that can't be read nobody knows the content.
        other = first.setdefault(content_of.get(row.key, row.key), row)
        if other.label != row.label:
            raise LabelError(
                f"{truth.path}: {other.key!r} and {row.key!r} are copies of one photo, labelled "
                f"{other.label!r} and {row.label!r}. Only the face nearest to its middle counts: keep the "
                "copy whose label is the name of that face.",
                path=truth.path,
            )


def _photo(row: LabelledFace) -> Path:
    return row.photo or Path(row.key)


def _rows_by_content(
    content_of: Mapping[str, str], found: LabelTable, contents: Mapping[Path, str]
) -> dict[str, list[int]]:
    """Rows about each photo of the truth, by what the photos hold: their names may be there several times."""
    rows_of_content: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(found.rows):
        if _photo(row) in contents:
            rows_of_content[contents[_photo(row)]].append(number)
    return {
        key: rows_of_content[content] for key, content in content_of.items() if content in rows_of_content
    }


def _rows_left(
    truth: LabelTable, found: LabelTable, rows_of: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Rows about those photos of the truth of which nobody has the very same: they were saved again, say."""
    known = {row for rows in rows_of.values() for row in rows}
    left = {number: row for number, row in enumerate(found.rows) if number not in known}
    true = tuple(row for row in truth.rows if row.key not in rows_of)
    if not left or not true:
        return {}
    file_of = file_matching(replace(truth, rows=true), replace(found, rows=tuple(left.values()))).file_of
    return _rows_of_files(left, file_of)


def _rows_by_name(truth: LabelTable, found: LabelTable) -> dict[str, list[int]]:
    """Rows about each photo of the truth, by paths and names."""
    return _rows_of_files(dict(enumerate(found.rows)), matching_files(truth, found))


def _rows_of_files(rows: Mapping[int, LabelledFace], file_of: Mapping[str, str]) -> dict[str, list[int]]:
    """Numbers of rows by the photo of the truth that each is about."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for number, row in rows.items():
        if row.key in file_of:
            rows_of[file_of[row.key]].append(number)
    return rows_of


def _labelled_row(key: str, found: LabelTable, rows: Sequence[int]) -> int | None:
    """The row about the labelled face of a photo; None where there is none."""
    if len(rows) > 1 and found.boxed:
        return _central(key, found, rows)
    if len({found.rows[row].label for row in rows}) > 1:
        if photos := [repr(str(photo)) for row in rows if (photo := found.rows[row].photo)]:
            raise LabelError(
                f"{found.path}: {' and '.join(photos)} are one photo, and nothing tells which of its faces "
                f"is the labelled one of {key!r}. Keep one of them, or give the table that `facestream "
                "cluster` writes: it says where each face is.",
                path=found.path,
            )
        raise LabelError(
            f"{found.path}: {key!r} is there {len(rows)} times, and without boxes nothing tells which of the "
            "faces is the labelled one. Add columns x1, y1, x2 and y2.",
            path=found.path,
        )
    return rows[0] if rows else None


def _central(key: str, found: LabelTable, rows: Sequence[int]) -> int:
    """The face nearest to the middle of a photo, or the largest where the photo can't be read."""
    boxes = np.array([found.rows[row].box_xyxy for row in rows], np.float32)
    middle = _photo_middle(Path(key)) or _photo_middle(Path(found.rows[rows[0]].key))
    if middle is None:
        return rows[int(sides(boxes).argmax())]
    return rows[int(np.linalg.norm(centres(boxes) - middle, axis=1).argmin())]


def _photo_middle(path: Path) -> tuple[float, float] | None:
    """Middle of a photo as it is shown, px; None where it can't be read."""
    try:
        height, width = read_photo(path).image_bgr.shape[:2]
    except StreamError:
        return None
    return width / 2, height / 2
