"""One measured value, beside its rival and its goal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a value, or its ratio to the rival's, should reach.

    Attributes:
        limit: The goal.
        at: Whether it is the least or the most that will do.
        of: What it is for.
    """

    limit: float
    at: Literal["least", "most"] = "least"
    of: Literal["value", "ratio"] = "value"

    def is_met(self, value: float) -> bool:
        """Whether a value will do."""
        return value >= self.limit if self.at == "least" else value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at == "least" else "≤"
        return f"{sign} {self.limit:g}{' ×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value that was measured.

    Attributes:
        what: What it is, and of what.
        value: The value.
        unit: Such as "ms" or "frames/s"; empty for a plain number.
        better: Whether more of it is better, or less.
        rival: The same of somebody else, or of a floor, in the same run; None where there is none.
        rival_name: Who that is.
        goal: What it should reach; None where nothing was aimed at.
    """

    what: str
    value: float
    unit: str = ""
    better: Better = "less"
    rival: float | None = None
    rival_name: str = ""
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as good as the rival it is; above 1 is better than the rival."""
        if self.rival is None:
            return None
        above, below = (self.value, self.rival) if self.better == "more" else (self.rival, self.value)
        return above / below if below else None

    @property
    def is_met(self) -> bool | None:
        """Whether its goal is met; None without a goal, or without a rival to compare with."""
        if self.goal is None:
            return None
        judged = self.ratio if self.goal.of == "ratio" else self.value
        return None if judged is None else self.goal.is_met(judged)

    def as_dict(self) -> dict[str, Any]:
        """All of it, with what follows from it."""
        return {**asdict(self), "ratio": self.ratio, "met": self.is_met}

    @classmethod
    def of(cls, found: dict[str, Any]) -> Figure:
        """What `as_dict` gave, or the part of it that was written down."""
        known = {name: value for name, value in found.items() if name in cls.__dataclass_fields__}
        goal = known.pop("goal", None)
        return cls(**known, goal=None if goal is None else Goal(**goal))
