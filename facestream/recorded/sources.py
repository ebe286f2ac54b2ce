"""The videos and photos of a run, found before anything that takes its time."""

from __future__ import annotations

from facestream.errors import FacestreamError, UsageError
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
    if options.recorded_at_s is not None and len(found.videos) > 1:
        raise UsageError(
            f"--recorded-at is the beginning of one recording, and there are {len(found.videos)} videos. "
            "Run them one by one, or with --dated-names where their names say it, or write a CSV with the "
            "columns path,recorded_at and a row for each, and run `facestream backfill FILE.csv`."
        )
    return found
