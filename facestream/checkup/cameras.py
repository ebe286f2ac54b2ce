"""The cameras of a collection: do those deliver that are looked at?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from facestream.cameras.camera_outages import outage_reason
from facestream.cameras.camera_view import span
from facestream.checkup.finding import Finding
from facestream.output import printable
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.errors import RecordError

# Cameras that are down and named.
_NAMED = 5


def check_cameras(cameras: CameraStore) -> Iterator[Finding]:
    """Ask what those said lately who read them, which connects to nothing.

    Returns:
        A finding, and one more where records are damaged; none where there are no cameras.
    """
    found = cameras.all()
    damaged = [printable(name) for name, record in found.items() if isinstance(record, RecordError)]
    if damaged:
        yield Finding(
            "cameras",
            "warning",
            f"damaged records, so that nobody watches there: {_several(damaged, ', ')}",
            "Remove such a camera with `facestream camera remove`, and add it again.",
        )
    records = [record for record in found.values() if isinstance(record, CameraRecord)]
    if not records:
        return
    statuses = cameras.readable_statuses()
    wanted = [record.name for record in records if not record.paused]
    told = {name: statuses[name] for name in wanted if name in statuses}
    down = [status for status in told.values() if status.is_down]
    streaming = sum(status.state == "streaming" for status in told.values())
    unwatched = [name for name in wanted if name not in told]
    parts = [
        f"{streaming} of {len(records)} streaming",
        f"{len(down)} down" if down else "",
        f"{len(unwatched)} watched by nobody now" if unwatched else "",
        f"{len(records) - len(wanted)} paused" if len(wanted) < len(records) else "",
    ]
    detail = ", ".join(part for part in parts if part)
    if not down and not unwatched:
        yield Finding("cameras", "ok", detail)
        return
    mends = [
        "Run `facestream watch`, `worker` or `serve`: nobody is seen there until then." if unwatched else "",
        "Look at the power, network and password of those that are down; `facestream camera` shows all. They "
        "are tried again."
        if down
        else "",
    ]
    named = f": {_several([_why(status) for status in down], '; ')}" if down else ""
    yield Finding("cameras", "warning", f"{detail}{named}", " ".join(mend for mend in mends if mend))


def _several(words: Sequence[str], between: str) -> str:
    more = f"{between}and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return f"{between.join(words[:_NAMED])}{more}"


def _why(status: CameraStatus) -> str:
    why = outage_reason(status)
    lasts = span(time.time() - status.since_s)
    return f"{printable(status.name)} for {lasts}{f' ({why})' if why else ''}"
