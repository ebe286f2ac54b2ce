"""What the suite tells: one table, and results.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from figure import Figure
from markdown_table import markdown_table
from suite_run import Outcome

_MET = {None: "", True: "yes", False: "**no**"}


def rounded(value: float) -> str:
    """A value for people: three digits that count, thousands with commas; counts are whole."""
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    if value and abs(value) < 0.01:
        return f"{value:.2g}"
    for least, digits in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}"


def rows_of(outcomes: Sequence[Outcome]) -> Iterator[dict[str, str]]:
    """A row for each figure, and one for each part that has none."""
    for outcome in outcomes:
        for figure in outcome.result.figures:
            yield {"part": outcome.part, **_cells(figure)}
        if outcome.state != "done":
            why = f"{outcome.state}: {outcome.why}".replace("|", "/")
            yield {"part": outcome.part, "measure": why}


def _cells(figure: Figure) -> dict[str, str]:
    unit = f" {figure.unit}" if figure.unit else ""
    rival = ""
    if figure.rival is not None:
        rival = f"{rounded(figure.rival)}{unit} {figure.rival_name}"
    return {
        "measure": figure.what,
        "value": rounded(figure.value) + unit,
        "rival": rival,
        "ratio": "" if figure.ratio is None else f"{rounded(figure.ratio)} ×",
        "goal": "" if figure.goal is None else str(figure.goal),
        "met?": _MET[figure.is_met],
    }


def table(outcomes: Sequence[Outcome]) -> str:
    """One Markdown table of everything."""
    head = ("part", "measure", "value", "rival", "ratio", "goal", "met?")
    return markdown_table([{name: row.get(name, "") for name in head} for row in rows_of(outcomes)])


def write_results(path: Path, outcomes: Sequence[Outcome], machine: dict[str, Any], *, quick: bool) -> None:
    """Write all parts, and what they were measured on, into one file."""
    told = {
        "machine": machine,
        "quick": quick,
        "parts": {outcome.part: outcome.as_dict() for outcome in outcomes},
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
