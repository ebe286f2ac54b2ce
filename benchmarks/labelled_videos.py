"""Labelled videos that are scored in two ways: as they are, and as something makes it harder."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figure import Figure
from labelled_sets import LabelledSet, sets_in
from markdown_table import markdown_table
from quality import ours, tell
from result import Result, add_json_option

from facestream.quality.evaluation import Evaluation
from facestream.quality.labels import LabelTable


@dataclass(frozen=True, slots=True)
class Way:
    """A way to look at a video.

    Attributes:
        key: How the columns of its figures begin.
        name: What it is called.
    """

    key: str
    name: str


def score_in_two_ways(
    about: str | None, plain: Way, harder: Way, look: Callable[[Path, str, Path], LabelTable]
) -> None:
    """Score every labelled video that the command line names, and print and write the figures.

    Args:
        about: The script's docstring.
        plain: As it is.
        harder: The other way.
        look: Gives who is found in a video in that way, by the video, the model pack and an empty folder.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--models", default="open", metavar="PACK")
    parser.add_argument("--only", default="", metavar="TEXT", help="only videos with this in their name")
    add_json_option(parser)
    args = parser.parse_args()
    default = os.environ.get("FACESTREAM_TEST_DATA")
    folders = args.folders or ([Path(default)] if default else [])
    videos = [
        labelled
        for folder in folders
        for labelled in sets_in(folder)
        if labelled.inputs == labelled.files and args.only in labelled.name
    ]
    if not videos:
        parser.error("name a folder with labelled videos, or set FACESTREAM_TEST_DATA")
    rows = [_row(labelled, args.models, plain, harder, look) for labelled in videos]
    print(markdown_table(rows))
    figures = [
        Figure(
            f"score {harder.name}, {row['video']}, {row['people']} people",
            *(row[f"{harder.key}_score"], "", "more", row[f"{plain.key}_score"], plain.name),
        )
        for row in rows
    ]
    Result(figures, details=rows).write(args.json)


def _row(
    labelled: LabelledSet,
    models: str,
    plain: Way,
    harder: Way,
    look: Callable[[Path, str, Path], LabelTable],
) -> dict[str, Any]:
    """One video."""
    (video,) = labelled.files
    tell(f"{labelled.name}: {plain.name}")
    with tempfile.TemporaryDirectory() as folder:
        as_it_is = labelled.score(ours(labelled, models, Path(folder)))
    tell(f"{labelled.name}: {harder.name}")
    with tempfile.TemporaryDirectory() as folder:
        other = labelled.score(look(video, models, Path(folder)))
    return {
        "video": labelled.name,
        "people": labelled.people,
        **_figures(plain, as_it_is),
        **_figures(harder, other),
    }


def _figures(way: Way, result: Evaluation) -> dict[str, Any]:
    bcubed = result.agreement.bcubed
    return {
        f"{way.key}_score": round(result.score, 4),
        f"{way.key}_p": round(bcubed.precision, 4),
        f"{way.key}_r": round(bcubed.recall, 4),
        f"{way.key}_found": result.clusters,
    }
