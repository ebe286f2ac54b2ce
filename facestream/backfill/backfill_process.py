"""A process of a backfill, which does what its standard input says.

It is `python -m facestream.backfill.backfill_process`. Each line of its input is a `Task`, one after the
other; each line that it prints is a JSON object: `ready` once, `frames` and `faces` of the task now and then,
and its `outcome`. It ends when its standard input does, and like `facestream.processes.beside` with whoever
started it; Ctrl-C ends the task early.
"""

from __future__ import annotations

import json
import math
import os
import queue
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.backfill.backfill_task import Outcome, Photos, Stretch, Task
from facestream.cli import device_option, place_options
from facestream.configuration.setting_option import setting_option
from facestream.configuration.settings import Place
from facestream.processes.beside import LAST_S
from facestream.processes.stopping import stopping
from facestream.recorded.run_report import RunOptions, RunReport, SilentListener
from facestream.recorded.source_id import content_of, is_file_of

if TYPE_CHECKING:
    from facestream.recorded.intake import Intake
    from storage.source_claims import SourceClaims
    from stream.frame import Frame
    from workers.face_worker import FaceWorker

_TELL_EVERY_S = 0.5


class _Tasks:
    """The lines of standard input, read in a thread; the end of it stops what is under way."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lines: queue.Queue[str | None] = queue.Queue(2)
        threading.Thread(target=self._read, name="tasks", daemon=True).start()

    def next(self) -> Task | None:
        """The next one; None at the end, and once it is to stop."""
        while not self._stop.is_set():
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                continue
            return None if line is None else Task.decode(line)
        return None

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        self._stop.set()
        # Who doesn't come to an end is ended: nobody is there any more who would.
        time.sleep(LAST_S)
        os._exit(1)


class _Counter:
    """Counts frames and faces of a task, and tells of them."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._told_s = time.monotonic()

    def frame_done(self, frame: Frame, faces: int) -> None:  # noqa: ARG002 - as a listener is called
        self._outcome.frames += 1
        self._outcome.faces += faces
        if time.monotonic() - self._told_s >= _TELL_EVERY_S:
            self._told_s = time.monotonic()
            _tell(number=self._outcome.number, frames=self._outcome.frames, faces=self._outcome.faces)


def _tell(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)  # noqa: T201


@click.command()
@click.option("--models", required=True)
@device_option
@setting_option("--min-face", "min_face_px", setting="min_face", type=float)
@setting_option("--samples", setting="samples", default="best")
@click.option("--max-pixels", type=int)
@click.option("--include-forgotten", is_flag=True)
@click.option("--cores")
@place_options()
def command(models: str, cores: str | None, **options: Any) -> int:
    """Do what standard input says."""
    if cores:
        # Before ONNX Runtime and FFmpeg count them.
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    from facestream.processes.hang import model_watchdog
    from facestream.wiring import (
        find_parts,
        keys_of,
        load_parts,
        make_claims,
        make_look_mark,
        make_queue,
        make_store,
        open_handle,
    )
    from workers.face_worker import FaceWorker, FaceWorkerSettings

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    what = RunOptions(
        paths=(), max_pixels=options["max_pixels"], include_forgotten=options["include_forgotten"]
    )
    with ExitStack() as stack:
        stop, handle = stack.enter_context(stopping()), stack.enter_context(open_handle(place))
        stack.enter_context(handle.errors())
        watchdog = stack.enter_context(model_watchdog())
        tasks = _Tasks(stop)
        pack = load_parts(find_parts(models, place.data_dir), options["device"])
        keys = keys_of(place)
        claims = stack.enter_context(make_claims(handle, keys))
        sending = make_queue(handle, keys, pack.manifest.model_id)
        mark = make_look_mark(handle, keys)
        settings = FaceWorkerSettings(
            min_face_px=options["min_face_px"], samples=options["samples"], watchdog=watchdog
        )
        _tell(ready=True, provider=pack.providers[0])
        while (task := tasks.next()) is not None:
            outcome = Outcome(task.number)
            if isinstance(task.work, Stretch):
                # Several processes may look at one video: the mark is that of the part.
                part = f"{task.work.source_id}@{task.work.start_s:g}"
                faces = FaceWorker(pack, sending, settings, lambda _, part=part: mark(part))  # type: ignore[misc]
                _look_at_video(task.work, outcome, faces, what, stop)
            else:
                report = RunReport()
                faces = FaceWorker(pack, sending, settings, mark)
                intake = _intake(make_store(handle, keys), sending, faces, what, report, outcome, claims)
                _look_at_photos(task.work, outcome, intake, report, claims, stop)
            print(outcome.encode(), flush=True)  # noqa: T201
    return 0


