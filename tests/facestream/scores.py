"""How well people that were found agree with people who are known."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

# True faces are scored in the first labelled frame of every six, about five times a second.
STRIDE_FRAMES = 6
# A face counts as found in the nearest frame that the run looked at, when that is no farther away.
REACH_FRAMES = 3
SAME_FACE_IOU = 0.3

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """A face, and whose it is: a label, a person's id, or nothing."""

    box: Box
    who: str


@dataclass(frozen=True)
class ClipScore:
    """Agreement over the faces of a clip.

    Attributes:
        bcubed_f: BCubed F over all true faces; one that was given to nobody is a person of its own.
        junk: Share of the faces with a person that are no true face.
    """

    bcubed_f: float
    junk: float

    @property
    def score(self) -> float:
        return self.bcubed_f * (1 - self.junk)


def bcubed_f(pairs: Sequence[tuple[str, str]]) -> float:
    """BCubed F of (cluster, label) pairs: the mean share of like ones beside each in cluster and label."""
    both, clusters, labels = Counter(pairs), Counter(c for c, _ in pairs), Counter(k for _, k in pairs)
    precision = sum(both[c, k] / clusters[c] for c, k in pairs) / len(pairs)
    recall = sum(both[c, k] / labels[k] for c, k in pairs) / len(pairs)
    return 2 * precision * recall / (precision + recall)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if min(width, height) <= 0:
        return 0.0
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return width * height / (areas - width * height)


def marks(rows: Iterable[Mapping[str, str]], who: str) -> dict[int, list[Mark]]:
    """Faces by frame; `who` is the column that says whose they are."""
    result: dict[int, list[Mark]] = defaultdict(list)
    for row in rows:
        box = (float(row["x1"]), float(row["y1"]), float(row["x2"]), float(row["y2"]))
        result[int(row["frame"])].append(Mark(box, row[who].strip()))
    return dict(result)


def read_truth(path: Path) -> dict[int, list[Mark]]:
    with path.open(newline="", encoding="utf-8") as file:
        return marks(csv.DictReader(file), "label")


def matched(true: Sequence[Mark], found: Sequence[Mark]) -> dict[int, int]:
    """Which found face each true one is, greedily by overlap."""
    candidates = sorted(
        ((overlap(f.box, t.box), i, j) for i, f in enumerate(found) for j, t in enumerate(true)), reverse=True
    )
    result: dict[int, int] = {}
    for iou, i, j in candidates:
        if iou >= SAME_FACE_IOU and j not in result and i not in result.values():
            result[j] = i
    return result


def clip_score(truth: Mapping[int, Sequence[Mark]], faces: Mapping[int, Sequence[Mark]]) -> ClipScore:
    """Score a clip; true faces labelled "ignore" are neither right nor wrong."""
    pairs: list[tuple[str, str]] = []
    given = junk = 0
    alone = count()
    first_of_stride = {frame // STRIDE_FRAMES: frame for frame in sorted(truth, reverse=True)}
    for frame in first_of_stride.values():
        near = min(
            (f for f in range(frame - REACH_FRAMES, frame + REACH_FRAMES + 1) if f in faces),
            key=lambda f: abs(f - frame),
            default=None,
        )
        found = [] if near is None else faces[near]
        match = matched(truth[frame], found)
        for j, true in enumerate(truth[frame]):
            if true.who != "ignore":
                who = found[match[j]].who if j in match else ""
                given += bool(who)
                pairs.append((who or f"alone {next(alone)}", true.who))
        junk += sum(bool(face.who) for i, face in enumerate(found) if i not in match.values())
    return ClipScore(bcubed_f(pairs), junk / (junk + given) if junk else 0.0)
