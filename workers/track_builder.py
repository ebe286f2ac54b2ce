"""Frames of one source in, finished tracks with embedded samples out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from storage.sample_record import FaceSample
from storage.track_record import OBSERVATION, TrackRecord
from stream.frame import Frame
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio
from workers.faces.alignment import align
from workers.faces.clothing import clothing_histogram
from workers.faces.crop import FaceCrop, cut_crop
from workers.faces.quality import FaceQuality, measure, sharpness
from workers.models.detection import BgrImage, Detection
from workers.models.pack import Pack
from workers.tracking.boxes import iou_matrix
from workers.tracking.selection import SampleSelection
from workers.tracking.splitting import split_point
from workers.tracking.track import LiveTrack
from workers.tracking.tracker import Tracker

FloatArray = npt.NDArray[np.float32]

_SAMPLES = 4
_CROPS = 3
# Sure detections after which a track is worth a provisional identity, and without which it is no face at all.
_EARLY_SIGHTS = 3
_LEAST_SIGHTS = 2
_LEAST_OBSERVATIONS = 3
_CONTINUES_IOU = 0.35


@dataclass(slots=True, eq=False)
class Candidate:
    """A face that may become a sample of its track."""

    index: int
    media_s: float
    detection: Detection
    quality: FaceQuality
    value: float
    chip: BgrImage
    crop: FaceCrop
    vector: FloatArray | None = None


@dataclass(slots=True, eq=False)
class Followed:
    """What is kept of a track while it lives."""

    track_id: str
    track: LiveTrack
    continues: str | None
    selection: SampleSelection[Candidate] = field(default_factory=SampleSelection)
    early: Candidate | None = None
    sights: int = 0
    clothing: FloatArray | None = None
    chip: BgrImage | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is ready to be sent: samples before the tracks that name them."""

    samples: tuple[FaceSample, ...] = ()
    tracks: tuple[TrackRecord, ...] = ()


