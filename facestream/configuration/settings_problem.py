"""Where settings come from, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting was made.

    Attributes:
        path: The settings file, or None for an environment variable.
        line: Line of it, from 1; None for the file as a whole.
        variable: Name of the environment variable, or "" for a file.
    """

    path: Path | None = None
    line: int | None = None
    variable: str = ""

    def __str__(self) -> str:
        if self.variable:
            return self.variable
        return f"{self.path}" if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with settings.

    Attributes:
        origin: Where it is.
        text: What is wrong and what to do; without secrets.
    """

    origin: Origin
    text: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.text}"
