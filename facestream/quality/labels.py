"""Who is who, as people write it down: in a CSV file, as folders of photos, or as names of files."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facestream.errors import FacestreamError, LabelError, UsageError
from stream.discover import discover

LabelsFrom = Literal["auto", "folders", "names"]

# Columns that may say whose a face is: what was found, or what is known.
FOUND_COLUMNS = ("identity", "cluster", "label", "name", "person")
TRUTH_COLUMNS = ("label", "name", "person", "identity", "cluster")
_KEY_COLUMNS = ("source", "file", "path", "photo", "image", "id")
_BOX_COLUMNS = ("x1", "y1", "x2", "y2")
# A true face with this label is neither right nor wrong.
IGNORE = "ignore"

_NUMBERED = re.compile(r"(.*[^\W\d_].*?)[ _.-]*\(?[0-9]+\)?", re.DOTALL)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """A row that says whose a face is.

    Attributes:
        label: Whose; empty for a face that was given to nobody.
        key: Its file or another name for it; empty where the rows have none.
        frame: Frame of a video, or 0.
        box_xyxy: Where, px, or None where the rows don't say.
        photo: The file itself, where it lies in a folder that was given.
    """

    label: str
    key: str = ""
    frame: int = 0
    box_xyxy: Box | None = None
    photo: Path | None = None


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Rows of labels.

    Attributes:
        path: Where they come from.
        rows: In the order of the file.
        keyed: Whether rows say which file they are about.
        boxed: Whether rows say where in the picture their face is.
        framed: Whether rows say which frame of a video they are about.
    """

    path: Path
    rows: tuple[LabelledFace, ...]
    keyed: bool
    boxed: bool
    framed: bool


def labelled_photos(folder: Path, labels_from: LabelsFrom = "auto") -> dict[Path, str]:
    """The photos below a folder and who is on each.

    Args:
        folder: `NAME/*.jpg` in it, or `NAME_0001.jpg`.
        labels_from: Whether the folder of a photo is its label, or its name without the number at the end;
            "auto" goes by whether the photos lie in folders of their own. Of folders inside folders, the
            first below `folder` is the label, as for `people enroll`.

    Returns:
        Label of each photo, in the order of the folder; also of those of phones that can't be read here.

    Raises:
        StreamError: If the folder can't be read, or holds no photo.
        LabelError: If the labels can't be told.
    """
    found = discover([folder])
    if found.failed:
        raise found.failed[0][1]
    photos = (*found.photos, *found.heic)
    if not photos:
        raise LabelError(f"{str(folder)!r} holds no photos, only videos.", path=folder)
    own = [path for path in photos if path.parent != folder]
    if labels_from == "auto":
        if own and len(own) < len(photos):
            loose = next(path for path in photos if path.parent == folder)
            raise LabelError(
                f"{str(folder)!r}: some photos lie in folders of their own and others, such as "
                f"{loose.name!r}, do not. Say whether folders or file names are the labels: "
                "--labels-from folders|names.",
                path=folder,
            )
        labels_from = "folders" if own else "names"
    if labels_from == "folders":
        return {path: one_spelling(_folder_below(folder, path)) for path in photos}
    return {path: one_spelling(name_in(path.stem)) for path in photos}


def _folder_below(folder: Path, path: Path) -> str:
    """The first folder below one on the way to a file; the name of that one where the file lies in itself."""
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else path.parent.name


def one_spelling(label: str) -> str:
    """A text as it is compared: é may be one character or, as macOS writes it, two."""
    return unicodedata.normalize("NFC", label)


def name_in(stem: str) -> str:
    """`NAME` of `NAME_0001`, `NAME-2`, `NAME (3)` or `NAME`."""
    match = _NUMBERED.fullmatch(stem)
    return match[1] if match else stem


def people_asked_for(only: Path | None, half: str | None) -> set[str] | None:
    """The names that count, see `chosen_people`; None for everybody.

    Raises:
        UsageError: If a part of no file is asked for.
        LabelError: As `chosen_people`.
    """
    if only is None:
        if half is not None:
            raise UsageError("--half says which part of --only FILE is meant; say that as well.")
        return None
    return chosen_people(only, half)


def chosen_people(path: Path, half: str | None) -> set[str]:
    """The names that a CSV file lists, or those of one part of it.

    Args:
        path: With a column `name`, and `half` where one is asked for.
        half: The part, such as "calibrate"; None for all.

    Raises:
        LabelError: If the file can't be read, or has no such column or part.
    """
    rows = list(read_csv(path, ("name",) if half is None else ("name", "half")))
    if half is None:
        return {one_spelling(row["name"]) for _, row in rows}
    names = {one_spelling(row["name"]) for _, row in rows if row["half"] == half}
    if not names:
        halves = ", ".join(sorted({row["half"] for _, row in rows})) or "none"
        raise LabelError(f"{path}: no half {half!r}; there are: {halves}.", path=path)
    return names


