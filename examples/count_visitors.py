"""Count the different people of each day or hour: how many were seen, and how many for the first time.

    python examples/count_visitors.py [--collection NAME] [--camera NAME]... [--hours] [--named | --unnamed]

Days and hours are those of this machine's time zone; somebody who stays counts in each. Staff who have names
are left out with --unnamed. It prints CSV. Only what has a date counts: what cameras see, and videos and
photos whose files say when they were recorded.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import facestream


def main(collection: str, cameras: list[str], *, hours: bool, named: bool | None) -> None:
    """Go through all sightings, the earliest first."""
    seen: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}
    undated = 0
    with facestream.connect(collection=collection) as store:
        store.check_there()
        for sighting in store.sightings(cameras=cameras, newest_first=False):
            if named is not None and named != bool(sighting.person_name):
                continue
            if sighting.start_at is None or sighting.end_at is None:
                undated += 1
                continue
            for period in periods(sighting.start_at, sighting.end_at, hours=hours):
                seen[period].add(sighting.person_id)
                first.setdefault(sighting.person_id, period)
    rows = csv.writer(sys.stdout)
    rows.writerow(["hour" if hours else "day", "people", "new"])
    for period in sorted(seen):
        rows.writerow([period, len(seen[period]), sum(first[person] == period for person in seen[period])])
    if undated:
        print(f"{undated} sightings without a date are left out", file=sys.stderr)


def periods(start: datetime, end: datetime, *, hours: bool) -> list[str]:
    """The days, or hours, that a stretch of time touches, in order."""
    touched = []
    hour = start.astimezone().replace(minute=0, second=0, microsecond=0)
    while hour <= end:
        touched.append(hour.isoformat(" ", "minutes") if hours else hour.date().isoformat())
        # By UTC, in which no hour comes twice.
        hour = (hour.astimezone(UTC) + timedelta(hours=1)).astimezone()
    return list(dict.fromkeys(touched))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collection", default="default")
    parser.add_argument("--camera", action="append", default=[], metavar="NAME", help="only this; repeatable")
    parser.add_argument("--hours", action="store_true", help="a row for each hour instead of each day")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--named", action="store_true", default=None, help="only people who have a name")
    who.add_argument("--unnamed", action="store_false", dest="named", help="only people who have none")
    args = parser.parse_args()
    with facestream.errors_shown():
        main(args.collection, args.camera, hours=args.hours, named=args.named)
