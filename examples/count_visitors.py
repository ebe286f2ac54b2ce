"""Count the different people of each day: how many were seen, and how many of them for the first time.

    python examples/count_visitors.py [--collection NAME] [--camera NAME]... [--named]

Days are those of this machine's time zone. It prints CSV. Only what has a date counts: what cameras see,
and videos and photos whose files say when they were recorded.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from datetime import date

import facestream


def main(collection: str, cameras: list[str], *, named: bool) -> None:
    """Go through all sightings, the earliest first."""
    seen: dict[date, set[str]] = defaultdict(set)
    first: dict[str, date] = {}
    undated = 0
    with facestream.connect(collection=collection) as store:
        for sighting in store.sightings(cameras=cameras, newest_first=False):
            if named and not sighting.person_name:
                continue
            if sighting.start_at is None:
                undated += 1
                continue
            day = sighting.start_at.astimezone().date()
            seen[day].add(sighting.person_id)
            first.setdefault(sighting.person_id, day)
    rows = csv.writer(sys.stdout)
    rows.writerow(["day", "people", "new"])
    for day in sorted(seen):
        rows.writerow([day, len(seen[day]), sum(first[person] == day for person in seen[day])])
    if undated:
        print(f"{undated} sightings without a date are left out", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collection", default="default")
    parser.add_argument("--camera", action="append", default=[], metavar="NAME", help="only this; repeatable")
    parser.add_argument("--named", action="store_true", help="only people who have a name")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.collection, args.camera, named=args.named)