def read_label_table(path: Path, columns: tuple[str, ...]) -> LabelTable:
    """Read labels from a CSV file.

    Args:
        path: The file; its first line names the columns.
        columns: Columns that may hold the label; the first that is there does.

    Raises:
        LabelError: If it can't be read, or if columns or values are missing or wrong; names the line.
    """
    rows: list[LabelledFace] = []
    header: list[str] = []
    label_column = ""
    key_column: str | None = None
    boxed = framed = False
    for line, row in read_csv(path, ()):
        if not header:
            header = list(row)
            label_column = next((name for name in columns if name in row), "")
            if not label_column:
                raise LabelError(
                    f"{path}: no column says whose a face is: there are {', '.join(header)}; one of "
                    f"{', '.join(columns)} is needed.",
                    path=path,
                )
            key_column = next((name for name in _KEY_COLUMNS if name in row and name != label_column), None)
            sides = [name for name in _BOX_COLUMNS if name in row]
            if 0 < len(sides) < len(_BOX_COLUMNS):
                raise LabelError(
                    f"{path}: of the box only {', '.join(sides)} are there; x1, y1, x2 and y2 are needed.",
                    path=path,
                )
            boxed, framed = bool(sides), "frame" in row
        rows.append(
            LabelledFace(
                label=one_spelling(row[label_column]),
                key=row[key_column] if key_column else "",
                frame=_whole(path, line, "frame", row["frame"]) if framed else 0,
                box_xyxy=_box(path, line, row) if boxed else None,
            )
        )
    if not rows:
        raise LabelError(f"{path}: holds no rows.", path=path)
    return LabelTable(path, tuple(rows), key_column is not None, boxed, framed)


def read_csv(
    path: Path, needed: tuple[str, ...], errors: str = "strict", as_it_is: str = ""
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Rows of a CSV file with their line numbers; values are stripped.

    Args:
        path: The file.
        needed: Columns that must be there.
        errors: What becomes of bytes that are not UTF-8, see `codecs`.
        as_it_is: A column whose values keep the blanks around them.

    Raises:
        LabelError: If it can't be read, lacks a column, or has a row of another length.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors=errors) as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise LabelError(f"{path}: is empty.", path=path)
            twice = [name for name, count in Counter(header).items() if count > 1]
            if twice:
                raise LabelError(f"{path}: the column {twice[0]!r} is there twice.", path=path)
            missing = [name for name in needed if name not in header]
            if missing:
                raise LabelError(
                    f"{path}: no column {', '.join(missing)}; there are {', '.join(header)}.", path=path
                )
            empty_line = 0
            for values in reader:
                if not values:
                    empty_line = empty_line or reader.line_num
                    continue
                if empty_line and len(header) == 1:
                    raise LabelError(
                        f'{path}, line {empty_line}: is empty. Write "" for a row without a value, and take '
                        "the line out where there is no row.",
                        path=path,
                    )
                if len(values) != len(header):
                    raise LabelError(
                        f"{path}, line {reader.line_num}: {len(values)} values for {len(header)} columns.",
                        path=path,
                    )
                yield (
                    reader.line_num,
                    {
                        name: value if name == as_it_is else value.strip()
                        for name, value in zip(header, values, strict=True)
                    },
                )
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not a CSV file in UTF-8: {error.reason}.", path=path) from error
    except csv.Error as error:
        raise LabelError(f"{path}: not a CSV file: {error}.", path=path) from error
    except OSError as error:
        raise FacestreamError(f"{path}: can't be read ({error.strerror}).") from error


def _whole(path: Path, line: int, column: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise LabelError(
            f"{path}, line {line}: {column} is {text!r}, not a whole number.", path=path
        ) from error


def _box(path: Path, line: int, row: Mapping[str, str]) -> Box:
    try:
        x1, y1, x2, y2 = (float(row[name]) for name in _BOX_COLUMNS)
    except ValueError as error:
        raise LabelError(f"{path}, line {line}: x1, y1, x2, y2 must be numbers.", path=path) from error
    if not all(map(math.isfinite, (x1, y1, x2, y2))) or x2 <= x1 or y2 <= y1:
        raise LabelError(
            f"{path}, line {line}: {x1:g},{y1:g} to {x2:g},{y2:g} is no box: x1 < x2 and y1 < y2 are needed.",
            path=path,
        )
    return x1, y1, x2, y2
