"""Detection with one network that answers for every cell of grids over the picture."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError, ModelError
from workers.models.batch_input import with_batch_input
from workers.models.boxes import sane, suppress
from workers.models.byte_input import with_byte_input
from workers.models.detection import BgrImage, Detection
from workers.models.detector_parts import INPUT_PX, GridPart
from workers.models.device import CPU, Device
from workers.models.float16 import suits_float16, with_float16
from workers.models.frame_input import with_frame_input
from workers.models.grid import Faces, LayoutError
from workers.models.grid_input import GridInput, Takes
from workers.models.retinaface import decode_retinaface
from workers.models.scrfd import decode_scrfd
from workers.models.session import Session
from workers.models.size_input import with_size_input
from workers.models.yunet import decode_yunet
from workers.tracking.boxes import iou_matrix

_log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

Decode = Callable[[Sequence[FloatArray], int, int, float], Faces]

_DECODERS: dict[str, Decode] = {
    "scrfd": decode_scrfd,
    "retinaface": decode_retinaface,
    "yunet": decode_yunet,
}
# Whether the last pixel of a box counts as part of it when two are compared.
_BORDER_PX = {"scrfd": 1.0, "retinaface": 1.0, "yunet": 0.0}
# A GPU is not busy with one picture. Cores are: there a batch takes as long and much memory. ONNX Runtime's
# memory arena keeps a block for every batch size that it has seen.
_BATCHES = (1,)
_GPU_BATCHES = (1, 2, 4, 8, 16)
# Faces of this share of the input are larger than most that such networks were trained on; they are found
# better at half the size: of 1,090 photos of 250 px, enlarged, that found the last four.
_LARGE = 0.4
_DOUBTFUL = 0.5
# Where a face is expected, this share of the least score is enough.
_EXPECTED = 0.6
# And so much of the box must be where it was expected.
_EXPECTED_IOU = 0.3


class GridDetector:
    """Detects faces with SCRFD, RetinaFace or YuNet, as a manifest describes it.

    Args:
        path: The ONNX file: one input (N, 3, H, W), outputs as the decoding says.
        part: The manifest's description.
        threads: Threads for one call; default: all cores of this process.
        device: What it runs on.
        batches: Numbers of pictures that one call of the network may have, rising; default: what suits the
            device. A file made for one picture is rewritten for several where that can be done safely.
        half: Whether it computes in float16; default: where the device gains by it and the manifest says that
            little is lost.
        cache: Folder for rewritten files; None keeps none.

    Raises:
        ModelError: If ONNX Runtime can't load the file, or it isn't such a network.
    """

    def __init__(
        self,
        path: Path,
        part: GridPart,
        threads: int | None = None,
        device: Device = CPU,
        *,
        batches: Sequence[int] | None = None,
        half: bool | None = None,
        cache: Path | None = None,
    ) -> None:
        # What the file takes is read on the CPU: another device gets a model that is rewritten in any case.
        self._session = Session(path, threads)
        self._part = part
        self._name = path.name
        self._decode = _DECODERS[part.decoding]
        self._half = suits_float16(part.float16_loss, device) if half is None else half
        shape = self._session.input_shape
        if len(shape) != 4 or shape[1] not in (None, 3):
            raise ModelError(
                f"{path}: takes input of shape {shape}, and a detector takes pictures: batch, 3 colours, "
                "height, width."
            )
        height_px, width_px = (fixed or part.input_px or INPUT_PX for fixed in shape[2:])
        self._input = GridInput(part, height_px, width_px)
        several = tuple(batches or (_GPU_BATCHES if device.is_nvidia else _BATCHES))
        # Without a dimension for the batch in the outputs nobody knows whose faces they are.
        alone = shape[0] == 1 or any(len(output) != 3 for output in self._session.output_shapes)
        self._batches = (shape[0] or 1,) if alone or shape[0] else several
        self._check(path)
        content = self._of_size(path, part.input_px, cache) if shape[0] in (None, 1) else None
        if alone and several[-1] > 1 and shape[0] in (None, 1):
            batched = with_batch_input(path, self._trial(), cache, content)
            if batched is not None:
                content, self._batches = batched, several
        if self._half:
            content = with_float16(path, cache, content)
        if device != CPU:
            content = self._preparing(path, device, content)
        if content is not None:
            self._session = Session(path, threads, device, content)
            self._check(path)

    def _preparing(self, path: Path, device: Device, content: bytes | None) -> bytes:
        """The model for a device: it prepares pictures itself, as far as that spares more than it costs."""
        part, frames = self._part, None
        content = with_byte_input(path, part.mean, part.scale, swap=part.colours == "rgb", content=content)
        if device.takes_any_size:
            frames = with_frame_input(content)
        self._input = replace(self._input, takes=Takes.FRAMES if frames else Takes.BYTES)
        return frames or content

    def _of_size(self, path: Path, side_px: int | None, cache: Path | None) -> bytes | None:
        """The model for pictures of another size than it was made for, where that is asked for and can be."""
        old = self._input.height_px, self._input.width_px
        if side_px is None or old == (side_px, side_px):
            return None
        content = with_size_input(path, self._trial()[:1], cache)
        if content is None:
            _log.warning(
                "%s: made for pictures of %dx%d px, and can't be brought to input_px = %d; used as it is",
                path, *reversed(old), side_px,
            )  # fmt: skip
        else:
            self._input = replace(self._input, height_px=side_px, width_px=side_px)
        return content

    @property
    def half(self) -> bool:
        """Whether it computes in float16."""
        return self._half

    @property
    def batches(self) -> tuple[int, ...]:
        """Numbers of pictures that one call of the network may have, rising."""
        return self._batches

    def _trial(self) -> FloatArray:
        """Three pictures on which a rewritten model must agree with the original."""
        # Coarse patches: noise of single pixels is grey to a network.
        patches = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3)).astype(np.uint8)
        size = (self._input.width_px, self._input.height_px)
        fitted = [cv2.resize(patch, size, interpolation=cv2.INTER_NEAREST) for patch in patches]
        return self._input.floats(np.asarray(fitted, np.uint8))

    def _check(self, path: Path) -> None:
        """Run once on nothing: whether outputs can be decoded shows at once, and not at the first face."""
        black = np.zeros((self._input.height_px, self._input.width_px, 3), np.uint8)
        try:
            self._found([black], self._part.threshold)
        except InferenceError as error:
            raise ModelError(
                f"{path}: is not what detector.decoding = {self._part.decoding!r} asks for: {error}"
            ) from error

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Find the faces of several pictures; each is scaled to fit into the network's input.

        Args:
            images_bgr: uint8 (H, W, 3) each.
            min_face_px: Smaller faces, by the longer side of their box, are left out.

        Returns:
            For each picture its detections, best score first.

        Raises:
            InferenceError: If the network refuses its input or returns something unusable.
        """
        least, twice = self._part.threshold, self._part.look_twice
        found = self._found(images_bgr, least * _DOUBTFUL if twice else least)
        again = [k for k, image in enumerate(images_bgr) if twice and self._is_doubtful(image, found[k])]
        for k, faces in zip(again, self._found([images_bgr[k] for k in again], least, 0.5), strict=True):
            large_px = _LARGE * max(images_bgr[k].shape[:2])
            found[k] = self._best([*found[k], *(face for face in faces if _side(face) >= large_px)])
        return [
            [face for face in faces if face.score >= least and _side(face) >= min_face_px] for faces in found
        ]

    def _is_doubtful(self, image: BgrImage, faces: Sequence[Detection]) -> bool:
        large_px = _LARGE * max(image.shape[:2])
        return any(face.score < self._part.sure_score and _side(face) >= large_px for face in faces)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Look for the faces that are expected at some boxes: less is asked of those.

        The network sees the whole picture at once, so that a look near the boxes alone would cost as much.

        Args:
            image_bgr: uint8 (H, W, 3).
            boxes_xyxy: float32 (N, 4), px.

        Returns:
            One entry per box, None where no face overlaps it enough.
        """
        if len(boxes_xyxy) == 0:
            return []
        found = self._found([image_bgr], self._part.threshold * _EXPECTED)[0]
        if not found:
            return [None] * len(boxes_xyxy)
        overlap = iou_matrix(boxes_xyxy, np.stack([face.box_xyxy for face in found]))
        return [found[row.argmax()] if row.max() >= _EXPECTED_IOU else None for row in overlap]

    def _found(
        self, images: Sequence[BgrImage], threshold: float, share: float = 1.0
    ) -> list[list[Detection]]:
        """Faces of pictures that fill this share of the network's input, each way."""
        most = self._batches[-1]
        found: list[list[Detection]] = []
        for start in range(0, len(images), most):
            found += self._batch(images[start : start + most], threshold, share)
        return found

    def _batch(self, images: Sequence[BgrImage], threshold: float, share: float) -> list[list[Detection]]:
        size = next(batch for batch in self._batches if batch >= len(images))
        given, scales = self._input.prepared(images, size, share)
        outputs = self._session.run(None, *given)
        return [
            self._detections([o[k] if o.ndim == 3 else o for o in outputs], scale, threshold)
            for k, scale in enumerate(scales)
        ]

    def _detections(self, outputs: list[FloatArray], scale: float, threshold: float) -> list[Detection]:
        if any(output.ndim != 2 for output in outputs):
            shapes = [output.shape for output in outputs]
            raise InferenceError(f"{self._name}: outputs have shapes {shapes}", model=self._name)
        try:
            # What is not finite is dropped below, without NumPy's warnings.
            with np.errstate(over="ignore", invalid="ignore"):
                faces = self._decode(outputs, self._input.height_px, self._input.width_px, threshold)
                boxes, landmarks = faces.boxes / scale, faces.landmarks / scale
        except LayoutError as error:
            raise InferenceError(f"{self._name}: {error}", model=self._name) from error
        if (faces.scores > 1.001).any():
            raise InferenceError(
                f"{self._name}: scores up to {faces.scores.max():.3g}, and scores end at 1", model=self._name
            )
        real = sane(boxes, landmarks)
        boxes, landmarks, scores = boxes[real], landmarks[real], faces.scores[real]
        kept = suppress(boxes, scores, self._part.nms_iou, _BORDER_PX[self._part.decoding])
        return [Detection(boxes[i], landmarks[i], float(scores[i])) for i in kept]

    def _best(self, faces: Sequence[Detection]) -> list[Detection]:
        """Faces without those that are there twice."""
        boxes = np.stack([face.box_xyxy for face in faces])
        scores = np.array([face.score for face in faces], np.float32)
        kept = suppress(boxes, scores, self._part.nms_iou, _BORDER_PX[self._part.decoding])
        return [faces[i] for i in kept]


def _side(face: Detection) -> float:
    """The longer side of a face, px."""
    return float((face.box_xyxy[2:] - face.box_xyxy[:2]).max())
