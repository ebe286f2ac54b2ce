"""Say whether two photos show the same person.

    python examples/compare_faces.py [A B]

Without A and B, photos of a made album are compared: two of one person, then two people, then two who look
more alike.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from make_album import make_album

import facestream
from facestream.search.search import in_percent

VERDICTS = {True: "the same person", False: "two people", None: "can't tell"}


def show(first: Path, second: Path) -> None:
    """Compare the largest faces of two photos."""
    result = facestream.compare(first, second)
    print(f"{first.name} and {second.name}")
    # The cosine of the angle between both embeddings. What it means differs from model to model ...
    print(f"  similarity   {result.similarity:.3f}")
    # ... so it is turned into a probability, for faces as large as these, where both answers were equally
    # likely before the look.
    print(f"  probability  {in_percent(result.sureness)} that it is the same person")
    print(f"  verdict      {VERDICTS[result.same]}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("photos", type=Path, nargs="*", metavar="A B")
args = parser.parse_args()

with facestream.errors_shown():
    if len(args.photos) == 2:
        show(*args.photos)
    elif args.photos:
        parser.error("give two photos, or none")
    else:
        with tempfile.TemporaryDirectory() as folder:
            album = make_album(Path(folder) / "album", views=2)
            astronaut = album / "astronaut" / "astronaut_0001.jpg"
            for name in ("astronaut_0002", "group_4th_from_left_0002", "group_1st_from_left_0001"):
                show(astronaut, next(album.rglob(f"{name}.jpg")))