class TrackBuilder:
    """Follows the faces of one source and embeds the few that are worth it.

    Args:
        pack: The models.
        source_id: The source.
        photo: Whether the source is a photo, where one sight is all there will ever be.
    """

    def __init__(self, pack: Pack, source_id: str, *, photo: bool = False) -> None:
        self._pack = pack
        self._source_id = source_id
        self._photo = photo
        self._likelihood = LikelihoodSettings()
        self._tracker = Tracker(alike=self._alike)
        self._followed: dict[int, Followed] = {}
        self._sampled: list[tuple[int, float]] = []
        self._carried: dict[str, FloatArray] = {}
        self._image: BgrImage = np.zeros((1, 1, 3), np.uint8)

    def expected_boxes(self, media_s: float) -> FloatArray:
        """Where the faces of live tracks should be, float32 (N, 4), px."""
        boxes = [track.predicted_xyxy(media_s) for track in self._tracker.live]
        return np.stack(boxes) if boxes else np.empty((0, 4), np.float32)

    def add(self, frame: Frame, detections: Sequence[Detection]) -> tuple[Batch, list[Candidate]]:
        """Take in the next sampled frame.

        Args:
            frame: The frame.
            detections: Its faces, without duplicates.

        Returns:
            What became ready (tracks that ended, tracks that deserve a provisional identity), and every face
            of this frame.
        """
        self._image = frame.image_bgr
        self._sampled.append((frame.index, frame.media_s))
        ordered = sorted(detections, key=lambda detection: tuple(detection.box_xyxy.tolist()))
        step = self._tracker.step(frame.index, frame.media_s, ordered)
        faces = []
        early: list[Followed] = []
        for order, (track, detection) in enumerate(zip(step.seen, ordered, strict=True)):
            followed = self._followed.get(track.number) or self._follow(track, frame.index, order)
            faces.append(self._look(followed, frame, detection))
            if followed.sights >= _EARLY_SIGHTS and followed.early is None and not self._photo:
                followed.early = followed.selection.top()
                early.append(followed)
        self._carried = {}
        batch = self._records([self._followed.pop(t.number) for t in step.ended], early)
        return batch, faces

    def end(self, *, at_cut: bool) -> Batch:
        """End all tracks.

        Args:
            at_cut: Whether another scene follows; otherwise a face that goes on continues its track.
        """
        ended = [self._followed.pop(track.number) for track in self._tracker.end()]
        batch = self._records(ended, [])
        self._carried = {}
        if not at_cut and self._sampled:
            last_index = self._sampled[-1][0]
            confirmed = {track.track_id for track in batch.tracks}
            self._carried = {
                f.track_id: f.track.last.detection.box_xyxy
                for f in ended
                if f.track.last.index == last_index and f.track_id in confirmed
            }
        self._sampled = []
        return batch

    def embed_all(self, faces: Sequence[Candidate]) -> list[FaceSample]:
        """Embed every face of a frame."""
        self._embed(faces)
        by_detection = {f.track.last.detection: f.track_id for f in self._followed.values()}
        return [self._sample(face, by_detection.get(face.detection, ""), with_crop=False) for face in faces]

    def _follow(self, track: LiveTrack, index: int, order: int) -> Followed:
        box = track.last.detection.box_xyxy[None]
        continues = None
        if self._carried:
            ids = list(self._carried)
            overlap = iou_matrix(box, np.stack([self._carried[i] for i in ids]))[0]
            best = int(overlap.argmax())
            if overlap[best] >= _CONTINUES_IOU:
                continues = ids[best]
                del self._carried[continues]
        followed = Followed(f"{self._source_id}.{index}.{order}", track, continues)
        self._followed[track.number] = followed
        return followed

    def _look(self, followed: Followed, frame: Frame, detection: Detection) -> Candidate:
        """Judge a face and keep it if it is among the best of its track."""
        height, width = frame.image_bgr.shape[:2]
        quality = measure(detection, height, width)
        chip = self._chip(detection)
        value = quality.value * (0.5 + 0.5 * sharpness(chip))
        candidate = Candidate(
            frame.index,
            frame.media_s,
            detection,
            quality,
            value,
            chip,
            cut_crop(frame.image_bgr, detection),
        )
        if followed.selection.offer(frame.media_s, value, lambda: candidate):
            clothing = clothing_histogram(frame.image_bgr, detection.box_xyxy)
            if clothing is not None:
                followed.clothing = clothing if followed.clothing is None else followed.clothing + clothing
        followed.chip = chip
        followed.sights += detection.score >= self._pack.manifest.detector.sure_score
        return candidate

    def _chip(self, detection: Detection) -> BgrImage:
        embedder = self._pack.embedder
        return align(self._image, detection.landmarks, embedder.template, embedder.input_px)

    def _alike(self, track: LiveTrack, detection: Detection) -> bool:
        """Whether a face looks like the last one of a track."""
        chip = self._followed[track.number].chip
        if chip is None:
            return False
        vectors = self._pack.embedder.embed([chip, self._chip(detection)])
        boxes = np.stack([track.last.detection.box_xyxy, detection.box_xyxy])
        sizes = np.sqrt((boxes[:, 2:] - boxes[:, :2]).clip(1).prod(axis=1))
        return bool(self._ratios(vectors, sizes)[0, 1] > 0)

    def _ratios(self, vectors: FloatArray, sizes_px: npt.ArrayLike) -> FloatArray:
        calibration = self._pack.calibration
        compensated = calibration.compensate(vectors, sizes_px)
        weights = calibration.size_weights(sizes_px)
        return face_log_ratio(
            compensated @ compensated.T, weights, weights, 0.0, calibration, self._likelihood
        )

    def _records(self, ended: Iterable[Followed], early: Iterable[Followed]) -> Batch:
        """Embed what is needed in one call and write the records of tracks that are real."""
        least = 1 if self._photo else _LEAST_SIGHTS
        chosen: list[tuple[Followed, list[Candidate], bool]] = []
        for followed in ended:
            if followed.sights >= least:
                best = followed.selection.best(_SAMPLES)
                if followed.early is not None and followed.early not in best:
                    best = sorted([*best, followed.early], key=lambda c: c.index)
                chosen.append((followed, best, True))
        chosen += [(followed, [followed.early], False) for followed in early if followed.early is not None]
        self._embed([candidate for _, candidates, _ in chosen for candidate in candidates])
        samples: list[FaceSample] = []
        tracks: list[TrackRecord] = []
        for followed, candidates, is_ended in chosen:
            for part, record in self._parts(followed, candidates, is_ended):
                samples += part
                tracks.append(record)
        return Batch(tuple(samples), tuple(tracks))

    def _parts(
        self, followed: Followed, candidates: list[Candidate], ended: bool
    ) -> list[tuple[list[FaceSample], TrackRecord]]:
        """The record of a track, or of the two that it turns out to be."""
        observations = self._observations(followed.track)
        vectors = np.stack([c.vector for c in candidates if c.vector is not None])
        ratios = self._ratios(vectors, [c.quality.effective_px for c in candidates])
        at = split_point(ratios) if ended and followed.early not in candidates[1:] else None
        if at is None:
            return [self._part(followed, followed.track_id, candidates, observations, ended)]
        border = candidates[at].index
        late = observations["frame"] >= border
        return [
            self._part(followed, followed.track_id, candidates[:at], observations[~late], ended),
            self._part(followed, f"{followed.track_id}.b", candidates[at:], observations[late], ended),
        ]

    def _part(
        self,
        followed: Followed,
        track_id: str,
        candidates: list[Candidate],
        observations: npt.NDArray[np.void],
        ended: bool,
    ) -> tuple[list[FaceSample], TrackRecord]:
        with_crop = sorted(candidates, key=lambda c: -c.value)[:_CROPS]
        samples = [self._sample(c, track_id, with_crop=c in with_crop) for c in candidates]
        clothing = None
        if followed.clothing is not None:
            clothing = np.rint(np.sqrt(followed.clothing / followed.clothing.sum()) * 255).astype(np.uint8)
        best_px = max(c.quality.effective_px for c in candidates)
        return samples, TrackRecord(
            track_id=track_id,
            source_id=self._source_id,
            observations=observations,
            sample_ids=tuple(sample.sample_id for sample in samples),
            clothing=clothing,
            continues=followed.continues if track_id == followed.track_id else None,
            photo=self._photo,
            founder=best_px >= self._pack.manifest.quality.founder_px
            and (self._photo or len(observations) >= _LEAST_OBSERVATIONS),
            ended=ended,
        )

    def _observations(self, track: LiveTrack) -> npt.NDArray[np.void]:
        """All sampled frames of a track, boxes within the picture; without a sight, one in between."""
        seen = {o.index: o for o in track.observations}
        first, last = track.observations[0].index, track.last.index
        frames = [(index, media_s) for index, media_s in self._sampled if first <= index <= last]
        at = np.array([media_s for _, media_s in frames])
        known_at = np.array([o.media_s for o in track.observations])
        boxes = np.stack([o.detection.box_xyxy for o in track.observations])
        result = np.zeros(len(frames), OBSERVATION)
        result["frame"] = [index for index, _ in frames]
        result["media_s"] = at
        for side in range(4):
            result["box_xyxy"][:, side] = np.interp(at, known_at, boxes[:, side])
        for k, (index, _) in enumerate(frames):
            if index in seen:
                result["box_xyxy"][k] = seen[index].detection.box_xyxy
                result["score"][k] = seen[index].detection.score
        height, width = self._image.shape[:2]
        # A detector guesses the part of a face that the edge cuts off; a reader wants what is to be seen.
        result["box_xyxy"] = np.clip(result["box_xyxy"], 0, [width, height, width, height])
        return result

    def _embed(self, candidates: Iterable[Candidate]) -> None:
        todo = [candidate for candidate in candidates if candidate.vector is None]
        if todo:
            vectors = self._pack.embedder.embed([candidate.chip for candidate in todo])
            for candidate, vector in zip(todo, vectors, strict=True):
                candidate.vector = vector

    def _sample(self, candidate: Candidate, track_id: str, *, with_crop: bool) -> FaceSample:
        assert candidate.vector is not None
        return FaceSample(
            sample_id=f"{track_id or self._source_id}.{candidate.index}",
            track_id=track_id,
            source_id=self._source_id,
            frame=candidate.index,
            media_s=candidate.media_s,
            box_xyxy=candidate.detection.box_xyxy,
            score=candidate.detection.score,
            size_px=candidate.quality.size_px,
            effective_px=candidate.quality.effective_px,
            quality=candidate.value,
            model_id=self._pack.manifest.model_id,
            vector=candidate.vector,
            crop_jpeg=candidate.crop.jpeg() if with_crop else b"",
            crop_landmarks=candidate.crop.landmarks,
        )
