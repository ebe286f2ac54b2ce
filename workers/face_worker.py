"""The face worker: frames of a source in, samples and tracks into the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.requests import LookAgainRequest
from storage.sample_queue import Entry, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.errors import StreamError
from stream.frame import Frame
from stream.reader import FrameReader
from stream.source import FrameSource
from workers.models.detection import Detection
from workers.models.pack import Pack
from workers.track_builder import Batch, Carried, TrackBuilder
from workers.tracking.boxes import iou_matrix
from workers.tracking.shots import ShotDetector

FloatArray = npt.NDArray[np.float32]

# Two boxes of one face, when every live track is looked for separately.
_SAME_FACE_IOU = 0.5
# A detection that overlaps an expected box so much is nobody new.
_EXPECTED_IOU = 0.3


@dataclass(frozen=True, slots=True)
class FaceWorkerSettings:
    """How a face worker looks at frames.

    Attributes:
        min_face_px: Smallest face side looked for, px, or None for a share of the picture.
        min_face_share: That share, of the picture's shorter side.
        least_face_px: Never look for smaller ones than this by share.
        large_face_px: Always look for those of this size: a large picture holds more faces, not larger ones,
            and more pixels would not tell more about who it is.
        search_interval_s: The whole picture is searched so often; between searches, and within a shot, only
            places where a face is expected are looked at.
        calm_interval_s: The same while searches find nobody new and no face gets lost.
        segment_s: Tracks are closed and the source is marked done up to here at least this often; bounds
            memory, and what a killed run does again.
        samples: "best": the few best faces of a track; "all": every face of every sampled frame goes to a
            stream of its own as well.
    """

    min_face_px: float | None = None
    min_face_share: float = 0.04
    least_face_px: float = 16.0
    large_face_px: float = 60.0
    search_interval_s: float = 0.55
    calm_interval_s: float = 1.15
    segment_s: float = 60.0
    samples: Literal["best", "all"] = "best"

    def min_face(self, height_px: int, width_px: int) -> float:
        """Smallest face side to look for in pictures of this size, px."""
        if self.min_face_px is not None:
            return self.min_face_px
        share_px = self.min_face_share * min(height_px, width_px)
        return min(max(share_px, self.least_face_px), self.large_face_px)


OnFrame = Callable[[Frame, int], None]


class FaceWorker:
    """Detects, tracks and embeds the faces of one source after the other.

    Args:
        pack: The models.
        queue: Where samples and tracks go.
        settings: How frames are looked at.
    """

    def __init__(self, pack: Pack, queue: SampleQueue, settings: FaceWorkerSettings | None = None) -> None:
        self._pack = pack
        self._queue = queue
        self._settings = settings or FaceWorkerSettings()

    def run(
        self,
        source: FrameSource,
        start_s: float,
        end_s: float,
        stop: threading.Event,
        *,
        to_end: bool = True,
        photo: bool = False,
        carried: Sequence[Carried] = (),
        on_frame: OnFrame | None = None,
    ) -> bool:
        """Process a source to its end, or until told to stop.

        What was found is in the queue when this returns, also after a stop.

        Args:
            source: Gives the sampled frames.
            start_s: Media time that the source starts at.
            end_s: Media time that it ends at; infinite for "as long as it lasts".
            stop: Ends the work early, at the next frame.
            to_end: Whether the source's own end is also the end of what it was asked to give.
            photo: Whether the source is a photo.
            carried: Tracks that an earlier run closed right before `start_s`, whose faces may go on.
            on_frame: Called after each frame with the number of its faces.

        Returns:
            Whether the source's end was reached.
        """
        builder = TrackBuilder(self._pack, source.source_id, photo=photo, carried=carried)
        segment = _Segment(source.source_id, start_s, self._pack.providers[0])
        try:
            with FrameReader(source, stop=stop) as reader:
                segment = self._follow(reader, builder, segment, stop, on_frame)
        except StreamError:
            # What could be read before the fault counts, but the stretch is not done.
            self._send(builder.end(at_cut=True), segment)
            raise
        finished = not stop.is_set()
        if not np.isfinite(end_s):
            end_s = segment.last_s + 1e-3
        # An interrupted segment is not marked done: the next run looks at it again.
        self._send(
            builder.end(at_cut=True), segment, end_s if finished else None, complete=finished and to_end
        )
        return finished

    def look_again(self, source_id: str) -> None:
        """Say that a source is processed anew, so that who was forgotten in it may be found again."""
        self._queue.send([LookAgainRequest(source_id)])

    def _follow(
        self,
        reader: FrameReader,
        builder: TrackBuilder,
        segment: _Segment,
        stop: threading.Event,
        on_frame: OnFrame | None,
    ) -> _Segment:
        """Follow the faces of all frames; returns the segment that is still open."""
        shots = ShotDetector()
        search_at_s = -np.inf
        shape: tuple[int, ...] = ()
        for frame in reader:
            if stop.is_set():
                break
            image = frame.image_bgr
            # A stream that changes its size has no common coordinates from before to after.
            cut = shots.is_cut(image) or (segment.sampled > 0 and image.shape != shape)
            shape = image.shape
            if segment.sampled and (cut or frame.media_s - segment.start_s >= self._settings.segment_s):
                self._send(builder.end(at_cut=cut), segment, frame.media_s)
                segment = _Segment(frame.source_id, frame.media_s, self._pack.providers[0])
                search_at_s = -np.inf
            expected = builder.expected_boxes(frame.media_s)
            searched = frame.media_s >= search_at_s
            if searched:
                min_face = self._settings.min_face(image.shape[0], image.shape[1])
                detections = self._pack.detector.detect([image], min_face)[0]
            else:
                detections = _distinct(self._pack.detector.refine(image, expected))
            batch, faces = builder.add(frame, detections)
            everything = builder.embed_all(faces) if self._settings.samples == "all" else []
            segment.saw(frame)
            calm = _all_expected(detections, expected) and len(detections) >= len(expected)
            if searched:
                wait_s = self._settings.calm_interval_s if calm else self._settings.search_interval_s
                search_at_s = frame.media_s + wait_s
            elif not calm:
                search_at_s = min(search_at_s, frame.media_s + self._settings.search_interval_s)
            self._send(batch, segment, faces=everything, stop=stop)
            if on_frame is not None:
                on_frame(frame, len(faces))
        return segment

    def _send(
        self,
        batch: Batch,
        segment: _Segment,
        done_s: float | None = None,
        *,
        complete: bool = False,
        faces: Sequence[FaceSample] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """Send what is ready; with `done_s`, that its segment is done up to there."""
        entries: list[Entry] = [*batch.samples, *batch.tracks]
        segment.sent(batch.tracks)
        if done_s is not None:
            entries.append(segment.done(done_s, complete=complete))
        self._queue.send(entries, faces=faces, stop=stop.is_set if stop else lambda: False)


class _Segment:
    """A stretch of a source that is under way."""

    def __init__(self, source_id: str, start_s: float, provider: str) -> None:
        self._source_id = source_id
        self._provider = provider
        self.start_s = start_s
        self.last_s = start_s
        self.sampled = 0
        self._track_ids: set[str] = set()

    def saw(self, frame: Frame) -> None:
        """Count a frame."""
        self.sampled += 1
        self.last_s = frame.media_s

    def sent(self, tracks: Iterable[TrackRecord]) -> None:
        """Remember tracks that were sent."""
        self._track_ids.update(track.track_id for track in tracks)

    def done(self, end_s: float, *, complete: bool = False) -> SegmentDone:
        """The stretch from its start to `end_s`, which is done."""
        ids = tuple(sorted(self._track_ids))
        return SegmentDone(self._source_id, self.start_s, end_s, self.sampled, complete, ids, self._provider)


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
