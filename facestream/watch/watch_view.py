"""How a watch goes on, live on a terminal."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from facestream.cameras.camera_view import present_errors, span, state_words
from facestream.output import printable
from facestream.people.people_tally import PeopleTally
from facestream.people.people_view import listed_within
from facestream.source_name import full_name
from facestream.watch.visits import LATELY_S, Visit, Visits
from facestream.watch.watch_lines import summary
from facestream.watch.watch_report import WatchFacts
from storage.camera_status import CameraStatus
from storage.identity_record import IdentityChange

if TYPE_CHECKING:
    from rich.console import Console, Group

_REFRESH_PER_S = 2
_SEEN = "last seen"
# So many places for names, whose number and length nobody knows.
_SEEN_WIDTH = 24
_COLUMNS = ("camera", "state", "fps in", "looked at", "delay", "faces", "people")
# Errors that would have less room than this stand below the table, in full.
_LEAST_ERROR_WIDTH = 50
_STYLES = {
    "streaming": "green",
    "connecting": "cyan",
    "stalled": "yellow",
    "backing_off": "yellow",
    "failed": "red",
    "paused": "dim",
    "waiting": "dim",
}


class TerminalView:
    """A table of all cameras that is drawn anew twice a second, notes above it; a context manager.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._facts: WatchFacts | None = None
        self._statuses: tuple[CameraStatus, ...] = ()
        self._people: dict[str, int] = {}
        self._seen: dict[str, Text] = {}
        self._headline = "cameras are being opened"
        self._leads = ""
        self._ending = False
        self._lock = threading.Lock()
        self._logs: list[tuple[logging.StreamHandler[Any], Any]] = []
        self._live = Live(
            console=console,
            get_renderable=self._picture,
            refresh_per_second=_REFRESH_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=True,
        )

    def __enter__(self) -> Self:
        """Begin to draw: until the table can be, what takes its time."""
        before = sys.stderr
        self._live.start()
        # What goes to the log appears above the table as well.
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is before:
                self._logs.append((handler, handler.setStream(sys.stderr)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the table away, so that the terminal is as before."""
        self._live.stop()
        for handler, stream in self._logs:
            handler.setStream(stream)

    def began(self, facts: WatchFacts) -> None:
        """The table can be drawn."""
        self._facts = facts

    def claimed(self, names: Sequence[str]) -> None:
        """The table shows it."""

    def camera_changed(self, status: CameraStatus) -> None:
        """The table shows it."""

    def cameras_now(
        self, statuses: Sequence[CameraStatus], load_factor: float, tally: PeopleTally, visits: Visits
    ) -> None:
        """What the table shows next."""
        with self._lock:
            url = self._facts.url if self._facts else ""
            shown = [replace(status, name=full_name(f"c-{status.name}", url)) for status in statuses]
            self._statuses = tuple(shown)
            self._people, self._seen = {}, {}
            for now, status in zip(shown, statuses, strict=True):
                self._people[now.name] = tally.people(f"c-{status.name}")
                self._seen[now.name] = _seen_text(visits.lately(f"c-{status.name}"), time.time())
            self._headline = summary(shown, load_factor, tally)

    def person(self, change: IdentityChange) -> None:
        """The table counts them."""

    def visit(self, visit: Visit) -> None:
        """The table shows them."""

    def leads(self, leading: bool) -> None:
        """Who finds people."""
        self._leads = "" if leading else "another cluster worker leads"

    def ending(self) -> None:
        """The last line says so."""
        self._ending = True
        self._live.refresh()

    def note(self, text: str) -> None:
        """A line above the table."""
        self._console.print(Text(printable(text)))

    def _picture(self) -> Group | Text:
        from rich.console import Group

        facts = self._facts
        if facts is None:
            return Text("Ending." if self._ending else "Models are being loaded.", style="dim")
        with self._lock:
            statuses, people, seen = self._statuses, self._people, self._seen
            headline = self._headline
        first = [f"collection {facts.collection}", f"models {facts.models}", facts.device]
        if self._leads:
            first.append(self._leads)
        rows = [self._row(status, facts.worker, people.get(status.name, 0)) for status in statuses]
        errors = [(status, Text(printable(status.errors), style=_error_style(status))) for status in statuses]
        table = Table(box=None, pad_edge=False, header_style="bold")
        left = self._console.width
        for at, name in enumerate(_COLUMNS):
            # Only the last one gives way where there is no room.
            width = max([len(name), *(row[at].cell_len for row in rows)])
            table.add_column(name, justify="right" if at > 1 else "left", no_wrap=True, min_width=width)
            left -= width + 2
        below: list[Text] = []
        shown = [seen.get(status.name, Text()) for status in statuses]
        width = max([len(_SEEN), *(text.cell_len for text in shown)])
        if left >= width:
            table.add_column(_SEEN, no_wrap=True, min_width=width)
            rows = [[*row, text] for row, text in zip(rows, shown, strict=True)]
            left -= width + 2
        else:
            below += [
                Text.assemble(f"{printable(status.name)}: {_SEEN} ", text)
                for status, text in zip(statuses, shown, strict=True)
                if text
            ]
        if left >= _LEAST_ERROR_WIDTH:
            table.expand = True
            table.add_column("last error", overflow="ellipsis", no_wrap=True, ratio=1)
            rows = [[*row, error] for row, (_, error) in zip(rows, errors, strict=True)]
        else:
            below += [
                Text.assemble(f"{printable(status.name)}: ", error) for status, error in errors if error
            ]
        for row in rows:
            table.add_row(*row)
        return Group(
            Text(printable("  ".join(first)), style="bold"),
            Text(printable(headline)),
            table,
            *below,
            Text("Ending." if self._ending else "Ctrl-C ends the watch.", style="dim"),
        )

    @staticmethod
    def _row(status: CameraStatus, worker: str, people: int) -> list[Text]:
        state = state_words(status.state)
        if status.since_s and status.state != "streaming":
            state += f" {span(time.time() - status.since_s)}"
        if status.worker not in ("", worker):
            state += f" (by {status.worker})"
        delay = "-" if status.delay_s is None or status.state != "streaming" else f"{status.delay_s:.2f} s"
        return [
            Text(printable(status.name)),
            Text(printable(state), style=_STYLES.get(status.state, "")),
            Text(f"{status.fps_in:.1f}" if status.worker else "-"),
            Text(f"{status.fps_done:.1f}" if status.worker else "-"),
            Text(delay),
            Text(str(status.faces) if status.worker else "-"),
            Text(str(people)),
        ]


def _seen_text(lately: Sequence[tuple[str, float]], now_s: float) -> Text:
    """Who is at a camera, as many as there is room for; or dim, who was there last."""
    here = [printable(name) for name, at_s in lately if now_s - at_s <= LATELY_S]
    if here:
        shown = Text(listed_within(here, _SEEN_WIDTH))
        # Wide characters take two places.
        shown.truncate(_SEEN_WIDTH, overflow="ellipsis")
        return shown
    if not lately:
        return Text()
    name, at_s = lately[0]
    age = f" {span(now_s - at_s)} ago"
    gone = Text(printable(name))
    gone.truncate(_SEEN_WIDTH - len(age), overflow="ellipsis")
    return Text.assemble((gone.plain + age, "dim"))


def _error_style(status: CameraStatus) -> str:
    """Loud while it matters; what is over is dim."""
    return "red" if present_errors(status) else "dim"
