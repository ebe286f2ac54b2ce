"""How like a face somebody is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LikePerson:
    """How like a face one person is.

    Attributes:
        person_id: Who.
        similarity: Weighted mean cosine similarity to their tracks, [-1, 1].
        log_ratio: Natural logarithm of how much likelier that is for the same person than for two.
        sureness: Probability that it is the same person, see `workers.clustering.search.sureness`.
        best_track: Their track that is most like the face.
    """

    person_id: str
    similarity: float
    log_ratio: float
    sureness: float
    best_track: str


@dataclass(frozen=True, slots=True)
class LikeTrack:
    """How like a face one track is.

    Attributes:
        track_id: The track.
        person_id: Who has it.
        similarity: Cosine similarity, [-1, 1].
        log_ratio: As of `LikePerson`, of this track alone.
    """

    track_id: str
    person_id: str
    similarity: float
    log_ratio: float
