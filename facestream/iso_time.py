"""Times as machines read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def iso_utc(unix_s: float) -> str: ...
@overload
def iso_utc(unix_s: float | None) -> str | None: ...
def iso_utc(unix_s: float | None) -> str | None:
    """A unix time as ISO 8601 in UTC to the millisecond, with `Z`; None stays None."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_local(at: datetime | None) -> str | None:
    """A date as ISO 8601 to the millisecond, in the zone of this machine, which stands behind it."""
    return None if at is None else at.astimezone().isoformat(timespec="milliseconds")
