"""Faces as rows: CSV, JSON and JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facestream.person import Face

COLUMNS = ("source", "frame", "time_s", "x1", "y1", "x2", "y2", "score", "track", "identity", "provisional")


def row(face: Face) -> dict[str, Any]:
    """A face as a row."""
    x1, y1, x2, y2 = (round(value, 2) for value in face.box_xyxy)
    return {
        "source": face.source,
        "frame": face.frame,
        "time_s": round(face.time_s, 3),
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "score": round(face.score, 4),
        "track": face.track,
        "identity": face.identity,
        "provisional": face.provisional,
    }


def csv_row(face: Face) -> dict[str, Any]:
    """The same for CSV, where truth is 1 or 0."""
    return row(face) | {"provisional": int(face.provisional)}


def write_csv(faces: Iterable[Face], names: Mapping[str, str], file: IO[str]) -> int:
    """Write a row for each face, under the names of the columns; returns how many.

    Args:
        faces: The faces.
        names: Of people who have one, by id; a column more than of faces alone.
        file: Where to.
    """
    writer = csv.DictWriter(file, (*COLUMNS, "name"), lineterminator="\n")
    writer.writeheader()
    count = 0
    for count, face in enumerate(faces, 1):  # noqa: B007 - counts what was written
        writer.writerow(csv_row(face) | {"name": names.get(face.identity, "")})
    return count


def write_json(faces: Iterable[Face], names: Mapping[str, str], file: IO[str]) -> int:
    """Write one array of all faces; arguments and result as those of `write_csv`."""
    file.write("[")
    count = 0
    for face in faces:
        file.write(("," if count else "") + "\n" + _object(face, names))
        count += 1
    file.write("\n]\n")
    return count


def write_jsonl(faces: Iterable[Face], names: Mapping[str, str], file: IO[str]) -> int:
    """Write an object for each face, one a line; arguments and result as those of `write_csv`."""
    count = 0
    for count, face in enumerate(faces, 1):  # noqa: B007 - counts what was written
        file.write(_object(face, names) + "\n")
    return count


def _object(face: Face, names: Mapping[str, str]) -> str:
    return json.dumps(row(face) | {"name": names.get(face.identity, "")}, ensure_ascii=False)
