"""When a recording began, by its name: recorders write it there, and often nowhere else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# 20261129_220000, 20261129220000, 2026-11-29_22-00-00, 2026-11-29T22.00.00Z, 20261129_220000123
_MOMENT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<dash>[-_.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"[-_. T]?(?P<hour>\d\d)(?P<colon>[-_.:]?)(?P<minute>\d\d)"
    r"(?:(?P=colon)(?P<second>\d\d)(?:[.,]?(?P<milli>\d{3}))?)?(?!\d)(?P<zone>Z(?![A-Za-z]))?",
    re.ASCII,
)
_PARTS = ("year", "month", "day", "hour", "minute", "second", "milli")


def date_in_name(name: str) -> datetime | None:
    """The first date with a time in the name of a file.

    Args:
        name: Such as "hall_20261129_220000.mp4": year, month, day, hour, minute and mostly seconds, with the
            same sign or none between the parts of the date, and of the time.

    Returns:
        It, in the zone of this machine unless a Z stands behind it; None where there is none.
    """
    for found in _MOMENT.finditer(name):
        year, month, day, hour, minute, second, milli = (int(part or 0) for part in found.group(*_PARTS))
        try:
            moment = datetime(year, month, day, hour, minute, second, 1000 * milli, UTC)
        except ValueError:
            continue
        return moment if found["zone"] else moment.replace(tzinfo=None).astimezone()
    return None
