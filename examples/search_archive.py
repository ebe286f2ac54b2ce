"""Find somebody in everything that was processed, by a photo of them.

    python examples/search_archive.py PHOTO [--collection NAME] [--limit 3]

Every face of the photo is looked for. How sure it is says how likely it is the same person, given how large
the faces are and how many people there are; below 1 % nobody is listed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import facestream

# Whoever is less likely than this is somebody else.
LEAST_SURE = 0.01


def main(photo: Path, collection: str, limit: int) -> None:
    """Search, and say where the found were seen."""
    with facestream.connect(collection=collection) as store:
        store.check_there()
        for number, face in enumerate(store.find(photo, limit=limit), 1):
            left, top, right, bottom = (round(float(side)) for side in face.box_xyxy)
            print(f"face {number}, {left},{top} to {right},{bottom}:")
            matches = [match for match in face.matches if match.sureness >= LEAST_SURE]
            if not matches:
                print("    nobody")
            for match in matches:
                person = match.person
                print(f"    {match.sureness:4.0%}  {person.name or person.id}")
                for seen in person.sightings:
                    print(f"          {seen.camera or Path(seen.source).name}{when(seen)}")


def when(seen: facestream.Sighting) -> str:
    """The date and time, or else the place in the video; a photo lasts for no time."""
    if seen.photo:
        return f"  at {seen.start_at:%Y-%m-%d %H:%M:%S} UTC" if seen.start_at else ""
    begin = f"{seen.start_at:%Y-%m-%d %H:%M:%S} UTC" if seen.start_at else f"{seen.start_s:.1f} s"
    return f"  from {begin} for {seen.seconds:.1f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--limit", type=int, default=3, help="people for each face")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.photo, args.collection, args.limit)
