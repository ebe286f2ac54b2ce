"""The picture of a calibration: both distributions, the ROC, and the strangers who came closest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from facestream.drawing.colours import INK
from facestream.drawing.face_tiles import RgbImage, face_picture
from facestream.drawing.figure_file import check_format, new_figure, write_figure
from facestream.drawing.place import dress
from facestream.output import printable, shortened
from workers.clustering.pairs import BINS, Histogram
from workers.clustering.verification import Verification, rounded_up

if TYPE_CHECKING:
    from facestream.quality.calibration_report import CalibrationReport
    from workers.clustering.pairs import Pair

_GENUINE, _IMPOSTOR = "#1b7f5c", "#c1442d"
_PAIRS_SHOWN = 6
_BARS = 120
_NAME_LENGTH = 22
_SIDE_PX = 192
# In heights of the distributions.
_LABEL_HEIGHTS = (9.0, 4.8, 2.5)
# In widths of them.
_LATE = 0.88


def write_plot(report: CalibrationReport, path: Path) -> None:
    """Write the picture.

    Args:
        report: What was measured.
        path: Where; its ending says in which format.

    Raises:
        UsageError: If no picture is written for the ending.
        FacestreamError: If the file can't be written.
    """
    check_format(path)
    shown = [p for p in report.result.strangers if report.faces.pictures[p.first] is not None][:_PAIRS_SHOWN]
    figure = new_figure(12, 7.4 if shown else 5.2, constrained=True)
    upper: Figure | SubFigure = figure
    lower = None
    if shown:
        upper, lower = np.ravel(np.array(figure.subfigures(2, 1, height_ratios=(5.2, 2.2))))
    left, right = upper.subplots(1, 2, width_ratios=(3, 2))
    _draw_distributions(left, report.result)
    _draw_roc(right, report.result)
    what = "photos" if report.kind == "photos" else "tracks"
    upper.suptitle(
        f"How alike are faces to the models “{report.pack}”?   "
        f"{len(report.faces):,} {what} of {report.people:,} people",
        fontsize=14,
        color=INK,
    )
    if lower is not None:
        _draw_strangers(lower, report, shown)
    write_figure(figure, path)


def _draw_distributions(axes: Axes, result: Verification) -> None:
    low = result.impostor.percentile(0.01)
    high = max(result.genuine.most, result.impostor.most)
    margin = 0.02 * (high - low)
    edges = np.linspace(max(low - margin, -1), min(high + margin, 1), _BARS + 1)
    tallest, lowest = 0.0, np.inf
    for histogram, colour, name in (
        (result.impostor, _IMPOSTOR, "two people"),
        (result.genuine, _GENUINE, "one person"),
    ):
        density = _density(histogram, edges)
        axes.stairs(density, edges, fill=True, color=colour, alpha=0.3)
        axes.stairs(density, edges, color=colour, linewidth=1.4, label=f"{name}: {histogram.number:,} pairs")
        tallest = max(tallest, float(density.max()))
        lowest = min(lowest, float(density[density > 0].min(initial=np.inf)))
    axes.set_yscale("log")
    axes.set_xlim(float(edges[0]), float(edges[-1]))
    axes.set_ylim(lowest / 2, tallest * 12)
    # Each line ends at its label, and the later ones below it: no line goes through a label.
    for k, point in enumerate(p for p in result.points if p.threshold is not None):
        assert point.threshold is not None
        # Near the right edge there is no room behind the line.
        late = point.threshold > edges[0] + _LATE * (edges[-1] - edges[0])
        top = tallest * _LABEL_HEIGHTS[min(k, len(_LABEL_HEIGHTS) - 1)]
        axes.vlines(point.threshold, lowest / 2, top, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            f"FAR {point.far:g}: {rounded_up(point.threshold, 4):.4f}",
            (point.threshold, top),
            xytext=(-4 if late else 4, -3),
            textcoords="offset points",
            fontsize=9,
            ha="right" if late else "left",
            va="top",
            color=INK,
        )
    _dress(axes, "Cosine similarity of pairs", "cosine similarity", "density (logarithmic)")
    axes.legend(frameon=False, loc="upper left", fontsize=10)


def _density(
    histogram: Histogram, edges: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Density between edges, from the fine bins."""
    middles = (np.arange(BINS) + 0.5) * 2 / BINS - 1
    counts, _ = np.histogram(middles, edges, weights=histogram.counts)
    return np.asarray(counts / histogram.number / np.diff(edges))


