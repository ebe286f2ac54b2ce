"""MTCNN face detection in batches.

Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks".
A proposal network looks at every place of a pyramid of pictures; a refinement and an output network look at
the candidates again. Here the candidates of a stage, of all pictures of a call, are one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.boxes import sane
from workers.models.crops import blob, crops
from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.models.detector_parts import ONET_PX, RNET_PX
from workers.models.device import CPU, Device
from workers.models.lanes import Lanes
from workers.models.pyramid import Pyramid
from workers.models.session import Session, available_cores

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

_CELL_PX = 12
_STRIDE_PX = 2
_PYRAMID_STEP = 0.709  # the original's: halves the area from level to level
_NMS_PER_SCALE = 0.5
_NMS = 0.7
# Candidates of one batch of the later networks; bounds the memory that ONNX Runtime keeps after a crowd.
_RNET_BATCH = 64
_ONET_BATCH = 16
# The largest level of a pyramid takes half of the time of all.
_MOST_LANES = 4
# Between these scores a second look at an expected face is worth its time.
_HOPELESS = 0.05
_CERTAIN = 0.95
# Least face probability where a face is expected.
_EXPECTED = 0.35


@dataclass(frozen=True, slots=True)
class MtcnnThresholds:
    """Least face probability to pass each network, in [0, 1]."""

    proposal: float = 0.6
    refinement: float = 0.7
    output: float = 0.6


class MtcnnDetector(FaceDetector):
    """Detects faces with the three MTCNN networks.

    Args:
        pnet: ONNX file of the proposal network.
        rnet: ONNX file of the refinement network.
        onet: ONNX file of the output network.
        thresholds: Least face probability to pass each network.
        threads: Threads for one call; default: all cores of this process.
        device: What they run on.
        lanes: Calls side by side; default: one for each of the threads, where they run on the CPU.
        halves: Whether large pictures are scaled down by halves, instead of in one step as published.
    """

    def __init__(
        self,
        pnet: Path,
        rnet: Path,
        onet: Path,
        thresholds: MtcnnThresholds | None = None,
        threads: int | None = None,
        device: Device = CPU,
        lanes: int | None = None,
        *,
        halves: bool = True,
    ) -> None:
        self._pnet = Session(pnet, threads, device)
        self._rnet = Session(rnet, threads, device)
        self._onet = Session(onet, threads, device)
        self._thresholds = thresholds or MtcnnThresholds()
        self._halves = halves
        # A GPU takes one call after the other.
        count = lanes or (1 if device != CPU else threads or available_cores())
        self._lanes = Lanes(min(count, _MOST_LANES))

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Find the faces of several pictures.

        Args:
            images_bgr: uint8 (H, W, 3) each; pictures of one size share the calls of the first network.
            min_face_px: Side of the smallest box that is looked for, px; at least 12.

        Returns:
            For each picture its detections, best score first.
        """
        found: list[list[Detection]] = [[] for _ in images_bgr]
        candidates: list[FloatArray] = []
        owners: list[IntArray] = []
        # Where the smallest faces have few pixels to spare, pictures are scaled in one step.
        halved = self._halves and min_face_px >= 2 * _CELL_PX
        pyramids = [Pyramid(image, halved=halved) for image in images_bgr]
        for shape in sorted({image.shape for image in images_bgr}):
            members = [i for i, image in enumerate(images_bgr) if image.shape == shape]
            boxes, owner = self._propose(
                [pyramids[i] for i in members], min(shape[:2]), max(min_face_px, _CELL_PX)
            )
            candidates.append(boxes)
            owners.append(np.asarray(members, np.intp)[owner])
        if not candidates:
            return found
        boxes, owner = np.concatenate(candidates), np.concatenate(owners)
        boxes, owner = self._refine_candidates(pyramids, boxes, owner)
        boxes, landmarks, scores = self._output(images_bgr, boxes, owner)
        keep = (scores > self._thresholds.output) & sane(boxes, landmarks)
        boxes, landmarks, scores, owner = boxes[keep], landmarks[keep], scores[keep], owner[keep]
        for i in _suppress_contained(boxes, scores, owner):
            found[owner[i]].append(Detection(boxes[i], landmarks[i], float(scores[i])))
        return found

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Run only the output network on boxes where a face is expected, for instance a moment later.

        Where a face was a moment ago, less is asked of it, as in the second association of Zhang et al. 2022,
        "ByteTrack: Multi-Object Tracking by Associating Every Detection Box".

        Args:
            image_bgr: uint8 (H, W, 3).
            boxes_xyxy: float32 (N, 4), px.

        Returns:
            One entry per box, None where the network sees no face.
        """
        if len(boxes_xyxy) == 0:
            return []
        owner = np.zeros(len(boxes_xyxy), np.intp)
        boxes, landmarks, scores = self._output([image_bgr], _squared(boxes_xyxy), owner)
        # A face that moved sits at the edge of the expected box; the network's own answer centres it.
        unsure = np.flatnonzero((scores > _HOPELESS) & (scores < _CERTAIN))
        if len(unsure):
            second = self._output([image_bgr], _squared(boxes[unsure]), owner[unsure])
            better = second[2] > scores[unsure]
            chosen = unsure[better]
            boxes[chosen], landmarks[chosen], scores[chosen] = (part[better] for part in second)
        real = (scores > _EXPECTED) & sane(boxes, landmarks)
        return [
            Detection(box, points, float(score)) if is_face else None
            for box, points, score, is_face in zip(boxes, landmarks, scores, real, strict=True)
        ]

    def _propose(
        self, pyramids: list[Pyramid], side_px: int, min_face_px: float
    ) -> tuple[FloatArray, IntArray]:
        """Candidates in pictures of one size, whose shorter side is given."""
        scales = []
        scale = _CELL_PX / min_face_px
        while side_px * scale >= _CELL_PX:
            scales.append(scale)
            scale *= _PYRAMID_STEP
        levels = self._lanes.map(lambda at: self._propose_at(pyramids, at), scales)
        boxes, scores, owners = zip(*levels, strict=True) if levels else ((), (), ())
        if not boxes:
            return np.empty((0, 4), np.float32), np.empty(0, np.intp)
        all_boxes, all_owners = np.concatenate(boxes), np.concatenate(owners)
        keep = _suppress(all_boxes, np.concatenate(scores), all_owners, _NMS)
        return _squared(all_boxes[keep]), all_owners[keep]

    def _propose_at(self, pyramids: list[Pyramid], scale: float) -> tuple[FloatArray, FloatArray, IntArray]:
        """Boxes (N, 4), scores (N,) and owners (N,) of one level of the pyramid."""
        halvings = int(pyramids[0].halvings(1 / scale))
        halved = [pyramid.levels[halvings] for pyramid in pyramids]
        height, width = (length << halvings for length in halved[0].shape[:2])
        size = (round(width * scale), round(height * scale))
        level = [
            np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8) for image in halved
        ]
        box, score = self._pnet.run(["box", "score"], blob(level))
        owner, y, x = np.nonzero(score[:, 0] > self._thresholds.proposal)
        score_here = score[owner, 0, y, x]
        corner = np.stack([x, y, x, y], axis=1) * float(_STRIDE_PX)
        corner[:, 2:] += _CELL_PX
        here = corner + box[owner, :, y, x] * _CELL_PX
        here *= np.array([width / size[0], height / size[1]] * 2)
        keep = _suppress(here, score_here, owner, _NMS_PER_SCALE)
        return here[keep].astype(np.float32), score_here[keep], owner[keep]

    def _refine_candidates(
        self, pyramids: Sequence[Pyramid], boxes: FloatArray, owner: IntArray
    ) -> tuple[FloatArray, IntArray]:
        if len(boxes) == 0:
            return boxes, owner
        answers = self._lanes.map(
            lambda part: self._rnet.run(["box", "score"], crops(pyramids, boxes[part], owner[part], RNET_PX)),
            _parts(len(boxes), _RNET_BATCH),
        )
        shift, score = (np.concatenate(each) for each in zip(*answers, strict=True))
        score = score[:, 1]
        keep = np.flatnonzero(score > self._thresholds.refinement)
        moved = _moved(boxes[keep], shift[keep])
        kept = _suppress(moved, score[keep], owner[keep], _NMS)
        return _squared(moved[kept]), owner[keep][kept]

    def _output(
        self, images: Sequence[BgrImage], boxes: FloatArray, owner: IntArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Boxes (N, 4), landmarks (N, 5, 2) and scores (N,) of the output network for every candidate."""
        if len(boxes) == 0:
            return np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
        # Landmarks are exact: nothing is halved for them.
        pyramids = [Pyramid(image, halved=False) for image in images]
        answers = self._lanes.map(
            lambda part: self._onet.run(
                ["box", "landmarks", "score"], crops(pyramids, boxes[part], owner[part], ONET_PX)
            ),
            _parts(len(boxes), _ONET_BATCH),
        )
        shift, points, score = (np.concatenate(each) for each in zip(*answers, strict=True))
        side = boxes[:, 2:] - boxes[:, :2]
        # Five x, then five y, relative to the box.
        relative = points.reshape(-1, 2, 5).transpose(0, 2, 1)
        return _moved(boxes, shift), boxes[:, None, :2] + relative * side[:, None], score[:, 1]


