"""Say when somebody is seen who was never seen before, and keep a picture of them.

    python examples/alert_unknown.py [--collection NAME] [--pictures FOLDER] [--idle SECONDS]

It listens to a collection while `facestream watch`, `serve` or `run` fills it. Where it was stopped, it goes
on: the id of the last event is kept in FOLDER, so that nobody is missed. Redis keeps the latest 100,000
events. Webhooks (`facestream webhook add`) do the same without a script.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import facestream


def main(collection: str, pictures: Path, idle_s: float | None) -> None:
    """Listen to people being created."""
    pictures.mkdir(parents=True, exist_ok=True)
    place = pictures / "last-event"
    last = place.read_text() if place.exists() else "0-0"
    with facestream.connect(collection=collection) as store:
        for event in store.watch(kinds=["created"], after=last, timeout_s=idle_s):
            if event.kind == "reset":
                print("Some events were lost: look at `facestream people --sort first`.")
            else:
                where = event.camera or event.source_id
                when = f" at {event.event_at:%Y-%m-%d %H:%M:%S} UTC" if event.event_at else ""
                print(f"Unknown: {event.person_id}, {where}{when}", flush=True)
                face = store.thumbnail(event.thumbnail)
                if face is not None:
                    (pictures / f"{event.person_id}.jpg").write_bytes(face)
            # Behind the work: whoever is stopped in between is told of once more, and not missed.
            place.write_text(event.id)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collection", default="default")
    parser.add_argument("--pictures", type=Path, default=Path("unknown"), metavar="FOLDER")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="end after so long without anybody")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.collection, args.pictures, args.idle)
