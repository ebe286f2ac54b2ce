"""The tracks of a collection by their ids, and which of them are others than before."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from workers.people import TrackSummary


class TrackSummaries(MutableMapping[str, TrackSummary]):
    """What is known of each track.

    Attributes:
        changed: Tracks that came, changed or went, to be emptied by whoever heeds it.
    """

    def __init__(self) -> None:
        self._summaries: dict[str, TrackSummary] = {}
        self.changed: set[str] = set()

    def __getitem__(self, track_id: str) -> TrackSummary:
        """What is known of a track."""
        return self._summaries[track_id]

    def __setitem__(self, track_id: str, summary: TrackSummary) -> None:
        """Know this of a track from now on."""
        self._summaries[track_id] = summary
        self.changed.add(track_id)

    def __delitem__(self, track_id: str) -> None:
        """Know nothing of a track any more."""
        del self._summaries[track_id]
        self.changed.add(track_id)

    def __contains__(self, track_id: object) -> bool:
        """Whether there is such a track."""
        return track_id in self._summaries

    def __iter__(self) -> Iterator[str]:
        """Ids of all."""
        return iter(self._summaries)

    def __len__(self) -> int:
        """Number of all."""
        return len(self._summaries)
