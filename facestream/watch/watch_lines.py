"""How a watch goes on, line by line: for logs, and for machines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from facestream.cameras.camera_view import present, state_words
from facestream.output import printable
from facestream.people.people_tally import PeopleTally, source_of
from facestream.people.people_view import counted
from facestream.source_name import full_name
from facestream.watch.watch_report import WatchFacts
from storage.camera_status import CameraStatus
from storage.identity_record import ChangeKind, IdentityChange

if TYPE_CHECKING:
    from facestream.people.person import Person
    from facestream.watch.visits import Visit, Visits

_SUMMARY_EVERY_S = 60.0
# Which of what happens to people is told in a log.
_TOLD = frozenset({ChangeKind.CREATED, ChangeKind.MERGED, ChangeKind.SPLIT, ChangeKind.RENAMED})
_NAMED = 8


class _Summaries:
    """When the next summary is due."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at_s = clock() + _SUMMARY_EVERY_S

    def is_due(self) -> bool:
        """Whether it is; the one after it is due a while later."""
        now_s = self._clock()
        if now_s < self._at_s:
            return False
        self._at_s = now_s + _SUMMARY_EVERY_S
        return True


class PlainLines:
    """A line for each change of state, and a summary each minute.

    Args:
        write: Writes a line.
        quiet: Notes and troubles alone.
        clock: Seconds from any start, never going back.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._quiet = quiet
        self._url = ""
        self._lock = threading.Lock()
        self._summaries = _Summaries(clock)

    def began(self, facts: WatchFacts) -> None:
        """What it begins with."""
        self._url = facts.url
        what = f"{facts.url} for collection" if facts.url else "collection"
        self._say(
            f"worker {facts.worker} watches {what} {facts.collection}, with models {facts.models} on "
            f"{facts.device}"
        )

    def claimed(self, names: Sequence[str]) -> None:
        """Which cameras it has."""
        more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        shown = ", ".join(self._called(name) for name in names[:_NAMED])
        self._say(f"takes on {counted(len(names), 'camera')}: {shown}{more}")

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera has another state."""
        trouble = bool({status.state, status.main_state} & {"failed", "stalled", "backing_off"})
        self._say(state_line(replace(status, name=self._called(status.name))), trouble=trouble)

    def cameras_now(
        self,
        statuses: Sequence[CameraStatus],
        load_factor: float,
        tally: PeopleTally,
        visits: Visits,  # noqa: ARG002 - each has been told
    ) -> None:
        """All is well, most of the time."""
        if not self._summaries.is_due():
            return
        shown = [replace(status, name=self._called(status.name)) for status in statuses]
        self._say(summary(shown, load_factor, tally))

    def person(self, change: IdentityChange) -> None:
        """Somebody new, or somebody who turned out to be another."""
        if change.kind not in _TOLD:
            return
        where = f" at {full_name(source_of(change.track_id), self._url)}" if change.track_id else ""
        other = f" with {change.other_id}" if change.kind is ChangeKind.MERGED else ""
        if change.kind is ChangeKind.CREATED:
            # Those whom a camera brings are told by their visit.
            if change.provisional:
                return
            self._say(f"new person {change.identity_id}{where}")
        else:
            self._say(f"{change.identity_id} {change.kind.value}{other}{where}")

    def visit(self, visit: Visit) -> None:
        """Somebody came."""
        camera = full_name(visit.source_id, self._url)
        if visit.new:
            self._say(f"{camera}: new person {visit.called}")
        else:
            self._say(f"{camera}: {visit.called} is here{'' if visit.away_s is None else ' again'}")

    def leads(self, leading: bool) -> None:
        """Who finds people."""
        self._say(
            "this cluster worker leads: people are found here"
            if leading
            else "another cluster worker leads; this one stands by"
        )

    def ending(self) -> None:
        """It ends."""
        self._say("ending")

    def note(self, text: str) -> None:
        """Something to know."""
        self._say(text, trouble=True)

    def _called(self, name: str) -> str:
        """What a camera goes by."""
        return full_name(f"c-{name}", self._url)

    def _say(self, text: str, *, trouble: bool = False) -> None:
        if self._quiet and not trouble:
            return
        with self._lock:
            self._write(f"{datetime.now().isoformat(' ', 'seconds')} {printable(text)}")


