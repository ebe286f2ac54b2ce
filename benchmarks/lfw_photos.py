"""Which photos of Labeled Faces in the Wild a benchmark of model packs is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

from facestream.quality.labels import labelled_photos, people_asked_for


def lfw_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which photos, and the packs that look at them."""
    parser.add_argument("lfw", type=Path)
    parser.add_argument("halves", type=Path)
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--half", default="report")
    parser.add_argument("--every", type=int, default=1, help="only each n-th person")


def lfw_photos(asked: argparse.Namespace) -> dict[Path, str]:
    """The photos that `lfw_options` say, with who is on each; prints how many."""
    chosen = people_asked_for(asked.halves, asked.half)
    photos = {p: who for p, who in labelled_photos(asked.lfw, "folders").items() if who in (chosen or ())}
    people = set(sorted(set(photos.values()))[:: asked.every])
    photos = {path: who for path, who in photos.items() if who in people}
    print(f"{len(photos)} photos of {len(people)} people")
    return photos
