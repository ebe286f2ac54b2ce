"""A job in a process of its own, which tells how it gets on.

It is `python -m facestream.jobs.job_process FILE ...`. Each line that it prints is a JSON object with some of
the fields of a job. It ends like `facestream.processes.beside` with whoever started it; Ctrl-C ends it early,
and what was found is kept.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options
from facestream.commands.model_options import own_parts_options
from facestream.configuration.setting_option import setting_option
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from facestream.parsing import Rate
from facestream.people.people_filter import PeopleFilter
from facestream.people.people_view import counted
from facestream.processes.beside import end_with_starter
from facestream.processes.stopping import stopping
from facestream.recorded.run_report import SilentListener

if TYPE_CHECKING:
    from stream.frame import Frame
    from stream.video_info import VideoInfo

EXIT_CANCELLED = 130

_TELL_EVERY_S = 0.5
# What comes after the last frame, a re-cluster, is a part of the work as well.
_BEFORE_THE_END = 0.99


class _Teller(SilentListener):
    """Prints how a run gets on.

    Args:
        sources: Number of videos and photos.
    """

    def __init__(self, sources: int) -> None:
        self._sources = max(sources, 1)
        self._done = 0
        self._duration_s: float | None = None
        self._told_s = 0.0
        self._faces = 0

    def source_began(self, path: Path, info: VideoInfo | None) -> None:  # noqa: ARG002
        """Its length is known from here on."""
        self._duration_s = info.duration_s if info else None
        tell(message="looking for faces")

    def frame_done(self, frame: Frame, faces: int) -> None:
        """Tell now and then."""
        self._faces += faces
        now_s = time.monotonic()
        if now_s - self._told_s < _TELL_EVERY_S:
            return
        self._told_s = now_s
        share = min(frame.media_s / self._duration_s, 1.0) if self._duration_s else 0.0
        known = self._duration_s is not None or self._sources > 1
        progress = round(_BEFORE_THE_END * (self._done + share) / self._sources, 4) if known else None
        tell(progress=progress, message=f"{counted(self._faces, 'face')} so far")

    def note(self, text: str) -> None:
        """That it waits for another process, say."""
        tell(message=text)

    def source_ended(self, path: Path) -> None:  # noqa: ARG002
        """What follows takes a while where there are many people."""
        self._done += 1
        tell(message="grouping faces into people")


def tell(**fields: Any) -> None:
    """Print a line for whoever started this."""
    print(json.dumps(fields), flush=True)  # noqa: T201


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@setting_option("--fps", setting="fps", type=Rate(), default="5")
@click.option("--recorded-at", "recorded_at_s", type=float)
@click.option("--dated-names", is_flag=True)
@own_parts_options
@device_option
@setting_option("--min-face", "min_face_px", setting="min_face", type=float)
@setting_option("--samples", setting="samples", default="best")
@place_options()
def command(path: Path, **options: Any) -> int:
    """Find the people in one video or photo; settings count as they do for `run`."""
    from facestream.client import open_store
    from facestream.recorded.run import Run
    from facestream.recorded.run_report import RunOptions
    from facestream.recorded.sources import find_sources

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    what = RunOptions(
        paths=(path,),
        fps=options["fps"] or None,
        recorded_at_s=options["recorded_at_s"],
        dated_names=options["dated_names"],
        pack=options["pack"],
        device=options["device"],
        min_face_px=options["min_face_px"],
        samples=options["samples"],
    )
    tell(message="getting ready")
    with stopping() as stop:
        found = find_sources(what)
        teller = _Teller(len(found.videos) + len(found.photos))
        report = Run(place, what, teller, found).execute(stop)
    if report.failed and not report.sources:
        raise FacestreamError(report.failed[0][1])
    with open_store(place) as store:
        sources = set(report.sources)
        everybody = store.people(PeopleFilter(ignored=True))
    found_people = [p for p in everybody if any(s.source_id in sources for s in p.sightings)]
    people = [person for person in found_people if not person.ignored]
    warnings = [text for _, text in (*report.failed, *report.damaged)]
    change = "its date was changed" if report.redated else "nothing was added"
    said = f"processed before; {change}" if report.already_done else ""
    if found_people and not people:
        said = "only people who are ignored were found"
    tell(
        people=len(people),
        source_ids=report.sources,
        message=said,
        error=" ".join(warnings),
        **({} if report.interrupted else {"progress": 1.0}),
    )
    return EXIT_CANCELLED if report.interrupted else 0


def main() -> None:
    """Run it, with errors as those of the command line."""
    from facestream.__main__ import main as run_main

    end_with_starter()
    run_main(sys.argv[1:], command)


if __name__ == "__main__":
    main()
