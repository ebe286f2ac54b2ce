"""When a file was recorded, as its own tags say."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

# Encoders without a clock write the epoch of their container: 1904 (QuickTime) or 1970.
_EARLIEST_S = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
# Photos are older where they were scanned; cameras without a clock begin with the first day of it, wherever.
_EARLIEST_PHOTO_S = datetime(1970, 1, 3, tzinfo=UTC).timestamp()

# From UTC-12 to UTC+14: so much later it may be where a photo was taken whose date has no zone.
_ZONES_APART_S = 26 * 3600.0


def from_container_tag(text: str | None) -> float | None:
    """Read the `creation_time` tag of a video container.

    Args:
        text: ISO 8601, such as "2024-05-01T10:00:00.000000Z"; without an offset it is taken as UTC.

    Returns:
        Unix seconds, or None if the tag is missing, malformed, before 1990 or in the future.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return _plausible(moment)


def from_exif(date: object, offset: object = None, subsecond: object = None) -> float | None:
    """Read EXIF's DateTimeOriginal with OffsetTimeOriginal and SubsecTimeOriginal.

    Args:
        date: "YYYY:MM:DD hh:mm:ss". EXIF means local time; without an offset nobody knows where, so it is
            taken as that of this machine: it is shown here as it stands in the photo.
        offset: "+hh:mm" or "-hh:mm".
        subsecond: Digits after the decimal point of the seconds.

    Returns:
        Unix seconds, or None if the date is missing, malformed, before 1970 or in the future: further than
        a zone may be from that of this machine, where no offset is given.
    """
    if not isinstance(date, str):
        return None
    try:
        moment = datetime.strptime(date.strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    zone = None
    if isinstance(subsecond, str) and subsecond.strip("\0 ").isdecimal():
        moment += timedelta(seconds=float("0." + subsecond.strip("\0 ")))
    if isinstance(offset, str):
        with contextlib.suppress(ValueError):
            zone = datetime.strptime(offset.strip("\0 "), "%z").tzinfo
    try:
        # One without a zone is local.
        local = moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return _plausible(local, _EARLIEST_PHOTO_S, _ZONES_APART_S if zone is None else 0.0)


def _plausible(moment: datetime, earliest_s: float = _EARLIEST_S, ahead_s: float = 0.0) -> float | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = moment.timestamp()
    return seconds if earliest_s <= seconds <= time.time() + ahead_s else None
