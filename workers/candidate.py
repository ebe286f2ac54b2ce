"""Faces that may become samples of their track, and how alike two of them are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.frame import Frame
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio
from workers.faces.alignment import align
from workers.faces.closer_look import enlarged, find_again, scale_to
from workers.faces.clothing import clothing_histogram
from workers.faces.crop import FaceCrop, cut_crop
from workers.faces.quality import FaceQuality, is_faint, measure, sharpness
from workers.model_faults import ModelFaults
from workers.models.detection import BgrImage, Detection
from workers.models.pack import Pack
from workers.tracking.close_up import close_up

FloatArray = npt.NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Look:
    """What comparing a face needs.

    Attributes:
        size_px: Geometric mean of the box's sides.
        effective_px: Size of a frontal face that would tell as much.
        chip: The face, aligned for the embedder, uint8 (S, S, 3); None where only the vector is known, and
            where the embedder failed on it.
        vector: Embedding, float32 (D,), once somebody asked for it; None for ever where the embedder failed.
    """

    size_px: float
    effective_px: float
    chip: BgrImage | None = None
    vector: FloatArray | None = None


@dataclass(slots=True, eq=False)
class Candidate:
    """A face that may become a sample of its track.

    Attributes:
        index: Frames decoded before its frame.
        media_s: Presentation time, s.
        detection: What the detector saw.
        quality: Its geometry, judged; in the detail of its frame after a closer look.
        value: How much it can tell, higher is better.
        promise: What `value` should be after a closer look at it; the same where no closer one is possible,
            or it was taken and showed nothing. Comparable over the faces of a track.
        look: For comparisons.
        close_up: What is seen of it and right around it, see `close_up`.
        faint: Whether nobody could see who it is, for lack of light or contrast.
        crop: The face with margin, once it is among the best of its track.
        clothing: Colours below the face, float32 (C,) with sum 1, likewise; None also where none are seen.
    """

    index: int
    media_s: float
    detection: Detection
    quality: FaceQuality
    value: float
    promise: float
    look: Look
    close_up: npt.NDArray[np.uint8]
    faint: bool = False
    crop: FaceCrop | None = None
    clothing: FloatArray | None = None


class FaceJudge:
    """Makes candidates of detections, embeds and compares them; nothing is computed twice.

    Args:
        pack: The models.
        faults: Is told of faces that the embedder fails on; without it that is an error.
    """

    def __init__(self, pack: Pack, faults: ModelFaults | None = None) -> None:
        self._faults = faults
        self._detector = pack.detector
        self._embedder = pack.embedder
        self._calibration = pack.calibration
        self._likelihood = LikelihoodSettings(limit=pack.calibration.limit)

    def judge(self, frame: Frame, detection: Detection) -> Candidate | None:
        """Align a face and measure its quality; None for landmarks that are no face's."""
        image = frame.image_bgr
        try:
            chip = align(image, detection.landmarks, self._embedder.template, self._embedder.input_px)
        except ValueError:
            return None
        quality = measure(detection, *image.shape[:2])
        sharp = sharpness(chip)
        value = promise = _value(quality, sharp)
        if frame.detail is not None:
            detail = frame.detail
            there = enlarged(detection, scale_to(detail.width_px, detail.height_px, image))
            promise = _value(measure(there, detail.height_px, detail.width_px), sharp)
        look = Look(quality.size_px, quality.effective_px, chip)
        around = close_up(image, detection.box_xyxy)
        return Candidate(
            frame.index, frame.media_s, detection, quality, value, promise, look, around, is_faint(chip)
        )

    def look_closer(self, candidate: Candidate, frame: Frame, detections: Collection[Detection]) -> None:
        """Judge and cut out a face in the detail of its frame, if it is to be found there.

        What it is compared and embedded by is then that of the detail; `detection` stays that of the frame.

        Args:
            candidate: The face.
            frame: Its frame.
            detections: All faces of the frame.
        """
        image = None if frame.detail is None else frame.detail.image_bgr()
        promise, candidate.promise = candidate.promise, candidate.value
        if image is None:
            return
        scale = scale_to(image.shape[1], image.shape[0], frame.image_bgr)
        others = [enlarged(d, scale) for d in detections if d is not candidate.detection]
        face = find_again(image, enlarged(candidate.detection, scale), others, self._detector)
        if face is None:
            return
        try:
            chip = align(image, face.landmarks, self._embedder.template, self._embedder.input_px)
        except ValueError:
            return
        quality = measure(face, *image.shape[:2])
        candidate.promise = promise
        candidate.quality, candidate.value = quality, _value(quality, sharpness(chip))
        candidate.look = Look(quality.size_px, quality.effective_px, chip)
        candidate.crop = cut_crop(image, face)

    def complete(self, candidate: Candidate, image_bgr: BgrImage) -> Candidate:
        """Add what only the best of a track need: the crop and the clothes."""
        if candidate.crop is None:
            candidate.crop = cut_crop(image_bgr, candidate.detection)
        candidate.clothing = clothing_histogram(image_bgr, candidate.detection.box_xyxy)
        return candidate

    def embed(self, looks: Iterable[Look]) -> None:
        """Give those a vector that have none, in one batch. One that the embedder fails on never gets one.

        Raises:
            InferenceError: If the embedder fails and nobody is told of faults, or does nothing but fail.
        """
        todo = [(look, look.chip) for look in looks if look.vector is None and look.chip is not None]
        if not todo:
            return
        try:
            vectors = self._embedder.embed([chip for _, chip in todo])
        except Exception as error:  # whatever it is, one face must not cost the others
            if self._faults is None:
                raise
            if len(todo) == 1:
                todo[0][0].chip = None
                self._faults.face(error)
            else:
                for look, _ in todo:
                    self.embed([look])
            return
        if self._faults is not None:
            self._faults.face_done()
        for (look, _), vector in zip(todo, vectors, strict=True):
            look.vector = vector

    def ratios(self, looks: Sequence[Look]) -> FloatArray:
        """Log-likelihood ratios of one person for each pair, float32 (N, N); embeds who isn't yet.

        Those without a vector say nothing: 0.
        """
        self.embed(looks)
        calibration = self._calibration
        told = np.array([k for k, look in enumerate(looks) if look.vector is not None], int)
        ratios = np.zeros((len(looks), len(looks)), np.float32)
        if len(told):
            vectors = np.stack([vector for look in looks if (vector := look.vector) is not None])
            compensated = calibration.compensate(vectors, [looks[k].size_px for k in told])
            weights = calibration.size_weights([looks[k].effective_px for k in told])
            ratios[np.ix_(told, told)] = face_log_ratio(
                compensated @ compensated.T, weights, weights, 0.0, calibration, self._likelihood
            )
        return ratios

    def alike(self, one: Look, other: Look) -> bool:
        """Whether two faces look like one person."""
        return bool(self.ratios([one, other])[0, 1] > 0)


def _value(quality: FaceQuality, sharp: float) -> float:
    return quality.value * (0.5 + 0.5 * sharp)
