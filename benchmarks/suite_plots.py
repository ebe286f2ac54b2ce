"""Plots of what the suite measured, as SVG and PNG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from figure import Figure
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import ScalarFormatter
from result import Curve
from suite_run import Outcome

_ENDINGS = (".svg", ".png")
_OURS = "facestream"


def draw(outcomes: Sequence[Outcome], folder: Path, group_of: Mapping[str, str]) -> list[Path]:
    """Draw everything; returns the files.

    One plot for each group, of all ratios to rivals and floors with their goals, and one for each title of
    curves.

    Args:
        outcomes: What parts came to.
        folder: Where the files go.
        group_of: Group of each part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    compared = [(o.part, f) for o in outcomes for f in o.result.figures if f.ratio]
    for group in dict.fromkeys(group_of[part] for part, _ in compared):
        of_group = [(part, figure) for part, figure in compared if group_of[part] == group]
        drawn += _save(_ratios(group, of_group), folder / f"ratios-{group}")
    curves = [curve for outcome in outcomes for curve in outcome.result.curves if curve.x]
    for title in dict.fromkeys(curve.plot for curve in curves):
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        drawn += _save(_curves(title, [curve for curve in curves if curve.plot == title]), folder / name)
    return drawn


def _ratios(group: str, compared: Sequence[tuple[str, Figure]]) -> Canvas:
    """Bars from 1, which is as good as the rival, with a mark at each goal."""
    canvas = Canvas(figsize=(10, 1.2 + 0.28 * len(compared)), layout="constrained")
    axes = canvas.subplots()
    for place, (_, figure) in enumerate(compared):
        assert figure.ratio is not None
        colour = "tab:red" if figure.is_met is False else "tab:green" if figure.is_met else "tab:blue"
        axes.barh(place, figure.ratio - 1, left=1, color=colour, height=0.6)
        axes.text(max(figure.ratio, 1.0) * 1.03, place, f"{figure.ratio:.2f}", va="center", fontsize=8)
        if figure.goal is not None and figure.goal.of == "ratio":
            axes.plot([figure.goal.limit] * 2, [place - 0.4, place + 0.4], color="black", linewidth=2)
    axes.axvline(1, color="grey", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(compared)), [f"{part}: {f.what} ({f.rival_name})" for part, f in compared])
    axes.invert_yaxis()
    axes.set_title(group)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlabel("times as good; black: goal, green: met, red: missed")
    axes.grid(axis="x", alpha=0.3, which="both")
    return canvas


def _curves(title: str, curves: Sequence[Curve]) -> Canvas:
    canvas = Canvas(figsize=(7, 4.5), layout="constrained")
    axes = canvas.subplots()
    for curve in curves:
        ours = curve.name.startswith(_OURS)
        axes.plot(curve.x, curve.y, marker="o", label=curve.name, linewidth=2.5 if ours else 1.2)
    if any(curve.log for curve in curves):
        axes.set_xscale("log")
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.set_xlabel(curves[0].x_label)
    axes.set_ylabel(curves[0].y_label)
    axes.legend()
    axes.grid(alpha=0.3)
    return canvas


def _save(canvas: Canvas, path: Path) -> Iterator[Path]:
    # The same values give the same file.
    with mpl.rc_context({"svg.hashsalt": path.name}):
        for ending in _ENDINGS:
            target = path.with_suffix(ending)
            canvas.savefig(target, metadata={"Date": None} if ending == ".svg" else None, dpi=120)
            yield target
