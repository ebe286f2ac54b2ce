"""Arrivals: somebody comes before a camera, now."""

from __future__ import annotations

from facestream.source_name import is_camera
from storage.identity_record import ChangeKind, IdentityChange

LATE_S = 300.0
"""A sighting that is told later than so is none of now."""

SEEN = frozenset({ChangeKind.CREATED, ChangeKind.ASSIGNED})
"""Kinds of events that tell that somebody was seen."""


def is_arrival(change: IdentityChange) -> bool:
    """Whether a camera brought a track, and not a re-cluster another view of it, or a file."""
    return change.kind in SEEN and change.provisional and not change.other_id and is_camera(change.track_id)


def is_found_out(change: IdentityChange) -> bool:
    """Whether a re-cluster makes somebody new of what a camera saw, who was taken for somebody else first.

    How long ago that was it doesn't say; see `is_late`.
    """
    return change.kind is ChangeKind.CREATED and not change.provisional and is_camera(change.track_id)


def is_late(event_at_s: float | None, now_s: float) -> bool:
    """Whether a sighting is too long ago to be told of as of now.

    Args:
        event_at_s: Unix time of the sighting, or None where nobody knows, which is never of now.
        now_s: Unix time.
    """
    return event_at_s is None or now_s - event_at_s > LATE_S
