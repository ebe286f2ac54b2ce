"""The tracks of labelled clips: made as `facestream run` makes them, named by the true faces they cover."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from facestream.client import open_store
from facestream.clusters.face_set import FaceSet, tracks_of_collection
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError, LabelError
from facestream.quality.labels import IGNORE, TRUTH_COLUMNS, LabelledFace, LabelTable, read_label_table
from facestream.quality.pairing import SAME_FACE_IOU
from facestream.recorded.run import Run
from facestream.recorded.run_report import RunListener, RunOptions
from facestream.wiring import find_parts, open_handle
from storage.temporary_folder import temporary_folder
from workers.tracking.boxes import iou_matrix

if TYPE_CHECKING:
    from workers.models.pack import Pack

# One common frame may be a detector's double sight.
_COMMON_FRAMES = 2


@dataclass(frozen=True, slots=True, eq=False)
class LabelledTracks:
    """The tracks of clips and whose they are.

    Attributes:
        faces: One item for each track of somebody known.
        names: Whose each is.
        clips: Which clip each is of, by its place in `paths`.
        paths: The clips.
        mixed: Tracks that lie on more than one person; each is taken for that of most of its faces.
        unknown: Tracks left out because they lie on no true face, or on one to be ignored.
    """

    faces: FaceSet
    names: tuple[str, ...]
    clips: tuple[int, ...]
    paths: tuple[Path, ...]
    mixed: int
    unknown: int

    def together(self) -> list[tuple[int, int]]:
        """Pairs of tracks of two people that share several frames of a clip."""
        common: Counter[tuple[int, int]] = Counter()
        here: dict[tuple[int, int], list[int]] = defaultdict(list)
        for item, faces in enumerate(self.faces.faces):
            for face in faces:
                # A face that is out of sight proves nothing.
                if face.score > 0:
                    here[self.clips[item], face.frame].append(item)
        for items in here.values():
            common.update(combinations(items, 2))
        return sorted(
            (a, b)
            for (a, b), frames in common.items()
            if frames >= _COMMON_FRAMES and self.names[a] != self.names[b]
        )


def truth_beside(clip: Path) -> Path:
    """The file that says who is in a clip: of the same name, with the ending .csv or .truth.csv.

    Raises:
        LabelError: If there is none.
    """
    for ending in (".truth.csv", ".csv"):
        path = clip.with_suffix(ending)
        if path.is_file():
            return path
    raise LabelError(
        f"{clip}: nobody says who is in it. Put {clip.stem}.csv beside it, with the columns frame, x1, y1, "
        "x2, y2 and label.",
        path=clip,
    )


def read_truth(clip: Path) -> LabelTable:
    """Who is in a clip, where and when.

    Raises:
        LabelError: If that can't be read, or has no boxes or frames.
    """
    table = read_label_table(truth_beside(clip), TRUTH_COLUMNS)
    if not (table.boxed and table.framed):
        raise LabelError(
            f"{table.path}: the columns frame, x1, y1, x2 and y2 are needed to tell whose the tracks are.",
            path=table.path,
        )
    return table


def labelled_tracks(
    clips: Sequence[Path],
    truths: Sequence[LabelTable],
    pack: Pack,
    models: str,
    listener: RunListener,
    stop: threading.Event,
) -> LabelledTracks:
    """Process clips in a temporary data folder, and name their tracks.

    Args:
        clips: The files.
        truths: Who is in each.
        pack: The models.
        models: Their name or folder.
        listener: Is told how it gets on.
        stop: Ends it early, with nothing named.

    Raises:
        FacestreamError: If a clip can't be read.
        StorageError: If no server can be started.
        WorkerError: If a worker fails.
    """
    # Held throughout, so that the server is started once.
    with temporary_folder() as folder, open_handle(Place(folder.path)):
        place = Place(folder.path)
        # A pack that was pulled lies in the user's data folder, and not in this one.
        options = RunOptions(paths=tuple(clips), pack=find_parts(models).address, device=str(pack.device))
        report = Run(place, options, listener).execute(stop)
        if report.failed:
            raise FacestreamError(report.failed[0][1])
        if stop.is_set():
            raise KeyboardInterrupt
        with open_store(place) as store:
            found = tracks_of_collection(store, pack.manifest.model_id, pack.manifest.embedder.dimension)
    return _named(found, clips, truths)


def _named(found: FaceSet, clips: Sequence[Path], truths: Sequence[LabelTable]) -> LabelledTracks:
    number = {clip.resolve(): k for k, clip in enumerate(clips)}
    true_faces = [faces_by_frame(truth) for truth in truths]
    kept: list[int] = []
    names: list[str] = []
    clip_of: list[int] = []
    mixed = 0
    for k, faces in enumerate(found.faces):
        clip = number[Path(faces[0].source).resolve()]
        votes = votes_of([(face.frame, face.box_xyxy) for face in faces], true_faces[clip])
        name = votes.most_common(1)[0][0] if votes else IGNORE
        if name == IGNORE:
            continue
        mixed += len(votes) > 1
        kept.append(k)
        names.append(name)
        clip_of.append(clip)
    faces_kept = FaceSet(
        tuple(found.faces[k] for k in kept),
        found.vectors[kept],
        found.sizes_px[kept],
        tuple(found.pictures[k] for k in kept),
    )
    unknown = len(found) - len(kept)
    return LabelledTracks(faces_kept, tuple(names), tuple(clip_of), tuple(clips), mixed, unknown)


def faces_by_frame(truth: LabelTable) -> dict[int, list[LabelledFace]]:
    """The true faces of each frame."""
    rows: dict[int, list[LabelledFace]] = defaultdict(list)
    for row in truth.rows:
        rows[row.frame].append(row)
    return rows


def votes_of(
    faces: Iterable[tuple[int, npt.ArrayLike]], true_faces: Mapping[int, Sequence[LabelledFace]]
) -> Counter[str]:
    """How many faces of a track lie on a true face of whom, in the frames of which the truth is known.

    Args:
        faces: Frame of each, and its box (4,), px.
        true_faces: Those of each frame.
    """
    votes: Counter[str] = Counter()
    for frame, box_xyxy in faces:
        rows = [row for row in true_faces.get(frame, ()) if row.box_xyxy is not None]
        if rows:
            there = np.array([row.box_xyxy for row in rows], np.float32)
            overlaps = iou_matrix(np.array([box_xyxy], np.float32), there)[0]
            if overlaps.max() >= SAME_FACE_IOU:
                votes[rows[int(overlaps.argmax())].label] += 1
    return votes
