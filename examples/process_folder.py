"""Find the people in videos and photos, and show who was seen where, with a face to look at.

    python examples/process_folder.py PATH... [--collection NAME] [--faces FOLDER]

PATH is a video, a photo or a folder of them. Running it again adds nothing; what is new is added, and people
keep their ids. Ctrl-C keeps what was found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import facestream


def main(paths: list[Path], collection: str, faces: Path) -> None:
    """Process the files, then read from Redis who was seen."""
    try:
        report = facestream.process(*paths, collection=collection)
    except KeyboardInterrupt:
        raise SystemExit("Stopped; the same command goes on from here.") from None
    for _, reason in report.failed:
        # It names the file.
        print(reason)
    print(f"{len(report.sources)} files, {report.frames} new frames with {report.faces} faces\n")

    faces.mkdir(parents=True, exist_ok=True)
    with facestream.connect(collection=collection) as store:
        for person in store.people(sort="seconds"):
            print(f"{person.id}  {person.name or 'nobody named them yet'}")
            for seen in person.sightings:
                print(f"    {Path(seen.source).name}{when(seen)}")
            if person.thumbnails:
                # Nothing but this picture has to be kept to show somebody.
                (faces / f"{person.id}.jpg").write_bytes(store.thumbnail(person.thumbnails[0]) or b"")
    if report.failed and not report.sources:
        raise SystemExit("Nothing could be read.")


def when(seen: facestream.Sighting) -> str:
    """The date and time in UTC, or else the place in the video; a photo lasts for no time."""
    if seen.photo:
        return f"  at {seen.start_at:%Y-%m-%d %H:%M:%S}" if seen.start_at else ""
    begin = f"{seen.start_at:%Y-%m-%d %H:%M:%S}" if seen.start_at else f"{seen.start_s:.1f} s"
    return f"  from {begin} for {seen.seconds:.1f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--collection", default="default")
    parser.add_argument("--faces", type=Path, default=Path("faces"), metavar="FOLDER")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.paths, args.collection, args.faces)