class JsonLines:
    """One JSON object a line for each event.

    Args:
        write: Writes a line.
        clock: Seconds from any start, never going back.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._summaries = _Summaries(clock)

    def began(self, facts: WatchFacts) -> None:
        """What it begins with."""
        self._say("began", **asdict(facts))

    def claimed(self, names: Sequence[str]) -> None:
        """Which cameras it has."""
        self._say("claimed", cameras=list(names))

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera has another state."""
        self._say("camera", **status_json(status))

    def cameras_now(
        self,
        statuses: Sequence[CameraStatus],
        load_factor: float,
        tally: PeopleTally,
        visits: Visits,  # noqa: ARG002 - each has been told
    ) -> None:
        """Each minute, how all cameras are doing."""
        if not self._summaries.is_due():
            return
        self._say(
            "summary",
            load_factor=round(load_factor, 3),
            people=tally.total(),
            cameras=[
                status_json(status) | {"people": tally.people(f"c-{status.name}")} for status in statuses
            ],
        )

    def person(self, change: IdentityChange) -> None:
        """Something happened to somebody."""
        source_id = source_of(change.track_id) if change.track_id else ""
        self._say(
            "person",
            kind=change.kind.value,
            person=change.identity_id,
            source_id=source_id,
            track=change.track_id,
            other=change.other_id,
            provisional=change.provisional,
        )

    def visit(self, visit: Visit) -> None:
        """Somebody came."""
        self._say(
            "visit",
            camera=visit.source_id.removeprefix("c-"),
            source_id=visit.source_id,
            person=visit.person,
            name=visit.name,
            new=visit.new,
            away_s=None if visit.away_s is None else round(visit.away_s, 3),
        )

    def leads(self, leading: bool) -> None:
        """Who finds people."""
        self._say("leads" if leading else "stands_by")

    def ending(self) -> None:
        """It ends; `ended` follows."""
        self._say("ending")

    def note(self, text: str) -> None:
        """Something to know."""
        self._say("note", text=text)

    def ended(self, people: Sequence[Person], seconds: float, frames: int) -> None:
        """Who was seen."""
        from facestream.people.people_view import person_json

        self._say(
            "ended",
            seconds=round(seconds, 3),
            frames=frames,
            people=[person_json(person) for person in people],
        )

    def _say(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, "at_s": round(time.time(), 3), **fields}, ensure_ascii=False)
        with self._lock:
            self._write(line)


def status_json(status: CameraStatus) -> dict[str, Any]:
    """How a camera is doing, for machines."""
    rounded = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in asdict(status).items()
        if name != "at_s"
    }
    return {"camera": rounded.pop("name"), **rounded}


def state_line(status: CameraStatus) -> str:
    """The state of a camera in words."""
    status = present(status)
    what = state_words(status.state)
    if status.state == "streaming" and status.width_px:
        what += f" ({status.width_px}x{status.height_px} {status.codec})"
    if status.last_error:
        what += f": {status.last_error}"
    if status.main_state:
        what += f"; main stream {main_text(status)}"
    return f"{status.name}: {what}"


def main_text(status: CameraStatus) -> str:
    """The state of a camera's main stream in words."""
    what = state_words(status.main_state)
    if status.main_state == "streaming" and status.main_width_px:
        what += f" ({status.main_width_px}x{status.main_height_px})"
    return what + (f": {status.main_error}" if status.main_error else "")


def summary(statuses: Sequence[CameraStatus], load_factor: float, tally: PeopleTally) -> str:
    """How all cameras are doing, in one line."""
    streaming = [status for status in statuses if status.state == "streaming"]
    delays_s = [status.delay_s for status in streaming if status.delay_s is not None]
    parts = [
        f"{len(streaming)} of {counted(len(statuses), 'camera')} streaming",
        f"{sum(status.fps_done for status in streaming):.1f} frames/s looked at",
        f"{counted(tally.total(), 'person', 'people')} seen",
    ]
    if delays_s:
        parts.insert(2, f"delay up to {max(delays_s):.2f} s")
    if load_factor < 1:
        parts.append(f"at {load_factor:.0%} of their rates, as there is too much to look at")
    troubled = [status for status in statuses if status.state in ("failed", "stalled", "backing_off")]
    if troubled:
        parts.append("not there: " + ", ".join(status.name for status in troubled[:_NAMED]))
    return "; ".join(parts)