def _look_at_video(
    stretch: Stretch, outcome: Outcome, faces: FaceWorker, what: RunOptions, stop: threading.Event
) -> None:
    from stream.errors import SourceChangedError, StreamError
    from stream.video import VideoFile
    from stream.video_info import MAX_VIDEO_PIXELS

    video = VideoFile(
        Path(stretch.path),
        stretch.source_id,
        fps=stretch.fps,
        start_s=stretch.start_s,
        end_s=None if math.isinf(stretch.end_s) else stretch.end_s,
        recorded_at_s=stretch.recorded_at_s,
        max_pixels=what.max_pixels or MAX_VIDEO_PIXELS,
        seek=stretch.seek,
        content=content_of(stretch.source_id),
    )
    counter = _Counter(outcome)
    try:
        if not is_file_of(video.path, stretch.source_id, stretch.size):
            raise SourceChangedError(
                f"{stretch.path!r} has other content than when the backfill began; run it again", stretch.path
            )
        outcome.finished = faces.run(
            video,
            stretch.start_s,
            stretch.end_s,
            stop,
            to_end=stretch.to_end,
            on_frame=counter.frame_done,
        )
    except StreamError as error:
        outcome.failed.append((stretch.path, str(error)))
    faults = [str(faces.faults)] if faces.faults else []
    outcome.damaged += [(stretch.path, warning) for warning in (*video.warnings, *faults)]


def _look_at_photos(
    photos: Photos,
    outcome: Outcome,
    intake: Intake,
    report: RunReport,
    claims: SourceClaims,
    stop: threading.Event,
) -> None:
    from facestream.recorded.turns import in_turn
    from stream.errors import StreamError

    dates = {Path(path): recorded_at_s for path, recorded_at_s in photos.paths}

    def look(path: Path) -> None:
        try:
            intake.photo(path, stop, dates[path])
        except StreamError as error:
            outcome.failed.append((str(path), str(error)))

    in_turn(dates, look, claims, lambda _: None, lambda: None, stop)
    outcome.sources, outcome.already_done = report.sources, report.already_done
    outcome.forgotten = report.forgotten
    outcome.damaged = [(str(path), text) for path, text in report.damaged]
    outcome.finished = not stop.is_set()


class _Counted(SilentListener):
    def __init__(self, counter: _Counter) -> None:
        self._counter = counter

    def frame_done(self, frame: Frame, faces: int) -> None:
        self._counter.frame_done(frame, faces)


def _intake(
    store: Any,
    sending: Any,
    faces: FaceWorker,
    what: RunOptions,
    report: RunReport,
    outcome: Outcome,
    claims: SourceClaims,
) -> Intake:
    from facestream.recorded.intake import Intake
    from facestream.recorded.source_desk import SourceDesk

    listener = _Counted(_Counter(outcome))
    desk = SourceDesk(store, sending, what, listener, report, lambda: None, claims)
    return Intake(store, desk, faces, listener, report, lambda: None)


def main() -> None:
    """Run it, with errors as those of the command line."""
    from facestream.__main__ import main as run_main

    run_main(sys.argv[1:], command)


if __name__ == "__main__":
    main()
