"""The faces of one source, followed frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from storage.delivery import Entry
from storage.sample_record import FaceSample
from stream.frame import Frame
from workers.carried import Carried
from workers.errors import InferenceError
from workers.face_worker_settings import FaceWorkerSettings
from workers.model_faults import ModelFaults
from workers.models.detection import Detection, Shown, Unseen
from workers.models.pack import Pack
from workers.segment import Segment
from workers.stages import TRACK
from workers.track_builder import TrackBuilder
from workers.tracking.boxes import iou_matrix
from workers.tracking.gate import Gate
from workers.tracking.region import Region
from workers.tracking.shots import ShotDetector

FloatArray = npt.NDArray[np.float32]

# Two boxes of one face, when every live track is looked for separately.
_SAME_FACE_IOU = 0.5
# A detection that overlaps an expected box so much is nobody new.
_EXPECTED_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Found:
    """What a frame brought.

    Attributes:
        entries: For the queue, in this order.
        faces: Its faces, embedded, where every face is wanted.
        seen: Number of its faces; of those that are followed where nobody looked.
        looked: Whether it was looked at; otherwise nothing had changed since the one before.
    """

    entries: tuple[Entry, ...]
    faces: tuple[FaceSample, ...]
    seen: int
    looked: bool


class SourceFollower:
    """Detects, tracks and embeds the faces of one source, and closes its segments; sends nothing itself.

    Args:
        pack: The models.
        source_id: The source.
        settings: How frames are looked at.
        start_s: Media time that the source starts at; None for that of the first frame.
        photo: Whether the source is a photo.
        carried: Tracks that an earlier run closed right before the first frame, whose faces may go on.
        region: Where faces count; everywhere by default.
        gate: Tells which frames are worth a look; all are without one.
        repeatable: Whether a segment that was not marked done is looked at again. Then its tracks are named
            when it is done, so that those of a run that was stopped go.

    Attributes:
        faults: What models failed on.
    """

    def __init__(
        self,
        pack: Pack,
        source_id: str,
        settings: FaceWorkerSettings,
        *,
        start_s: float | None = None,
        photo: bool = False,
        carried: Sequence[Carried] = (),
        region: Region | None = None,
        gate: Gate | None = None,
        repeatable: bool = True,
    ) -> None:
        self._region = region
        self._gate = gate
        self._repeatable = repeatable
        self._pack = pack
        self._source_id = source_id
        self._settings = settings
        self._photo = photo
        self.faults = ModelFaults(source_id)
        self._builder = TrackBuilder(pack, source_id, photo=photo, carried=carried, faults=self.faults)
        self._segment = None if start_s is None else self._begin(start_s)
        self._shots = ShotDetector()
        self._shape: tuple[int, ...] = ()
        self._search_at_s = -np.inf
        # Whether the last search found nobody new, and nobody got lost since.
        self._settled = False

    @property
    def period_s(self) -> float:
        """Usual time between two of the last frames, s; 0 before the second one."""
        return self._builder.period_s

    @property
    def last_s(self) -> float | None:
        """Media time of the newest frame of the open segment, or its start; None without one."""
        return None if self._segment is None else self._segment.last_s

    @property
    def untold_s(self) -> float | None:
        """Media time of the first frame that what is open of tracks may need; None where nothing is open."""
        return None if self._segment is None else self._segment.busy_s

    @property
    def follows(self) -> bool:
        """Whether faces are being followed."""
        return self._builder.live > 0

    def present(self) -> list[tuple[str, FloatArray, str]]:
        """Faces of the newest frame that was looked at, as `TrackBuilder.present` gives them."""
        return self._builder.present()

    def wants(self, frame: Frame) -> bool:
        """Whether the next sampled frame is worth a look; asked once of each, before `look` or `skip`."""
        if self._gate is None:
            return True
        return (
            self._gate.wants(frame.image_bgr, frame.media_s, self.follows)
            or not self._settled
            # Tracks that are closed are found again at once, or not at all.
            or self._segment is None
            or self._is_over(frame.media_s)
        )

    def needs_detector(self, frame: Frame) -> bool:
        """Whether the detector will be asked about a frame, which is known before it is looked at."""
        return self.follows or self._is_search(frame.media_s)

    def skip(self, frame: Frame) -> Found:
        """Pass the next sampled frame over, as nothing has changed."""
        assert self._segment is not None
        followed = self._builder.live
        self._segment.saw(frame)
        self._builder.pass_over(frame.media_s)
        return Found((), (), followed, looked=False)

    def look(self, frame: Frame, shown: Shown | None = None) -> Found:
        """Look at the next sampled frame; one that models fail on is passed over.

        Args:
            frame: The frame.
            shown: It as it was shown to the detector, with others; None looks at it now.

        Raises:
            InferenceError: If they fail on a photo, or do nothing but fail.
        """
        self.faults.now_s = frame.media_s
        with self._watching():
            return self._look(frame, shown or Unseen(self._pack.detector, frame.image_bgr))

    def look_back(self, frame: Frame) -> None:
        """Take in a frame from right before the first one: no face goes on over a cut that lies between."""
        self._shots.is_cut(frame.image_bgr)
        self._shape = frame.image_bgr.shape

    def leave_out(self, frame: Frame, reason: str) -> None:
        """Pass a sampled frame over that must not be looked at; the reason is told."""
        self.faults.now_s = frame.media_s
        self.faults.frame(InferenceError(reason, model=""))
        if self._segment is None:
            self._segment = self._begin(frame.media_s)
        self._segment.saw(frame)
        self._builder.pass_over(frame.media_s)

    def begin_anew(self, error: Exception) -> None:
        """Let go of all that is open, as after an error that nobody thought of; nothing of it is sent."""
        self.faults.frame_of_live(error)
        self._builder = TrackBuilder(self._pack, self._source_id, photo=self._photo, faults=self.faults)
        self._segment = None
        self._search_at_s = -np.inf
        self._settled = False

    def _look(self, frame: Frame, shown: Shown) -> Found:
        image = frame.image_bgr
        expected = self._builder.expected_boxes(frame.media_s)
        over = self._is_over(frame.media_s)
        # A stream that changes its size has no common coordinates from before to after.
        cut = not self._photo and (self._shots.is_cut(image) or (self._shape not in ((), image.shape)))
        self._shape = image.shape
        if cut:
            self._builder.cut()
        entries: list[Entry] = []
        if self._segment is not None and self._segment.sampled and (cut or over):
            entries += self.close(frame.media_s, at_cut=cut)
            expected = expected[:0]
        if self._segment is None:
            self._segment = self._begin(frame.media_s)
        try:
            detections = self._detections(frame, shown, expected)
        except Exception as error:  # whatever it is, one frame must not cost the others
            if self._photo:
                raise InferenceError(
                    f"the models failed on it: {str(error) or type(error).__name__}", model="detector"
                ) from error
            self.faults.frame(error)
            self._segment.saw(frame)
            self._builder.pass_over(frame.media_s)
            return Found(tuple(entries), (), 0, looked=True)
        self.faults.frame_done()
        with self._settings.stages.timed(TRACK):
            batch, faces = self._builder.add(frame, detections)
        everything = self._builder.embed_all(faces) if self._settings.samples == "all" else []
        self._segment.saw(frame)
        if faces and self._segment.busy_s is None:
            self._segment.busy_s = frame.media_s
        self._segment.sent(batch.tracks)
        entries += [*batch.samples, *batch.tracks]
        return Found(tuple(entries), tuple(everything), len(faces), looked=True)

    def close(
        self, done_s: float | None = None, *, at_cut: bool = True, complete: bool = False
    ) -> list[Entry]:
        """End all tracks and the segment; the next frame begins another one.

        Args:
            done_s: Media time up to which the source is done, or None if the segment is not.
            at_cut: Whether another scene follows; otherwise a face that goes on continues its track.
            complete: Whether the source ends here.

        Returns:
            What is to be sent.
        """
        with self._watching():
            batch = self._builder.end(at_cut=at_cut)
        tracks = batch.tracks
        if done_s is None and self._repeatable:
            # Whoever looks at it again sees more of them.
            tracks = tuple(replace(track, ended=False) for track in tracks)
        entries: list[Entry] = [*batch.samples, *tracks]
        if self._segment is not None:
            self._segment.sent(tracks)
            if done_s is not None:
                entries.append(self._segment.done(done_s, complete=complete))
        self._segment = None
        self._search_at_s = -np.inf
        self._settled = False
        return entries

    def _watching(self) -> AbstractContextManager[None]:
        return self._settings.watchdog.watching(f"{self._source_id} at {self.faults.now_s:.1f} s")

    def _begin(self, start_s: float) -> Segment:
        return Segment(self._source_id, start_s, self._pack.providers[0], named=self._repeatable)

    def _is_over(self, media_s: float) -> bool:
        """Whether the open segment has lasted long enough."""
        segment = self._segment
        if segment is None or not segment.sampled:
            return False
        idle_s = self._settings.idle_segment_s
        if idle_s is None:
            return media_s - segment.start_s >= self._settings.segment_s
        if segment.busy_s is None:
            return media_s - segment.start_s >= idle_s
        # Whoever comes into a long idle one is not cut off at once.
        return media_s - segment.busy_s >= self._settings.segment_s

    def _is_search(self, media_s: float) -> bool:
        """Whether it is time to search the whole picture."""
        return media_s >= self._search_at_s and (
            self._gate is None or self._gate.searches or not self._settled
        )

    def _detections(self, frame: Frame, shown: Shown, expected: FloatArray) -> list[Detection]:
        """Faces of a frame; the whole picture is searched when it is time to."""
        image = frame.image_bgr
        searched = self._is_search(frame.media_s)
        if searched:
            min_face = self._settings.min_face(image.shape[0], image.shape[1])
            detections = shown.detect(min_face)
        else:
            detections = _distinct(shown.refine(expected))
        if self._region is not None and detections:
            height, width = image.shape[:2]
            holds = self._region.holds(np.stack([d.box_xyxy for d in detections]), width, height)
            detections = [d for d, held in zip(detections, holds, strict=True) if held]
        calm = _all_expected(detections, expected) and len(detections) >= len(expected)
        if searched:
            wait_s = self._settings.calm_interval_s if calm else self._settings.search_interval_s
            self._search_at_s = frame.media_s + wait_s
        self._settled = calm and (searched or self._settled)
        if not searched and not calm:
            self._search_at_s = min(self._search_at_s, frame.media_s + self._settings.search_interval_s)
        return detections


def _all_expected(detections: list[Detection], expected_xyxy: FloatArray) -> bool:
    """Whether every detection lies where a face was expected."""
    if not detections:
        return True
    if len(expected_xyxy) == 0:
        return False
    found = np.stack([detection.box_xyxy for detection in detections])
    return bool((iou_matrix(found, expected_xyxy).max(axis=1) >= _EXPECTED_IOU).all())


def _distinct(found: list[Detection | None]) -> list[Detection]:
    """Detections without those that show a face that a better one shows already."""
    kept: list[Detection] = []
    for detection in sorted((d for d in found if d is not None), key=lambda d: -d.score):
        if kept:
            overlap = iou_matrix(detection.box_xyxy[None], np.stack([k.box_xyxy for k in kept]))
            if overlap.max() >= _SAME_FACE_IOU:
                continue
        kept.append(detection)
    return kept
