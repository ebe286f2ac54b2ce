"""How steady identities are: what a re-cluster changes of what was known before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Churn:
    """Tracks of which nothing new was known, and how many of them are somebody else's now.

    Attributes:
        earlier: Tracks that had a person, and of which nothing new was known.
        changed: Those of them whose identity, followed to whoever took it over, is another one, or none.
    """

    earlier: int
    changed: int

    @property
    def share(self) -> float:
        """Share of the earlier tracks that changed, [0, 1]; 0 where there are none."""
        return self.changed / self.earlier if self.earlier else 0.0


def churn(
    before: Mapping[str, str],
    after: Mapping[str, str],
    merged: Mapping[str, str],
    settled: Collection[str],
) -> Churn:
    """Compare who had which track before a re-cluster and after it.

    That two people are found to be one is no churn: both ids lead to the one who goes on.

    Args:
        before: Person of each track that had one.
        after: Person of each track that has one.
        merged: People who are no more, with who took them over.
        settled: Tracks of which nothing new was known. Others may well be given to somebody else.
    """
    earlier = [track_id for track_id in settled if track_id in before]
    changed = sum(
        after.get(track_id) != merged.get(before[track_id], before[track_id]) for track_id in earlier
    )
    return Churn(len(earlier), changed)
