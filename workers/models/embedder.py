"""Aligned faces to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError, ModelError
from workers.models.calibration import normalised
from workers.models.detection import BgrImage
from workers.models.device import CPU, Device
from workers.models.float16 import suits_float16, with_float16
from workers.models.manifest_parts import EmbedderPart
from workers.models.session import ByteArray, Session
from workers.models.trial_pictures import trial_pictures

FloatArray = npt.NDArray[np.float32]

# ONNX Runtime's memory arena keeps a block for every batch size that it has seen.
_BATCHES = (1, 2, 4, 8, 16, 32)
# A GPU is not busy with fewer.
_GPU_BATCHES = (*_BATCHES, 64, 128, 256)


class FaceEmbedder(Protocol):
    """Turns aligned faces into vectors that are near for one person and far apart for two."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def input_px(self) -> int:
        """Side of an aligned chip."""
        ...

    @property
    def template(self) -> FloatArray:
        """Where the five landmarks lie in a chip, float32 (5, 2), px."""
        ...

    def embed(self, chips_bgr: Sequence[BgrImage]) -> FloatArray:
        """Vectors of aligned chips: float32 (N, D), L2-normalised."""
        ...


class OnnxEmbedder:
    """An embedder whose preprocessing a manifest describes.

    Args:
        path: The ONNX file: one input (N, 3, S, S), the first output (N, D).
        part: The manifest's description.
        threads: Threads for one call; default: all cores of this process.
        device: What it runs on.
        half: Whether it computes in float16; default: where the device gains by it and the manifest says that
            little is lost.
        cache: Folder for converted files; None keeps none.

    Raises:
        DeviceError: If it doesn't run on the device.
        ModelError: If ONNX Runtime can't load the file, or its input isn't what the manifest says.
    """

    def __init__(
        self,
        path: Path,
        part: EmbedderPart,
        threads: int | None = None,
        device: Device = CPU,
        *,
        half: bool | None = None,
        cache: Path | None = None,
    ) -> None:
        self._part = part
        self._name = path.name
        # To another device the bus is narrow.
        self._bytes = device != CPU
        self._half = suits_float16(part.float16_loss, device) if half is None else half
        content = None if device == CPU else self._for_several(path, cache)
        if self._half:
            content = with_float16(path, cache, content)
        if self._bytes:
            # Late, as are the others that rewrite models: most packs need none, and onnx takes long to load.
            from workers.models.byte_input import with_byte_input

            content = with_byte_input(
                path, part.mean, part.scale, swap=part.colours == "rgb", content=content
            )
        self._session = Session(path, threads, device, content)
        given = self._session.input_shape
        if self._bytes:
            given = (given[0], given[3], given[1], given[2])
        wanted = (3, part.input_px, part.input_px)
        if len(given) != 4 or any(g not in (None, w) for g, w in zip(given[1:], wanted, strict=True)):
            raise ModelError(
                f"{path}: takes pictures of shape {_shown(given)}, and by the manifest it should take "
                f"{_shown((None, *wanted))}: batch, colours, height, width."
            )
        answers = self._session.output_shapes[0]
        if len(answers) == 2 and answers[1] not in (None, part.dimension):
            raise ModelError(
                f"{path}: gives vectors of {answers[1]} numbers, and by the manifest (embedder.dimension) "
                f"they have {part.dimension}."
            )
        # Many models were exported for one face at a time. On the CPU a batch would take as long.
        several = _GPU_BATCHES if device.is_nvidia else _BATCHES
        self._batches = several if given[0] is None else (given[0],)

    def _for_several(self, path: Path, cache: Path | None) -> bytes | None:
        """A model for several faces, where the file is one for a single one and can be rewritten."""
        shape = Session(path).input_shape
        if len(shape) != 4 or shape[0] != 1:
            return None
        # Late, as below.
        from workers.models.batch_input import with_batch_input

        chips = trial_pictures(3, self._part.input_px, self._part.input_px)
        return with_batch_input(path, self._floats(chips), cache)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._part.dimension

    @property
    def input_px(self) -> int:
        """Side of an aligned chip."""
        return self._part.input_px

    @property
    def template(self) -> FloatArray:
        """Where the five landmarks lie in a chip, float32 (5, 2), px."""
        return np.asarray(self._part.template, np.float32)

    @property
    def half(self) -> bool:
        """Whether it computes in float16."""
        return self._half

    @property
    def providers(self) -> tuple[str, ...]:
        """Execution providers in use, the preferred one first."""
        return self._session.providers

    def embed(self, chips_bgr: Sequence[BgrImage]) -> FloatArray:
        """Vectors of aligned chips.

        Args:
            chips_bgr: uint8 (S, S, 3) each, S = `input_px`.

        Returns:
            float32 (N, D), L2-normalised.

        Raises:
            InferenceError: If the model returns another shape or values that are not finite.
        """
        if len(chips_bgr) == 0:
            return np.empty((0, self.dimension), np.float32)
        faces = list(chips_bgr)
        if self._part.mirror:
            faces += [np.ascontiguousarray(chip[:, ::-1]) for chip in chips_bgr]
        most = self._batches[-1]
        vectors = np.concatenate(
            [self._run(faces[start : start + most]) for start in range(0, len(faces), most)]
        )
        # What is not finite is refused below, with an error and without NumPy's warnings.
        with np.errstate(over="ignore", invalid="ignore"):
            if self._part.mirror:
                half = len(chips_bgr)
                vectors = vectors[:half] + vectors[half:]
            result = normalised(vectors)
        if not np.isfinite(result).all() or not result.any(axis=1).all():
            raise InferenceError(
                f"{self._name}: returned a vector that is zero or not finite", model=self._name
            )
        return result

    def _run(self, faces: list[BgrImage]) -> FloatArray:
        size = next(batch for batch in self._batches if batch >= len(faces))
        padded: FloatArray | ByteArray
        if self._bytes:
            padded = np.zeros((size, self.input_px, self.input_px, 3), np.uint8)
            padded[: len(faces)] = faces
        else:
            blob = self._floats(faces)
            padded = np.zeros((size, *blob.shape[1:]), np.float32)
            padded[: len(faces)] = blob
        vectors = self._session.run(None, padded)[0]
        if vectors.shape != (size, self.dimension):
            raise InferenceError(
                f"{self._name}: output has shape {vectors.shape}, expected {(size, self.dimension)}",
                model=self._name,
            )
        return np.asarray(vectors[: len(faces)], np.float32)

    def _floats(self, faces: Sequence[BgrImage]) -> FloatArray:
        """Chips as the original network takes them: float32 (N, 3, S, S)."""
        rgb = self._part.colours == "rgb"
        blob = cv2.dnn.blobFromImages(list(faces), self._part.scale, mean=self._part.mean, swapRB=rgb)
        return np.asarray(blob, np.float32)


def _shown(shape: Sequence[int | None]) -> str:
    return "x".join("N" if length is None else str(length) for length in shape)
