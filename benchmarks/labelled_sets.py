"""Labelled videos and photos, and how people that were found in them are scored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from naive import NaiveFaces, find_faces, video_frames

from facestream.quality.evaluation import Evaluation, evaluate_tables, truth_table
from facestream.quality.labels import LabelledFace, LabelTable
from stream.photo import PhotoFile


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Something to find people in, with who they are.

    Attributes:
        name: What it is called in the table.
        people: How many there are.
        photos: Whether it is photos, or videos.
        inputs: What `facestream run` is given.
        files: The photos or videos themselves.
        score: Compares faces that were found with the truth.
    """

    name: str
    people: int
    photos: bool
    inputs: tuple[Path, ...]
    files: tuple[Path, ...]
    score: Callable[[LabelTable], Evaluation]


@dataclass(frozen=True, slots=True)
class SetFaces:
    """Every face that the naive loop sees in a set.

    Attributes:
        rows: Which face each is, without a label.
        vectors: float32 (N, D), L2-normalised.
    """

    rows: tuple[LabelledFace, ...]
    vectors: npt.NDArray[np.float32]

    def table(self, labels: npt.NDArray[np.int64]) -> LabelTable:
        """The faces with the people they were given to."""
        rows = tuple(
            replace(row, label="" if label < 0 else str(label))
            for row, label in zip(self.rows, labels.tolist(), strict=True)
        )
        return LabelTable(Path("rival"), rows, keyed=True, boxed=True, framed=True)


def sets_in(folder: Path) -> Iterator[LabelledSet]:
    """Everything labelled below a folder of test data.

    `clips/NAME.mp4` with `clips/NAME.truth.csv` or `clips/NAME.csv`, the same in the folder itself;
    `clips/heads/`, a person in each file; `lfw/` with `lfw_halves.csv`, of which the half "report" counts.
    """
    for video, truth in labelled_clips(folder):
        yield _clip(video, truth)
    if (folder / "clips" / "heads").is_dir():
        yield _heads(folder / "clips" / "heads")
    if (folder / "lfw").is_dir():
        yield _portraits(folder / "lfw", folder / "lfw_halves.csv")


def labelled_clips(folder: Path) -> Iterator[tuple[Path, Path]]:
    """The clips among them, each with the file that says who is in it."""
    for place in (folder / "clips", folder):
        for video in sorted(place.glob("*.mp4")):
            for truth in (video.with_suffix(".truth.csv"), video.with_suffix(".csv")):
                if truth.is_file():
                    yield video, truth
                    break


def naive_faces(labelled: LabelledSet, models: str) -> SetFaces:
    """Detect and embed every face of a set."""
    if labelled.photos:
        never = threading.Event()
        frames = (
            replace(frame, index=number)
            for number, path in enumerate(labelled.files)
            for frame in PhotoFile(path, "naive").frames(never)
        )
        faces = find_faces(frames, models)
        keys = [str(labelled.files[number]) for number in faces.frames.tolist()]
        return SetFaces(tuple(_rows(replace(faces, frames=np.zeros_like(faces.frames)), keys)), faces.vectors)
    rows: list[LabelledFace] = []
    vectors: list[npt.NDArray[np.float32]] = []
    for path in labelled.files:
        faces = find_faces(video_frames(path), models)
        rows += _rows(faces, [str(path)] * len(faces.frames))
        vectors.append(faces.vectors)
    return SetFaces(tuple(rows), np.concatenate(vectors))


def _rows(faces: NaiveFaces, keys: list[str]) -> Iterator[LabelledFace]:
    for key, frame, box in zip(keys, faces.frames.tolist(), faces.boxes_xyxy.tolist(), strict=True):
        left, top, right, bottom = box
        yield LabelledFace("", key, frame, (left, top, right, bottom))


def _clip(video: Path, truth: Path) -> LabelledSet:
    table = truth_table(truth)
    people = len({row.label for row in table.rows} - {"ignore"})
    return LabelledSet(
        video.name, people, False, (video,), (video,), lambda found: evaluate_tables(table, found)
    )


def _portraits(root: Path, halves: Path) -> LabelledSet:
    table = truth_table(root, people=halves, half="report")
    people = len({row.label for row in table.rows})
    files = tuple(sorted(root.glob("*/*.jpg")))
    name = f"{root.name}, {len(table.rows):,} photos"
    return LabelledSet(name, people, True, (root,), files, lambda found: evaluate_tables(table, found))


def _heads(folder: Path) -> LabelledSet:
    files = tuple(sorted(folder.glob("*.mp4")))
    sampled = {str(path): [frame.index for frame in video_frames(path)] for path in files}

    def score(found: LabelTable) -> Evaluation:
        """Of each sampled frame the largest face is its person's."""
        largest: dict[tuple[str, int], LabelledFace] = {}
        for row in found.rows:
            at = (Path(row.key).name, row.frame)
            if at not in largest or _area(row) > _area(largest[at]):
                largest[at] = row
        true: list[LabelledFace] = []
        seen: list[LabelledFace] = []
        for path, frames in sampled.items():
            name = Path(path).name
            for frame in frames:
                true.append(LabelledFace(name))
                seen.append(LabelledFace(largest[name, frame].label if (name, frame) in largest else ""))
        return evaluate_tables(
            LabelTable(folder, tuple(true), keyed=False, boxed=False, framed=False),
            LabelTable(found.path, tuple(seen), keyed=False, boxed=False, framed=False),
        )

    return LabelledSet(f"{folder.name}, {len(files)} files", len(files), False, (folder,), files, score)


def _area(row: LabelledFace) -> float:
    assert row.box_xyxy is not None
    left, top, right, bottom = row.box_xyxy
    return (right - left) * (bottom - top)
