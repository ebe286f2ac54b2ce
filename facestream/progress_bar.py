"""A bar for work that goes through a known number of things."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console

# What is done sooner needs no bar.
_SHOW_AFTER_S = 1.0


class ProgressBar:
    """Shows how far a piece of work is, on a terminal, once it takes longer; a context manager.

    Args:
        console: Terminal or file to write to.
        quiet: Show nothing.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        from rich.progress import Progress

        self._bar = Progress(console=console, transient=True)
        self._task = self._bar.add_task("")
        self._silent = quiet or not console.is_terminal
        self._began_s = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        """Begin to count time."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.pause()

    def pause(self) -> None:
        """Take the bar away until there is more to tell: somebody is asked something."""
        if self._shown:
            self._bar.stop()
            self._shown = False

    def tell(self, what: str, done: int, total: int) -> None:
        """So much of it is done.

        Args:
            what: The work, a word or two.
            done: Things done.
            total: Things there are.
        """
        if self._silent:
            return
        self._bar.update(self._task, description=what, completed=done, total=total)
        if not self._shown and time.monotonic() - self._began_s > _SHOW_AFTER_S:
            self._bar.start()
            self._shown = True
