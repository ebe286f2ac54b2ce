"""What re-clusters did to the people of a collection, as the command and the Python client give it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.recluster_record import ReclusterRecord


@dataclass(frozen=True, slots=True)
class Recluster:
    """One re-cluster.

    Churn says little by itself: who never merges anybody has none. Look at it beside the number of people and
    the share of nobody.

    Attributes:
        ended_at: When it was done, in UTC.
        reason: What it was done for.
        tracks: Tracks that it grouped, of those that were still there at its end.
        people: People that it made of them.
        unassigned_share: Share of tracks that are nobody's, [0, 1].
        churn: Share of the earlier tracks, of which nothing new was known, that are somebody else's now,
            [0, 1].
        earlier: How many those are.
        wide: People with a track that the others of theirs speak against: perhaps two people.
        seconds: How long it took.
        clustering: How tracks were grouped: "average", "dbscan" or "hdbscan".
    """

    ended_at: datetime
    reason: str
    tracks: int
    people: int
    unassigned_share: float
    churn: float
    earlier: int
    wide: int
    seconds: float
    clustering: str

    @classmethod
    def of(cls, record: ReclusterRecord) -> Recluster:
        """From its record."""
        return cls(
            datetime.fromtimestamp(record.ended_at_s, UTC),
            record.reason,
            record.tracks,
            record.people,
            record.unassigned_share,
            record.churn,
            record.earlier,
            record.wide,
            record.seconds,
            record.clustering,
        )
