"""Frames of one source in, finished tracks with embedded samples out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.sample_record import FaceSample
from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.candidate import Candidate, FaceJudge
from workers.carried import Carried, go_on
from workers.followed import Followed
from workers.model_faults import ModelFaults
from workers.models.detection import Detection
from workers.models.pack import Pack
from workers.track_evidence import moments_of
from workers.track_parts import track_parts
from workers.tracking.close_up import CHANGED, change
from workers.tracking.track import LiveTrack
from workers.tracking.tracker import Tracker

FloatArray = npt.NDArray[np.float32]

_SAMPLES = 4
_CROPS = 3
# Sights after which a track is worth a provisional identity, and without which it is no face at all.
_EARLY_SIGHTS = 3
_LEAST_SIGHTS = 2
_FOUNDER_SIGHTS = 3
# Of smaller faces two single ones tell too little to say that they are two people's.
_TELLING_PX = 20.0
# Frames further apart than this are like photos: one sight is all that can be asked for.
_SPARSE_S = 1.5


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
        carried: Tracks that an earlier run closed just before the first frame.
        faults: Is told of faces that can't be embedded, which are left out; without it that is an error.
    """

    def __init__(
        self,
        pack: Pack,
        source_id: str,
        *,
        photo: bool = False,
        carried: Sequence[Carried] = (),
        faults: ModelFaults | None = None,
    ) -> None:
        self._manifest = pack.manifest
        self._source_id = source_id
        self._photo = photo
        self._judge = FaceJudge(pack, faults)
        self._tracker = Tracker(alike=self._alike, changed=self._changed)
        self._followed: dict[int, Followed] = {}
        self._sampled: list[tuple[int, float]] = []
        self._carried = list(carried)
        # Of the newest frame.
        self._candidates: dict[Detection, Candidate] = {}
        self._size_px = (0, 0)

    def expected_boxes(self, media_s: float) -> FloatArray:
        """Where the faces of live tracks should be, float32 (N, 4), px."""
        boxes = [track.predicted_xyxy(media_s) for track in self._tracker.live]
        return np.stack(boxes) if boxes else np.empty((0, 4), np.float32)

    @property
    def live(self) -> int:
        """Number of faces that are being followed."""
        return len(self._tracker.live)

    def present(self) -> list[tuple[str, FloatArray, str]]:
        """Faces of the newest frame that was looked at: track id, box (4,) px, id of what it continues."""
        if not self._sampled:
            return []
        newest = self._sampled[-1][0]
        return [
            (followed.track_id, followed.newest.detection.box_xyxy, followed.continues or "")
            for followed in self._followed.values()
            if followed.newest.index == newest
        ]

    @property
    def period_s(self) -> float:
        """Usual time between two of the last sampled frames, s; 0 before the second one."""
        return self._tracker.period_s

    def pass_over(self, media_s: float) -> None:
        """Take in that there was a sampled frame in which everything is as it was."""
        self._tracker.pass_over(media_s)

    def add(self, frame: Frame, detections: Sequence[Detection]) -> tuple[Batch, list[Candidate]]:
        """Take in the next sampled frame.

        Args:
            frame: The frame.
            detections: Its faces, without duplicates.

        Returns:
            What became ready (tracks that ended, tracks that deserve a provisional identity), and every face
            of this frame.
        """
        height, width = frame.image_bgr.shape[:2]
        self._size_px = (width, height)
        self._sampled.append((frame.index, frame.media_s))
        ordered = sorted(detections, key=lambda detection: tuple(detection.box_xyxy.tolist()))
        judged = [(detection, self._judge.judge(frame, detection)) for detection in ordered]
        self._candidates = {d: candidate for d, candidate in judged if candidate is not None}
        step = self._tracker.step(frame.index, frame.media_s, list(self._candidates))
        early: list[Followed] = []
        new: list[Followed] = []
        for order, (track, candidate) in enumerate(zip(step.seen, self._candidates.values(), strict=True)):
            followed = self._followed.get(track.number)
            if followed is None:
                followed = Followed(f"{self._source_id}.{frame.index}.{order}", track, None, candidate)
                self._followed[track.number] = followed
                new.append(followed)
            self._look(followed, frame, candidate)
            if self._is_worth_telling(followed):
                followed.early = followed.selection.top()
                early.append(followed)
        self._continue(new, frame.media_s)
        batch = self._records([self._followed.pop(t.number) for t in step.ended], early)
        return batch, list(self._candidates.values())

    def cut(self) -> None:
        """Another scene follows: nobody who was closed before goes on."""
        self._carried = []

    def end(self, *, at_cut: bool) -> Batch:
        """End all tracks.

        Args:
            at_cut: Whether another scene follows; otherwise a face that goes on continues its track.
        """
        ended = [self._followed.pop(track.number) for track in self._tracker.end()]
        batch = self._records(ended, [])
        self._carried = []
        if not at_cut and self._sampled:
            last_index = self._sampled[-1][0]
            going_on = [f for f in ended if f.last_id and f.newest.index == last_index]
            self._judge.embed([f.newest.look for f in going_on])
            self._carried = [Carried.of(followed) for followed in going_on]
        self._sampled = []
        return batch

    def embed_all(self, faces: Sequence[Candidate]) -> list[FaceSample]:
        """Embed every face of the newest frame."""
        self._judge.embed([face.look for face in faces])
        track_of = {f.newest: f.track_id for f in self._followed.values()}
        return [
            self._sample(face, track_of.get(face, ""), with_crop=False)
            for face in faces
            if face.look.vector is not None
        ]

    def _look(self, followed: Followed, frame: Frame, candidate: Candidate) -> None:
        """Keep a face if it is among the best of its track."""
        selection = followed.selection
        if frame.detail is not None and selection.would_keep(frame.media_s, candidate.promise):
            self._judge.look_closer(candidate, frame, self._candidates)
        selection.offer(
            frame.media_s, candidate.promise, lambda: self._judge.complete(candidate, frame.image_bgr)
        )
        followed.newest = candidate
        if candidate.faint:
            return
        finds = self._manifest.detector
        followed.sure |= candidate.detection.score >= finds.sure_score
        if candidate.detection.score >= finds.seen_score:
            followed.count_sight(frame.media_s)

    def _is_worth_telling(self, followed: Followed) -> bool:
        """Whether a track should get a provisional identity now, or could found a person only from now on."""
        if self._photo or not followed.sure or followed.sights < _EARLY_SIGHTS or followed.early_founder:
            return False
        best = followed.selection.top()
        if followed.early is None or best is None:
            return best is not None
        # Somebody who comes near, say. Nobody should have to wait for the end of their track to be somebody.
        if best.quality.effective_px < self._manifest.quality.founder_px:
            return False
        return len(moments_of(self._observations(followed))) >= _FOUNDER_SIGHTS

    def _alike(self, track: LiveTrack, detection: Detection) -> bool:
        """Whether a face looks like the last one of a track."""
        return self._judge.alike(self._followed[track.number].newest.look, self._candidates[detection].look)

    def _changed(self, track: LiveTrack, detection: Detection) -> bool:
        """Whether a face looks so unlike the last one in its place that the two should be compared."""
        before, now = self._followed[track.number].newest, self._candidates[detection]
        if min(before.look.effective_px, now.look.effective_px) < _TELLING_PX:
            return False
        if change(before.close_up, now.close_up) <= CHANGED:
            return False
        # Where one of them can't be embedded, the two can't be compared, and the place is all there is.
        self._judge.embed([before.look, now.look])
        return before.look.vector is not None and now.look.vector is not None

    def _continue(self, new: Sequence[Followed], media_s: float) -> None:
        """Link the tracks that begin in the first frame of a segment with those that the last one closed."""
        carried = [c for c in self._carried if media_s - c.media_s <= self._tracker.max_gap_s]
        self._carried = []
        go_on(new, carried, self._judge)

    def _records(self, ended: Iterable[Followed], early: Iterable[Followed]) -> Batch:
        """Embed what is needed in one call and write the records of tracks that are real."""
        least = 1 if self._photo or self._tracker.period_s > _SPARSE_S else _LEAST_SIGHTS
        chosen: list[tuple[Followed, list[Candidate], bool]] = []
        for followed in ended:
            if followed.sure and followed.sights >= least:
                best = followed.selection.best(_SAMPLES)
                if followed.early is not None and followed.early not in best:
                    best = sorted([*best, followed.early], key=lambda c: c.index)
                chosen.append((followed, best, True))
        chosen += [(followed, [followed.early], False) for followed in early if followed.early is not None]
        self._judge.embed([candidate.look for _, candidates, _ in chosen for candidate in candidates])
        samples: list[FaceSample] = []
        tracks: list[TrackRecord] = []
        for followed, candidates, is_ended in chosen:
            told = [candidate for candidate in candidates if candidate.look.vector is not None]
            # Of whom no face could be embedded, there is nothing to tell.
            for part, record in self._parts(followed, told, is_ended) if told else ():
                samples += part
                tracks.append(record)
                followed.last_id, followed.early_founder = record.track_id, record.founder
        return Batch(tuple(samples), tuple(tracks))

    def _parts(
        self, followed: Followed, candidates: list[Candidate], ended: bool
    ) -> list[tuple[list[FaceSample], TrackRecord]]:
        """The record of a track, or of those that it turns out to be."""
        observations = self._observations(followed)
        if not ended:
            return [self._part(followed, followed.track_id, candidates, observations, ended)]
        return [
            self._part(followed, part.track_id, part.faces, observations[part.frames], ended)
            for part in track_parts(followed, candidates, observations, self._judge)
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
        first_s, last_s = observations["media_s"][[0, -1]].tolist()
        worn = [
            c.clothing
            for c in followed.selection.best()
            if c.clothing is not None and first_s <= c.media_s <= last_s
        ]
        clothing = np.rint(np.sqrt(np.mean(worn, axis=0)) * 255).astype(np.uint8) if worn else None
        best_px = max(c.quality.effective_px for c in candidates)
        sights = len(moments_of(observations))
        once = self._photo or self._tracker.period_s > _SPARSE_S
        return samples, TrackRecord(
            track_id=track_id,
            source_id=self._source_id,
            observations=observations,
            sample_ids=tuple(sample.sample_id for sample in samples),
            clothing=clothing,
            continues=followed.continues if track_id == followed.track_id else None,
            photo=self._photo,
            founder=best_px >= self._manifest.quality.founder_px and (once or sights >= _FOUNDER_SIGHTS),
            ended=ended,
        )

    def _observations(self, followed: Followed) -> npt.NDArray[np.void]:
        return followed.observations(self._sampled, self._size_px)

    def _sample(self, candidate: Candidate, track_id: str, *, with_crop: bool) -> FaceSample:
        assert candidate.look.vector is not None
        crop = candidate.crop if with_crop else None
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
            model_id=self._manifest.model_id,
            vector=candidate.look.vector,
            crop_jpeg=crop.jpeg() if crop else b"",
            crop_landmarks=crop.landmarks if crop else np.zeros((5, 2), np.float32),
        )
