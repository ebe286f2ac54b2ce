"""How good the people are that were found: compared with labels, and by themselves."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from facestream.errors import LabelError, UsageError
from facestream.people.person import Face
from facestream.quality.labels import (
    FOUND_COLUMNS,
    TRUTH_COLUMNS,
    LabelledFace,
    LabelsFrom,
    LabelTable,
    labelled_photos,
    people_asked_for,
    read_label_table,
)
from facestream.quality.pairing import Pairing, pair
from workers.clustering.metrics import (
    Agreement,
    Unassigned,
    agreement,
    davies_bouldin,
    dunn,
    silhouette,
    with_unassigned,
)

# A folder of this name holds the photos of nobody.
NOBODY = "nobody"

Points = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Separation:
    """How well the clusters are separated; None where a measure has no meaning, see `workers.clustering`."""

    silhouette: float | None
    davies_bouldin: float | None
    dunn: float | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A person in several clusters, or a cluster of several people.

    Attributes:
        who: The person's label, or the cluster.
        faces: How many faces that is about.
        parts: Faces in each cluster, or of each person, the most first.
    """

    who: str
    faces: int
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the comparison of found people with known ones gave.

    Attributes:
        kind: What was compared: "faces", "photos" or "rows".
        agreement: Measures of agreement.
        assigned: How many of the true ones were given to somebody.
        clusters: Number of people among whom those are; `agreement` counts each given to nobody as well.
        junk: Share of the found faces with a person that are no true face; None unless boxes tell.
        elsewhere: Found rows about files that the truth does not mention.
        separation: Measures without truth, where vectors or distances were given.
        torn: People in several clusters, the worst first.
        mixed: Clusters of several people, the worst first.
    """

    kind: str
    agreement: Agreement
    assigned: int
    clusters: int
    junk: float | None
    elsewhere: int
    separation: Separation | None
    torn: tuple[Mistake, ...]
    mixed: tuple[Mistake, ...]

    @property
    def cluster_count_ratio(self) -> float:
        """People found for each true one: 1 is right, more is splitting, less is merging."""
        return self.clusters / self.agreement.classes

    @property
    def score(self) -> float:
        """BCubed F, less the share of junk."""
        return self.agreement.bcubed.f() * (1 - (self.junk or 0.0))


def truth_table(
    truth: Path, labels_from: LabelsFrom = "auto", people: Path | None = None, half: str | None = None
) -> LabelTable:
    """Read who is who.

    Args:
        truth: CSV file, or folder of photos labelled by folder or file name.
        labels_from: See `labelled_photos`.
        people: CSV file of the names that count; the others are left out.
        half: Only those of this part of it.

    Raises:
        LabelError: If the labels can't be read, or none is left.
        UsageError: If a part of no file is asked for.
        StreamError: If a folder can't be read.
    """
    if truth.is_dir():
        rows = tuple(
            LabelledFace(label, str(path), photo=path)
            for path, label in labelled_photos(truth, labels_from).items()
        )
        table = LabelTable(truth, rows, keyed=True, boxed=False, framed=False)
    else:
        table = read_label_table(truth, TRUTH_COLUMNS)
    names = people_asked_for(people, half)
    if names is None:
        return table
    kept = tuple(row for row in table.rows if row.label in names)
    if not kept:
        raise LabelError(f"{truth}: none of the {len(names)} names of {people} is there.", path=truth)
    return replace(table, rows=kept)


def found_table(found: Path) -> LabelTable:
    """Read what is to be judged: a CSV file, or a folder with a folder of photos for each person.

    Raises:
        LabelError: If it can't be read.
        StreamError: If a folder can't be read.
    """
    if not found.is_dir():
        return read_label_table(found, FOUND_COLUMNS)
    rows = tuple(
        LabelledFace("" if label == NOBODY else label, str(path), photo=path)
        for path, label in labelled_photos(found, "folders").items()
    )
    return LabelTable(found, rows, keyed=True, boxed=False, framed=False)


def table_of_faces(faces: Sequence[Face], where: str, fill: str) -> LabelTable:
    """The faces of a collection as what is to be judged.

    Args:
        faces: The faces.
        where: What to call the collection.
        fill: The command that fills it.

    Raises:
        LabelError: If there are none.
    """
    if not faces:
        raise LabelError(f"{where} holds no faces. `{fill}` fills it.", path=Path(where))
    rows = tuple(LabelledFace(f.identity, f.source, f.frame, f.box_xyxy) for f in faces)
    return LabelTable(Path(where), rows, keyed=True, boxed=True, framed=True)


def evaluate_tables(
    truth: LabelTable,
    found: LabelTable,
    *,
    unassigned: Unassigned = "own",
    every_frames: int = 6,
    reach_frames: int = 3,
    points: Points | None = None,
    distances: bool = False,
) -> Evaluation:
    """Compare what was found with who is who.

    Args:
        truth: Who is who.
        found: What is to be judged.
        unassigned: What becomes of faces that were not found or given to nobody: each a person of its "own",
            all "together" one person, or "drop".
        every_frames: See `pair`.
        reach_frames: See `pair`.
        points: One row for each row of `found`: vectors (N, D), or distances (N, N).
        distances: Whether points are distances.

    Raises:
        LabelError: If the two can't be brought together, or nothing is left to compare.
        UsageError: If the points don't fit.
    """
    paired = pair(truth, found, every_frames, reach_frames)
    labels, clusters = with_unassigned(paired.truth, paired.found, unassigned)
    if not labels:
        raise LabelError(
            f"{found.path}: of {len(paired.truth)} true {paired.kind} none was given to anybody, and "
            "--unassigned drop leaves them out.",
            path=found.path,
        )
    assigned = sum(label is not None for label in paired.found)
    junk = None
    if paired.kind == "faces":
        junk = paired.junk / (paired.junk + assigned) if paired.junk else 0.0
    torn, mixed = _mistakes(paired)
    return Evaluation(
        kind=paired.kind,
        agreement=agreement(labels, clusters),
        assigned=assigned,
        clusters=len({label for label in paired.found if label is not None}),
        junk=junk,
        elsewhere=paired.elsewhere,
        separation=None if points is None else _separation(points, found, distances),
        torn=torn,
        mixed=mixed,
    )


def read_points(path: Path) -> Points:
    """Read vectors or distances from a NumPy file.

    Raises:
        UsageError: If it is none.
    """
    try:
        with path.open("rb") as file:
            points = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path}: not a NumPy file (.npy) of numbers: {error}") from error
    if not isinstance(points, np.ndarray) or not np.issubdtype(points.dtype, np.floating):
        raise UsageError(f"{path}: not one array of floating-point numbers.")
    return points


def evaluate(
    truth: str | os.PathLike[str],
    found: str | os.PathLike[str],
    *,
    labels_from: LabelsFrom = "auto",
    unassigned: Unassigned = "own",
) -> Evaluation:
    """Compare found people with known ones.

    Args:
        truth: CSV file with labels, or folder of photos labelled by their folders or names.
        found: CSV file such as `facestream export` writes, or folder with a folder per person.
        labels_from: Whether folders or file names are the labels of photos.
        unassigned: What becomes of faces that were given to nobody, see `evaluate_tables`.

    Raises:
        LabelError: If labels can't be read, or the two can't be brought together.
        StreamError: If a folder can't be read.
        UsageError: If an option can't be.
    """
    for given, allowed, what in (
        (labels_from, get_args(LabelsFrom), "labels_from"),
        (unassigned, get_args(Unassigned), "unassigned"),
    ):
        if given not in allowed:
            raise UsageError(f"{what} is {given!r}; it must be one of {', '.join(allowed)}.")
    return evaluate_tables(
        truth_table(Path(truth), labels_from), found_table(Path(found)), unassigned=unassigned
    )


def _separation(points: Points, found: LabelTable, distances: bool) -> Separation:
    labels = [row.label or None for row in found.rows]
    try:
        return Separation(
            silhouette(points, labels, "precomputed" if distances else "cosine"),
            None if distances else davies_bouldin(points, labels),
            dunn(points, labels, "precomputed" if distances else "cosine"),
        )
    except ValueError as error:
        what = "distances" if distances else "vectors"
        raise UsageError(f"the {what} don't fit {found.path}: {error}. Each row of it needs one.") from error


def _mistakes(paired: Pairing) -> tuple[tuple[Mistake, ...], tuple[Mistake, ...]]:
    """People in several clusters and clusters of several people; faces of nobody play no part."""
    of_person: dict[str, Counter[str]] = defaultdict(Counter)
    of_cluster: dict[str, Counter[str]] = defaultdict(Counter)
    for label, cluster in zip(paired.truth, paired.found, strict=True):
        if cluster is not None:
            of_person[label][cluster] += 1
            of_cluster[cluster][label] += 1
    return _worst(of_person), _worst(of_cluster)


def _worst(parts_of: dict[str, Counter[str]]) -> tuple[Mistake, ...]:
    """Those of several parts, the most faces outside the largest part first."""
    found = [
        Mistake(who, parts.total(), tuple(parts.most_common()))
        for who, parts in parts_of.items()
        if len(parts) > 1
    ]
    return tuple(sorted(found, key=lambda mistake: (mistake.parts[0][1] - mistake.faces, mistake.who)))
