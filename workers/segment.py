"""A stretch of a source that is under way."""

from __future__ import annotations

from collections.abc import Iterable

from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.frame import Frame


class Segment:
    """A stretch of a source that is looked at.

    Args:
        source_id: The source.
        start_s: Media time that it starts at.
        provider: What the models run on.
        named: Whether its tracks are named when it is done.

    Attributes:
        start_s: As given.
        last_s: Media time of its newest frame.
        sampled: Number of its frames.
        busy_s: When a face was first seen in it; None if none was.
    """

    def __init__(self, source_id: str, start_s: float, provider: str, *, named: bool) -> None:
        self._source_id = source_id
        self._provider = provider
        self._named = named
        self.start_s = start_s
        self.last_s = start_s
        self.sampled = 0
        self.busy_s: float | None = None
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
        ids = tuple(sorted(self._track_ids)) if self._named else None
        return SegmentDone(self._source_id, self.start_s, end_s, self.sampled, complete, ids, self._provider)
