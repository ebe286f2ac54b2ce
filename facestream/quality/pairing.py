"""Which found face each true one is: by box and frame, by photo, or by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

import numpy as np

from facestream.errors import LabelError
from facestream.quality.file_matching import matching_files
from facestream.quality.labels import IGNORE, LabelledFace, LabelTable
from facestream.quality.photo_rows import photo_rows
from workers.tracking.boxes import iou_matrix

# A face that was found and a true one that overlap so much are one.
SAME_FACE_IOU = 0.3

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Pairing:
    """True faces beside what was found of each.

    Attributes:
        kind: What was paired: faces by their boxes, photos by their names, or rows by their order.
        truth: Label of each true face that counts.
        found: The person it was given to; None where it was not found, or given to nobody.
        junk: Found faces with a person that are no true face; faces alone can tell.
        elsewhere: Found rows about files that the truth does not mention.
    """

    kind: Literal["faces", "photos", "rows"]
    truth: list[str] = field(default_factory=list)
    found: list[str | None] = field(default_factory=list)
    junk: int = 0
    elsewhere: int = 0

    def add(self, label: str, found: LabelTable, row: int | None) -> None:
        """One more true face, and its row among the found ones."""
        if label == IGNORE:
            return
        self.truth.append(label)
        self.found.append(None if row is None else found.rows[row].label or None)


def pair(truth: LabelTable, found: LabelTable, every_frames: int = 6, reach_frames: int = 3) -> Pairing:
    """Find out which found face each true one is.

    Args:
        truth: Who is who. With boxes, faces are paired by overlap; with files alone, the face nearest to the
            middle of each photo counts; with neither, rows are paired by their order.
        found: What is to be judged.
        every_frames: Of a video, the first labelled frame in so many counts: neighbours are near copies.
        reach_frames: A true face is looked for in the nearest found frame, at most so far away.

    Raises:
        LabelError: If the two can't be brought together; says why.
    """
    _check_labels(truth)
    if truth.boxed:
        result = _pair_boxes(truth, found, every_frames, reach_frames)
    elif truth.keyed:
        result = _pair_photos(truth, found)
    else:
        result = _pair_rows(truth, found)
    if not result.truth:
        raise LabelError(
            f"{truth.path}: there is no face to judge: every label is {IGNORE!r}.", path=truth.path
        )
    return result


def _check_labels(truth: LabelTable) -> None:
    missing = [number for number, row in enumerate(truth.rows, 1) if not row.label]
    if missing:
        raise LabelError(
            f"{truth.path}: row {missing[0]} has no label ({len(missing)} of {len(truth.rows)} rows). Write "
            f"{IGNORE!r} for a face that is not to be judged.",
            path=truth.path,
        )


def _pair_rows(truth: LabelTable, found: LabelTable) -> Pairing:
    if found.keyed or found.boxed:
        raise LabelError(
            f"{truth.path} says neither which file nor which face its rows are about, as {found.path} does. "
            "Add a column source, file, path, photo, image or id.",
            path=truth.path,
        )
    if len(truth.rows) != len(found.rows):
        raise LabelError(
            f"{truth.path} has {len(truth.rows)} rows and {found.path} has {len(found.rows)}: rows without a "
            "column that names them are paired by their order, and there must be as many.",
            path=found.path,
        )
    result = Pairing("rows")
    for number, row in enumerate(truth.rows):
        result.add(row.label, found, number)
    return result


def _pair_photos(truth: LabelTable, found: LabelTable) -> Pairing:
    if not found.keyed:
        raise LabelError(
            f"{found.path} does not say which file its rows are about, as {truth.path} does. Add a column "
            "source, file, path, photo, image or id.",
            path=found.path,
        )
    rows, elsewhere = photo_rows(truth, found)
    result = Pairing("photos", elsewhere=elsewhere)
    for true, row in zip(truth.rows, rows, strict=True):
        result.add(true.label, found, row)
    return result


def _pair_boxes(truth: LabelTable, found: LabelTable, every_frames: int, reach_frames: int) -> Pairing:
    if not found.boxed or (truth.framed and not found.framed):
        raise LabelError(
            f"{found.path} lacks columns that {truth.path} has: frame, x1, y1, x2 and y2 say which face a "
            "row is about. `facestream export` writes them.",
            path=found.path,
        )
    result = Pairing("faces")
    file_of = _file_of_boxes(truth, found)
    true_rows, found_rows = _by_frame(enumerate(truth.rows)), _by_frame(())
    for number, row in enumerate(found.rows):
        key = file_of.get(row.key)
        if key is None:
            result.elsewhere += 1
        else:
            found_rows[key][row.frame].append(number)
    for key, frames in true_rows.items():
        first: dict[int, int] = {}
        for frame in sorted(frames):
            first.setdefault(frame // every_frames, frame)
        for frame in first.values():
            near = _nearest(found_rows[key], frame, reach_frames)
            _pair_frame(truth, frames[frame], found, near, result)
    return result


def _by_frame(rows: Iterable[tuple[int, LabelledFace]]) -> dict[str, dict[int, list[int]]]:
    """Numbers of rows by file and frame."""
    result: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, row in rows:
        result[row.key][row.frame].append(number)
    return result


def _nearest(frames: dict[int, list[int]], frame: int, reach: int) -> list[int]:
    """Rows of the nearest frame in reach; of two, the earlier."""
    for distance in range(reach + 1):
        for near in (frame - distance, frame + distance):
            if near in frames:
                return frames[near]
    return []


def _pair_frame(
    truth: LabelTable, true: Sequence[int], found: LabelTable, near: Sequence[int], result: Pairing
) -> None:
    """Pair the faces of one frame greedily, those that overlap most first."""
    of_true: dict[int, int] = {}
    if near:
        overlap = iou_matrix(
            np.array([truth.rows[k].box_xyxy for k in true], np.float32),
            np.array([found.rows[k].box_xyxy for k in near], np.float32),
        )
        used: set[int] = set()
        for flat in np.argsort(-overlap, axis=None, kind="stable").tolist():
            i, j = divmod(flat, len(near))
            if overlap[i, j] < SAME_FACE_IOU:
                break
            if i not in of_true and j not in used:
                used.add(j)
                of_true[i] = near[j]
        result.junk += sum(1 for j, k in enumerate(near) if j not in used and found.rows[k].label)
    for i, k in enumerate(true):
        result.add(truth.rows[k].label, found, of_true.get(i))


def _file_of_boxes(truth: LabelTable, found: LabelTable) -> dict[str, str]:
    """File in the truth of each file among the found ones."""
    if truth.keyed and found.keyed:
        return matching_files(truth, found)
    files = sorted({row.key for row in found.rows})
    if truth.keyed:
        named = sorted({row.key for row in truth.rows})
        if len(named) > 1:
            raise LabelError(
                f"{found.path} does not say which of {len(named)} files its rows are about. Add a "
                "column source.",
                path=found.path,
            )
        return {"": named[0]}
    if len(files) > 1:
        # clip.csv and clip.truth.csv are about clip.mp4.
        stem = truth.path.name.removesuffix(".csv").removesuffix(".truth")
        files = [file for file in files if PurePath(file).stem == stem]
        if len(files) != 1:
            raise LabelError(
                f"{truth.path} does not say which video it is about, and {found.path} knows several; "
                f"{len(files)} of them are called {stem!r}. Add a column source, or call the file after the "
                "video.",
                path=truth.path,
            )
    return {files[0]: ""}
