"""The cameras of a collection: do those deliver that are looked at?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from facestream.cameras.camera_outages import outage_reason
from facestream.cameras.camera_view import span
from facestream.checkup.finding import Finding
from facestream.output import printable
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore

# Cameras that are down and named.
_NAMED = 5


def check_cameras(cameras: CameraStore) -> Iterator[Finding]:
    """Ask what those said lately who read them, which connects to nothing.

    Returns:
        One finding; none where there are no cameras.
    """
    records = cameras.readable()
    if not records:
        return
    statuses = cameras.readable_statuses()
    wanted = [record.name for record in records if not record.paused]
    told = {name: statuses[name] for name in wanted if name in statuses}
    down = [status for status in told.values() if status.is_down]
    streaming = sum(status.state == "streaming" for status in told.values())
    parts = [
        f"{streaming} of {len(records)} streaming",
        f"{len(down)} down" if down else "",
        f"{len(wanted) - len(told)} watched by nobody now" if len(told) < len(wanted) else "",
        f"{len(records) - len(wanted)} paused" if len(wanted) < len(records) else "",
    ]
    detail = ", ".join(part for part in parts if part)
    if not down:
        yield Finding("cameras", "ok", detail)
        return
    named = "; ".join(_why(status) for status in down[:_NAMED])
    more = f"; and {len(down) - _NAMED} more" if len(down) > _NAMED else ""
    yield Finding(
        "cameras",
        "warning",
        f"{detail}: {named}{more}",
        "Look at their power, network and password; `facestream camera` shows all. They are tried again.",
    )


def _why(status: CameraStatus) -> str:
    why = outage_reason(status)
    lasts = span(time.time() - status.since_s)
    return f"{printable(status.name)} for {lasts}{f' ({why})' if why else ''}"
