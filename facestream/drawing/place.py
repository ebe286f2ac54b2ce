"""Rectangles of a figure, in inches."""

from __future__ import annotations

from typing import Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facestream.drawing.colours import GRID, INK


class Place(NamedTuple):
    """A rectangle of a figure, inches."""

    left: float
    bottom: float
    width: float
    height: float

    def lower(self, height: float) -> Place:
        """Its lower part."""
        return self._replace(height=height)

    def above(self, height: float) -> Place:
        """What is above its lower part."""
        return self._replace(bottom=self.bottom + height, height=self.height - height)

    def axes(self, figure: Figure, title: str, y_label: str) -> Axes:
        """Axes that fill it; what is written beside them lies outside."""
        axes = self._bare(figure)
        dress(axes, title, y_label, grid="y")
        axes.tick_params(labelsize=9, labelcolor=INK)
        return axes

    def canvas(self, figure: Figure) -> Axes:
        """Empty axes that fill it, measured in inches from its lower left corner."""
        axes = self._bare(figure)
        axes.set_xlim(0, self.width)
        axes.set_ylim(0, self.height)
        axes.set_axis_off()
        return axes

    def _bare(self, figure: Figure) -> Axes:
        width, height = figure.get_size_inches()
        return figure.add_axes(
            (self.left / width, self.bottom / height, self.width / width, self.height / height)
        )


def dress(axes: Axes, title: str, y_label: str, *, grid: Literal["y", "both"]) -> None:
    """Give axes their title and a quiet look.

    Args:
        axes: The axes.
        title: Above them, on the left.
        y_label: Beside them.
        grid: For which values there are lines.
    """
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set_ylabel(y_label, color=INK)
    axes.grid(visible=True, axis=grid, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
