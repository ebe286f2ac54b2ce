"""A face worker that looks at films, and what it sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis
from films import FPS, INDEX_STEP, Film

from storage.delivery import Entry
from storage.fields import Fields
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack

SETTINGS = FaceWorkerSettings(min_face_px=30)


@dataclass
class Bench:
    """A collection of its own and a face worker that fills it."""

    client: redis.Redis
    keys: Keys
    queue: SampleQueue
    pack: Pack

    def run(
        self,
        film: Film,
        settings: FaceWorkerSettings = SETTINGS,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        stop_after: int | None = None,
        on_frame: Callable[[Frame, int], None] | None = None,
        **options: bool,
    ) -> bool:
        """Process a film; with `stop_after`, tell the worker to stop once it saw so many frames."""
        stop = threading.Event()
        seen: list[int] = []

        def count(frame: Frame, faces: int) -> None:
            seen.append(frame.index)
            if on_frame is not None:
                on_frame(frame, faces)
            if len(seen) == stop_after:
                stop.set()

        if end_s is None:
            end_s = len(film.pictures) / FPS
        return FaceWorker(self.pack, self.queue, settings).run(
            film, start_s, end_s, stop, on_frame=count, **options
        )

    def entries(self) -> list[Entry]:
        """What was sent, in order."""
        self.queue.prepare()
        deliveries = self.queue.receive("test", 10_000, block_ms=1)
        assert [d.problem for d in deliveries if d.problem] == []
        return [d.entry for d in deliveries if d.entry is not None]

    def faces(self) -> list[FaceSample]:
        """What lies in the stream of all faces."""
        return [FaceSample.decode(raw) for _, raw in self.client.xrange(self.keys.faces)]


def ended_tracks(entries: Sequence[Entry]) -> list[TrackRecord]:
    return [e for e in entries if isinstance(e, TrackRecord) and e.ended]


def last_tracks(entries: Sequence[Entry]) -> list[TrackRecord]:
    """The last record of each track, those that a stop or a fault has cut off among them."""
    return list({e.track_id: e for e in entries if isinstance(e, TrackRecord)}.values())


def segments(entries: Sequence[Entry]) -> list[SegmentDone]:
    return [e for e in entries if isinstance(e, SegmentDone)]


def stretches(entries: Sequence[Entry]) -> list[tuple[float, float, int, bool]]:
    """Start, end, frames of each segment, and whether it is the last."""
    return [(s.start_s, s.end_s, s.sampled, s.complete) for s in segments(entries)]


def frames_of(track: TrackRecord) -> list[int]:
    """Pictures of the film that a track was seen in."""
    return [int(frame) // INDEX_STEP for frame in track.observations["frame"]]


def written(entries: Sequence[Entry]) -> list[Fields]:
    return [entry.encode() for entry in entries]
