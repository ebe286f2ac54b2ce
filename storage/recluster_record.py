"""What a re-cluster did to the people of a collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from storage.fields import Fields, Raw, count, number, text

DEFAULT_CLUSTERING = "average"
"""How tracks are grouped where nobody chose."""


@dataclass(frozen=True, slots=True)
class ReclusterRecord:
    """One re-cluster.

    Attributes:
        reason: What it was done for.
        tracks: Tracks that it grouped, of those that were still there at its end.
        people: People that it made of them.
        unassigned: Tracks among them of nobody.
        earlier: Tracks that had a person before, and of which nothing new was known.
        changed: Those of them that are somebody else's now, or nobody's. A person who was merged into another
            one counts as that one.
        wide: People with a track that the others of theirs speak against.
        seconds: How long it took.
        ended_at_s: Unix time of its end.
        clustering: How tracks were grouped.
    """

    reason: str
    tracks: int
    people: int
    unassigned: int
    earlier: int
    changed: int
    wide: int
    seconds: float
    ended_at_s: float
    clustering: str = DEFAULT_CLUSTERING

    @property
    def churn(self) -> float:
        """Share of the earlier tracks that changed, [0, 1]."""
        return self.changed / self.earlier if self.earlier else 0.0

    @property
    def unassigned_share(self) -> float:
        """Share of tracks that are nobody's, [0, 1]."""
        return self.unassigned / self.tracks if self.tracks else 0.0

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {
            "reason": self.reason,
            "tracks": self.tracks,
            "people": self.people,
            "unassigned": self.unassigned,
            "earlier": self.earlier,
            "changed": self.changed,
            "wide": self.wide,
            "seconds": f"{self.seconds:.3f}",
            "ended_at_s": f"{self.ended_at_s:.3f}",
            "clustering": self.clustering,
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            reason=text(raw, "reason"),
            tracks=count(raw, "tracks"),
            people=count(raw, "people"),
            unassigned=count(raw, "unassigned"),
            earlier=count(raw, "earlier"),
            changed=count(raw, "changed"),
            wide=count(raw, "wide"),
            seconds=number(raw, "seconds"),
            ended_at_s=number(raw, "ended_at_s"),
            clustering=text(raw, "clustering", DEFAULT_CLUSTERING),
        )
