"""Detection with one network that answers for every cell of grids over the picture."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError, ModelError
from workers.models.batch_input import with_batch_input
from workers.models.byte_input import with_byte_input
from workers.models.detection import BgrImage, Detection, FaceDetector, Shown
from workers.models.detector_parts import INPUT_PX, GridPart
from workers.models.device import CPU, Device
from workers.models.float16 import suits_float16, with_float16
from workers.models.frame_input import with_frame_input
from workers.models.grid_answer import GridAnswer, distinct
from workers.models.grid_input import GridInput, Takes
from workers.models.session import Session
from workers.models.size_input import with_size_input
from workers.models.trial_pictures import trial_pictures

_log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

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


class GridDetector(FaceDetector):
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
        return self._input.floats(np.stack(trial_pictures(3, self._input.height_px, self._input.width_px)))

    def _check(self, path: Path) -> None:
        """Run once on nothing: whether outputs can be decoded shows at once, and not at the first face."""
        black = np.zeros((self._input.height_px, self._input.width_px, 3), np.uint8)
        try:
            self._shown([black])[0].answer.faces(self._part.threshold)
        except InferenceError as error:
            raise ModelError(
                f"{path}: is not what detector.decoding = {self._part.decoding!r} asks for: {error}"
            ) from error

    @property
    def at_once(self) -> int:
        """So many pictures are best shown together."""
        return self._batches[-1]

    def show(self, images_bgr: Sequence[BgrImage]) -> list[Shown]:
        """Run the network on several pictures; what is asked of each is read off its answers afterwards.

        Raises:
            InferenceError: If the network refuses its input or returns something unusable.
        """
        return [*self._shown(images_bgr)]

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
        return self._searched(self._shown(images_bgr), min_face_px)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Look for the faces that are expected at some boxes: less is asked of those.

        The network sees the whole picture at once, so that a look near the boxes alone would cost as much.

        Args:
            image_bgr: uint8 (H, W, 3).
            boxes_xyxy: float32 (N, 4), px.

        Returns:
            One entry per box, None where no face overlaps it enough.
        """
        return self._shown([image_bgr])[0].refine(boxes_xyxy) if len(boxes_xyxy) else []

    def _searched(self, pictures: Sequence[_Seen], min_face_px: float) -> list[list[Detection]]:
        """Faces of whole pictures; those that may hide a large one are looked at again, at half the size."""
        least, twice = self._part.threshold, self._part.look_twice
        found = [seen.answer.faces(least * _DOUBTFUL if twice else least) for seen in pictures]
        again = [k for k, seen in enumerate(pictures) if twice and self._is_doubtful(seen, found[k])]
        for k, seen in zip(again, self._shown([pictures[k].image_bgr for k in again], 0.5), strict=True):
            large = [face for face in seen.answer.faces(least) if _is_large(face, seen.image_bgr)]
            found[k] = distinct([*found[k], *large], self._part)
        return [
            [face for face in faces if face.score >= least and _side(face) >= min_face_px] for faces in found
        ]

    def _is_doubtful(self, seen: _Seen, faces: Sequence[Detection]) -> bool:
        return any(face.score < self._part.sure_score and _is_large(face, seen.image_bgr) for face in faces)

    def _shown(self, images: Sequence[BgrImage], share: float = 1.0) -> list[_Seen]:
        """Pictures that the network has seen, of which each filled this share of its input, each way."""
        most, size_px = self._batches[-1], (self._input.height_px, self._input.width_px)
        seen: list[_Seen] = []
        for start in range(0, len(images), most):
            some = images[start : start + most]
            size = next(batch for batch in self._batches if batch >= len(some))
            given, scales = self._input.prepared(some, size, share)
            outputs = self._session.run(None, *given)
            for k, (image, scale) in enumerate(zip(some, scales, strict=True)):
                own = [o[k] if o.ndim == 3 else o for o in outputs]
                answer = GridAnswer(own, scale, size_px, self._part, self._name)
                seen.append(_Seen(image, answer, self._part, self._searched))
        return seen


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A picture that the network has seen; implements `Shown`."""

    image_bgr: BgrImage
    answer: GridAnswer
    part: GridPart
    search: Callable[[Sequence[_Seen], float], list[list[Detection]]]

    def detect(self, min_face_px: float) -> list[Detection]:
        return self.search([self], min_face_px)[0]

    def refine(self, boxes_xyxy: FloatArray) -> list[Detection | None]:
        return self.answer.near(boxes_xyxy, self.part.threshold * _EXPECTED)


def _is_large(face: Detection, image: BgrImage) -> bool:
    return _side(face) >= _LARGE * float(max(image.shape[:2]))


def _side(face: Detection) -> float:
    """The longer side of a face, px."""
    return float((face.box_xyxy[2:] - face.box_xyxy[:2]).max())
