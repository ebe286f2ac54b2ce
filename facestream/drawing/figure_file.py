"""Figures as files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from facestream.errors import UsageError
from facestream.output import written_file

FORMATS = (".png", ".svg", ".pdf")
_DOTS_PER_INCH = 150


def check_format(path: Path) -> None:
    """Refuse an ending that no picture is written for.

    Raises:
        UsageError: If it is another one.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: a plot is written as {', '.join(FORMATS)}; choose such an ending.")


def new_figure(width_in: float, height_in: float, *, constrained: bool = False) -> Figure:
    """An empty white figure that needs no display.

    Args:
        width_in: Its width, inches.
        height_in: Its height, inches.
        constrained: Whether Matplotlib finds places for what is in it.
    """
    layout: Literal["constrained"] | None = "constrained" if constrained else None
    figure = Figure(figsize=(width_in, height_in), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure.

    Args:
        figure: The figure.
        path: Where; its ending, one of `FORMATS`, says in which format.

    Raises:
        FacestreamError: If the file can't be written.
    """
    with written_file(path, text=False, picture=True) as file, warnings.catch_warnings():
        # Words in scripts that no installed font has become boxes.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing")
        figure.savefig(file, format=path.suffix.lower()[1:], dpi=_DOTS_PER_INCH)