def _parts(count: int, most: int) -> list[slice]:
    """Batches of at most so many."""
    return [slice(start, start + most) for start in range(0, count, most)]


def _moved(boxes: FloatArray, shift: FloatArray) -> FloatArray:
    """Boxes moved by a network's answer, which is relative to the side of the box."""
    size = boxes[:, 2:] - boxes[:, :2]
    moved: FloatArray = boxes + shift * np.concatenate([size, size], axis=1)
    return moved


def _squared(boxes: FloatArray) -> FloatArray:
    """The smallest squares around boxes, with the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _suppress(boxes: FloatArray, scores: FloatArray, owner: IntArray, overlap: float) -> IntArray:
    """Indices that survive non-maximum suppression by intersection over union within each picture."""
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    # The stub asks for lists; arrays are read without a copy.
    suppress: Any = cv2.dnn.NMSBoxesBatched
    kept = suppress(sized, scores, owner.astype(np.int32), 0.0, overlap)
    return np.asarray(kept, np.intp)


def _suppress_contained(boxes: FloatArray, scores: FloatArray, owner: IntArray) -> list[int]:
    """Suppression by intersection over the smaller area, best score first: drops boxes inside boxes."""
    kept: list[int] = []
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for i in np.argsort(-scores, kind="stable"):
        rivals = [k for k in kept if owner[k] == owner[i]]
        if rivals:
            least = np.minimum(boxes[rivals, 2:], boxes[i, 2:])
            shared = (least - np.maximum(boxes[rivals, :2], boxes[i, :2])).clip(0).prod(axis=1)
            if (shared > _NMS * np.minimum(area[rivals], area[i])).any():
                continue
        kept.append(int(i))
    return kept
