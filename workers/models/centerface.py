"""Face detection with CenterFace, in pictures of any size.

Xu et al. 2019, "CenterFace: Joint Face Detection and Alignment Using Face as Point".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError, ModelError
from workers.models.boxes import suppress
from workers.models.centerface_answer import STEP_PX, CenterFaceAnswer, joined, read_answers
from workers.models.crops import fill_square
from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.models.detector_parts import CenterFacePart
from workers.models.device import CPU, Device
from workers.models.pyramid import halvings, scaled
from workers.models.session import Session
from workers.tracking.boxes import iou_matrix

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# The longer side of a picture at most as it is searched, whatever small faces are asked for. It is shown to
# the network in tiles, which bounds memory, with so much in common that most faces are whole in one of them.
_MOST_PX = 8192
_TILE_PX, _SHARED_PX = 1536, 384
# Around an expected face, in sides of its box, and what that is scaled to: a face is a third of it then. With
# less around it, or fewer pixels, landmarks are less exact.
_AROUND = 3.0
_AROUND_PX = 96
# Expected faces that are shown together; bounds the memory that ONNX Runtime keeps after a crowd.
_BATCH = 8
# Where a face is expected, this share of the least score is enough, and so much of it must be there.
_EXPECTED = 0.6
_EXPECTED_IOU = 0.3
# Faces that are larger in the input are looked at once more, as if they had been expected: landmarks are more
# exact then. Of pairs of LFW, one stranger in 1,000 accepted, 97 % of the same person instead of 96.6.
# Smaller ones gain nothing.
_EXACT_PX = 40.0


class CenterFaceDetector(FaceDetector):
    """Detects faces with CenterFace.

    Pictures are scaled so that the smallest faces that are looked for are just large enough: how long a look
    takes depends on how small faces are in comparison with the picture, not on how many pixels it has. Around
    expected faces the network is shown no more than is needed.

    Args:
        path: The ONNX file.
        part: The manifest's description.
        threads: Threads for one call; default: all cores of this process.
        device: What it runs on.

    Raises:
        ModelError: If ONNX Runtime can't load the file, or it isn't such a network.
    """

    def __init__(
        self,
        path: Path,
        part: CenterFacePart,
        threads: int | None = None,
        device: Device = CPU,
    ) -> None:
        self._part = part
        self._name = path.name
        self._session = Session(path, threads, device)
        try:
            self._answers(np.zeros((1, STEP_PX, STEP_PX, 3), np.uint8), part.threshold)
        except InferenceError as error:
            raise ModelError(
                f"{path}: is not what detector.decoding = 'centerface' asks for: {error}"
            ) from error

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Find the faces of several pictures.

        Args:
            images_bgr: uint8 (H, W, 3) each.
            min_face_px: Smaller faces, by the longer side of their box, are left out.

        Returns:
            For each picture its detections, best score first.

        Raises:
            InferenceError: If the network refuses its input or returns something unusable.
        """
        return [self._search(image, min_face_px) for image in images_bgr]

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Look only around boxes where a face is expected; less is asked of those.

        Args:
            image_bgr: uint8 (H, W, 3).
            boxes_xyxy: float32 (N, 4), px.

        Returns:
            One entry per box, None where no face overlaps it enough.

        Raises:
            InferenceError: As of `detect`.
        """
        found: list[Detection | None] = []
        for start in range(0, len(boxes_xyxy), _BATCH):
            found += self._around(image_bgr, boxes_xyxy[start : start + _BATCH])
        return found

    def _search(self, image: BgrImage, min_face_px: float) -> list[Detection]:
        height, width = image.shape[:2]
        scale = min(self._part.least_px / max(min_face_px, 1.0), _MOST_PX / max(height, width))
        # To whole steps: that stretches faces a little, and leaves no border.
        size = _stepped(width * scale), _stepped(height * scale)
        shown = scaled(image, size)
        back = np.array([width / size[0], height / size[1]], np.float32)
        answer = joined([a.placed(back, corner * back) for a, corner in self._tiles(shown)])
        sides = (answer.boxes[:, 2:] - answer.boxes[:, :2]).max(axis=1, initial=0.0)
        kept = suppress(answer.boxes, answer.scores, self._part.nms_iou, 0)
        kept = kept[sides[kept] >= min_face_px]
        faces = {i: answer.detection(i) for i in kept}
        large = kept[sides[kept] * scale > _EXACT_PX]
        if len(large) == 0:
            return list(faces.values())
        for i, closer in zip(large, self.refine(image, answer.boxes[large]), strict=True):
            if closer is not None:
                faces[i] = Detection(closer.box_xyxy, closer.landmarks, faces[i].score)
        # Two that lay side by side may have become one.
        boxes = np.stack([face.box_xyxy for face in faces.values()])
        return [faces[kept[k]] for k in suppress(boxes, answer.scores[kept], self._part.nms_iou, 0)]

    def _tiles(self, shown: BgrImage) -> Iterator[tuple[CenterFaceAnswer, FloatArray]]:
        """What is found in each tile of a picture, and where the tile is."""
        for top in _starts(shown.shape[0]):
            for left in _starts(shown.shape[1]):
                tile = shown[top : top + _TILE_PX, left : left + _TILE_PX]
                answer = self._answers(tile[None], self._part.threshold)[0]
                yield answer, np.array([left, top], np.float32)

    def _around(self, image: BgrImage, boxes: FloatArray) -> list[Detection | None]:
        """The faces at no more boxes than are shown together."""
        corners, sides, times = _surroundings(boxes)
        squares = np.concatenate([corners, corners + sides[:, None]], axis=1).astype(int)
        shown = np.full((len(boxes), _AROUND_PX, _AROUND_PX, 3), 127, np.uint8)
        for crop, square, halvings_of_it in zip(shown, squares, times.tolist(), strict=True):
            fill_square(crop, image, square, halvings_of_it)
        answers = self._answers(shown, self._part.threshold * _EXPECTED)
        found: list[Detection | None] = []
        for answer, box, corner, side in zip(answers, boxes, corners, sides, strict=True):
            here = answer.placed(float(side) / _AROUND_PX, corner)
            overlap = iou_matrix(box[None], here.boxes)[0]
            # Nobody else's who is near: the best of those that are there at all.
            fit = np.where(overlap >= _EXPECTED_IOU, overlap * here.scores, 0.0)
            best = int(fit.argmax()) if fit.any() else None
            found.append(None if best is None else here.detection(best))
        return found

    def _answers(self, shown: BgrImage, threshold: float) -> list[CenterFaceAnswer]:
        """What the network finds in pictures of one size, uint8 (N, H, W, 3)."""
        blob = np.asarray(cv2.dnn.blobFromImages(list(shown), swapRB=True), np.float32)
        return read_answers(self._session.run(None, blob), shown.shape[1:3], threshold, self._name)


def _surroundings(boxes: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Squares around expected faces.

    Args:
        boxes: float32 (N, 4), px.

    Returns:
        float32 (N, 2) and float32 (N,), the upper left corners and the sides, px; intp (N,), how often each
        is halved, by which corners and sides stay whole.
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) * _AROUND
    times = halvings(sides / _AROUND_PX)
    steps = np.exp2(times).astype(np.float32)
    sides = np.rint(sides / steps).clip(1, None) * steps
    corners = (boxes[:, :2] + boxes[:, 2:] - sides[:, None]) / 2
    return np.rint(corners / steps[:, None]) * steps[:, None], sides, times


def _starts(length_px: int) -> list[int]:
    """Where the tiles of a side begin."""
    count = 1 + max(0, -(-(length_px - _TILE_PX) // (_TILE_PX - _SHARED_PX)))
    last = max(length_px - _TILE_PX, 0)
    return [round(last * k / max(count - 1, 1)) // STEP_PX * STEP_PX for k in range(count)]


def _stepped(length_px: float) -> int:
    return max(1, round(length_px / STEP_PX)) * STEP_PX
