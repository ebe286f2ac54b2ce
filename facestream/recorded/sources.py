"""The videos and photos of a run, found before anything that takes its time."""

from __future__ import annotations

from facestream.errors import FacestreamError, UsageError
from facestream.people.people_view import counted
from facestream.recorded.run_report import RunOptions
from stream.discover import Discovery, discover


def find_sources(options: RunOptions) -> Discovery:
    """Look what there is to process.

    Raises:
        FacestreamError: If there is nothing.
        UsageError: If an option doesn't fit what there is.
    """
    found = discover(options.paths)
    if found.failed and not (found.videos or found.photos):
        raise FacestreamError("\n".join(str(error) for _, error in found.failed)) from found.failed[0][1]
    if options.recorded_at_s is not None and len(found.videos) + len(found.photos) > 1:
        # Photos most often know when they were taken; and what a person said of them stays.
        kinds = ((len(found.videos), "video"), (len(found.photos), "photo"))
        there = " and ".join(counted(number, kind) for number, kind in kinds if number)
        raise UsageError(
            f"--recorded-at is the beginning of one recording, and there are {there}. "
            "Run them one by one, or with --dated-names where the names of videos say it, or write a CSV "
            "with the columns path,recorded_at and a row for each, and run `facestream backfill FILE.csv`."
        )
    return found