def _draw_roc(axes: Axes, result: Verification) -> None:
    _, far, tar = result.roc()
    # A FAR of less than one pair was not seen.
    least = 1 / result.impostor.number
    axes.plot(np.maximum(far, least / 2), tar * 100, color=_GENUINE, linewidth=2)
    for point in result.points:
        if point.threshold is None or point.tar is None:
            continue
        if point.tar_interval is not None:
            low, high = point.tar_interval
            axes.plot([point.far] * 2, [low * 100, high * 100], color=_GENUINE, linewidth=1, alpha=0.7)
        axes.plot(
            point.far,
            point.tar * 100,
            "o",
            color=_GENUINE,
            markersize=7,
            markerfacecolor=_GENUINE if point.is_sure else "white",
        )
        axes.annotate(
            f"{point.tar:.1%}",
            (point.far, point.tar * 100),
            xytext=(9, -13),
            textcoords="offset points",
            fontsize=10,
            color=INK,
        )
    axes.set_xscale("log")
    axes.set_xlim(max(least, 1e-6), 1)
    seen = tar[(far >= max(least, 1e-6)) & (far < 1)]
    bottom = float(seen.min(initial=1)) * 100
    axes.set_ylim(max(bottom - 0.08 * (100 - bottom) - 1, 0), 100 + 0.04 * (101 - bottom))
    unsure = any(p.threshold is not None and not p.is_sure for p in result.points)
    note = "; hollow: few pairs" if unsure else ""
    _dress(
        axes,
        f"ROC: equal error rate {result.eer:.2%}",
        f"strangers accepted (FAR{note})",
        "pairs of one person accepted, % (TAR)",
    )


def _dress(axes: Axes, title: str, x: str, y: str) -> None:
    dress(axes, title, y, grid="both")
    axes.set_xlabel(x, color=INK)


def _draw_strangers(part: SubFigure, report: CalibrationReport, shown: list[Pair]) -> None:
    """The most alike pairs of two people, side by side."""
    part.suptitle(
        "Strangers who came closest (the same person twice? then a label is wrong)",
        fontsize=11,
        color=INK,
        x=0.01,
        ha="left",
    )
    grid = part.subplots(1, _PAIRS_SHOWN, squeeze=False)[0]
    for axes in grid:
        axes.set_axis_off()
    for axes, pair in zip(grid, shown, strict=False):
        faces = [_picture(report.faces.pictures[item]) for item in (pair.first, pair.second)]
        side = faces[0].shape[0]
        axes.imshow(
            np.concatenate([faces[0], np.full((side, side // 24, 3), 255, np.uint8), faces[1]], axis=1)
        )
        axes.set_title(f"{pair.similarity:.4f}", fontsize=11, color=_IMPOSTOR)
        names = "\n".join(_short(report.names[item]) for item in (pair.first, pair.second))
        # What is a formula to Matplotlib is a name here.
        axes.text(
            0.5,
            -0.06,
            names,
            transform=axes.transAxes,
            ha="center",
            va="top",
            fontsize=8.5,
            color=INK,
            parse_math=False,
        )


def _picture(jpeg: bytes | None) -> RgbImage:
    picture = face_picture(jpeg, _SIDE_PX)
    return np.full((_SIDE_PX, _SIDE_PX, 3), 230, np.uint8) if picture is None else picture


def _short(name: str) -> str:
    return shortened(printable(name), _NAME_LENGTH)
