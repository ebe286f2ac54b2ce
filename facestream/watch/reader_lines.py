"""How a reader gets on, line by line: for logs, and for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from facestream.output import printable
from facestream.people.people_view import counted
from facestream.watch.watch_lines import state_line, status_json
from storage.camera_status import CameraStatus

_SUMMARY_EVERY_S = 60.0
_TROUBLE = frozenset({"failed", "stalled", "backing_off"})


class ReaderLines:
    """A line for each change of state, and a summary each minute.

    Args:
        write: Writes a line.
        as_json: Whether each is a JSON object.
        quiet: Notes and troubles alone, where lines are for people.
        clock: Seconds from any start, never going back.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        as_json: bool,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._as_json = as_json
        self._quiet = quiet
        self._clock = clock
        self._summary_s = clock() + _SUMMARY_EVERY_S

    def began(self, collection: str, reader: str) -> None:
        """What it begins with."""
        self._say("began", f"reader {reader} sends frames for collection {collection}", worker=reader)

    def claimed(self, names: Sequence[str]) -> None:
        """Which cameras it has."""
        text = f"takes on {counted(len(names), 'camera')}: {', '.join(names)}"
        self._say("claimed", text, cameras=list(names))

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera has another state."""
        trouble = status.state in _TROUBLE
        self._say("camera", state_line(status), trouble=trouble, **status_json(status))

    def cameras_now(self, statuses: Sequence[CameraStatus], load_factor: float) -> None:  # noqa: ARG002
        """Each minute, how all cameras are doing; rates are never lowered here."""
        if self._clock() < self._summary_s:
            return
        self._summary_s = self._clock() + _SUMMARY_EVERY_S
        streaming = sum(status.state == "streaming" for status in statuses)
        text = (
            f"{streaming} of {counted(len(statuses), 'camera')} streaming; "
            f"{sum(status.fps_done for status in statuses):.1f} frames/s sent; "
            f"{sum(status.looked for status in statuses)} of {sum(status.done for status in statuses)} "
            f"frames with a picture; {sum(status.dropped for status in statuses)} dropped"
        )
        self._say("summary", text, cameras=[status_json(status) for status in statuses])

    def note(self, text: str) -> None:
        """Something to know."""
        self._say("note", text, trouble=True, text=text)

    def ending(self) -> None:
        """It ends."""
        self._say("ending", "ending")

    def _say(self, event: str, words: str, *, trouble: bool = False, **fields: Any) -> None:
        if self._as_json:
            facts = {"event": event, "at_s": round(time.time(), 3), **fields}
            self._write(json.dumps(facts, ensure_ascii=False))
        elif trouble or not self._quiet:
            self._write(f"{datetime.now().isoformat(' ', 'seconds')} {printable(words)}")
