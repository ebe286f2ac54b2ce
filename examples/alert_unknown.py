"""Say when somebody new is seen whom nobody has named, and keep a picture of them.

    python examples/alert_unknown.py [--collection NAME] [--pictures FOLDER] [--idle SECONDS] [--history]

It listens to a collection while `facestream watch`, `serve` or `run` fills it, from now on; `--history`
begins with the oldest event that Redis keeps, of the latest 100,000. Where it was stopped, it goes on behind
the last event that it has had, whose id is kept in FOLDER. Webhooks (`facestream webhook add`) do the same
without a script.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path, PurePath

import facestream
from facestream.errors import NotFoundError

LATE = timedelta(minutes=5)


def main(collection: str, pictures: Path, idle_s: float | None, *, history: bool) -> None:
    """Listen to people being created."""
    pictures.mkdir(parents=True, exist_ok=True)
    place = pictures / "last-event"
    last = "0-0" if history else place.read_text() if place.exists() else None
    with facestream.connect(collection=collection) as store:
        print(f"Listening to collection {collection!r}; Ctrl-C ends this.", file=sys.stderr, flush=True)
        for event in store.watch(kinds=["created"], after=last, timeout_s=idle_s):
            if event.kind == "reset":
                print("Some events were lost: look at `facestream people --sort first`.")
            elif is_unknown(store, event):
                when = f" at {event.event_at:%Y-%m-%d %H:%M:%S} UTC" if event.event_at else ""
                print(f"Unknown: {event.person_id}, {where(store, event)}{when}", flush=True)
                face = store.thumbnail(event.thumbnail)
                if face is not None:
                    (pictures / f"{event.person_id}.jpg").write_bytes(face)
            # Behind the work: whoever is stopped in between is told of once more, and not missed.
            place.write_text(event.id)


def is_unknown(store: facestream.Store, event: facestream.Event) -> bool:
    """Whether nobody knows them by now: they were not told to be somebody else, named or ignored since."""
    if not event.provisional and is_of_long_ago(event):
        # A re-cluster made them of tracks that were told of before, as somebody else's.
        return False
    try:
        person = store.person(event.person_id)
    except NotFoundError:
        return False
    return person.id == event.person_id and not person.name and not person.ignored


def is_of_long_ago(event: facestream.Event) -> bool:
    """Whether it was found out later than minutes after it was seen: who comes back as somebody else did."""
    if event.published_at is None or event.event_at is None:
        return True
    return event.published_at - event.event_at > LATE


def where(store: facestream.Store, event: facestream.Event) -> str:
    """The camera, or the name of the file."""
    if event.camera:
        return event.camera
    paths = {seen.source_id: seen.source for seen in store.person(event.person_id).sightings}
    return PurePath(paths.get(event.source_id, event.source_id)).name


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collection", default="default")
    parser.add_argument("--pictures", type=Path, default=Path("unknown"), metavar="FOLDER")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="end after so long without anybody")
    parser.add_argument("--history", action="store_true", help="begin with the oldest event that is kept")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.collection, args.pictures, args.idle, history=args.history)
