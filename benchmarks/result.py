"""What a benchmark writes with --json FILE: the same shape for each of them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from figure import Figure


@dataclass(frozen=True, slots=True)
class Curve:
    """Something that was measured at several sizes, to be plotted.

    Attributes:
        plot: Title of the plot; curves of one title are drawn into one.
        name: Whose it is.
        x_label: What stands below, with its unit.
        y_label: What stands beside, with its unit.
        x: Sizes.
        y: Values, as many.
        log: Whether both axes are logarithmic.
    """

    plot: str
    name: str
    x_label: str
    y_label: str
    x: list[float]
    y: list[float]
    log: bool = False


@dataclass(slots=True)
class Result:
    """What a benchmark found.

    Attributes:
        figures: Values to be told.
        curves: What is plotted.
        details: Anything else that JSON can hold.
    """

    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    details: Any = None

    def as_dict(self) -> dict[str, Any]:
        """All of it, as it is written down."""
        return {
            "figures": [figure.as_dict() for figure in self.figures],
            "curves": [asdict(curve) for curve in self.curves],
            "details": self.details,
        }

    @classmethod
    def of(cls, found: dict[str, Any]) -> Result:
        """What `as_dict` gave, or a script that knows nothing of it; all else is details."""
        rest = {name: value for name, value in found.items() if name not in ("figures", "curves")}
        return cls(
            [Figure.of(figure) for figure in found["figures"]],
            [Curve(**curve) for curve in found.get("curves", ())],
            rest.get("details", rest),
        )

    def write(self, path: Path | None) -> None:
        """Write it down, if there is a file for it."""
        if path is not None:
            path.write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="utf-8")


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add --json FILE."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write figures, curves and details")
