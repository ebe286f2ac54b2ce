"""Many videos and photos in, over several processes; their people are those of a plain run."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from facestream.backfill.backfill_files import Dated
from facestream.backfill.backfill_plan import BackfillPlan, SplitVideo
from facestream.backfill.backfill_pool import BackfillPool, shares_of_cores
from facestream.backfill.backfill_task import Outcome, Photos, Task
from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker, make_clusterer
from facestream.configuration.settings import Place
from facestream.erasure.leftovers import Sweeper
from facestream.models.own_models import models_for
from facestream.processes.child import place_words
from facestream.recorded.run_report import RunOptions, RunReport, SilentListener
from facestream.recorded.source_desk import SourceDesk
from facestream.wiring import (
    calibration_of,
    facts_of,
    find_parts,
    keys_of,
    make_claims,
    make_queue,
    make_store,
    open_handle,
)
from storage.identity_store import IdentityStore
from storage.requests import ReclusterRequest
from storage.sample_queue import SampleQueue
from storage.source_claims import SourceClaims
from workers.border_joining import ends_of, joined
from workers.models.calibration import Calibration

# People of what is done are settled so often, beside the work.
_RECLUSTER_EVERY_S = 120.0
_SETTLE_S = 1800.0
_HEAR_S = 0.2
# Whoever stops it need not wait for more: the next one joins what this one could not.
_LEAVE_S = 5.0
# A frame over which processes die is found out by the third death, and left out by the next.
_TRIES = 4


class BackfillListener(Protocol):
    """Is told how a backfill gets on."""

    def began(self, videos: int, photos: int, processes: int) -> None:
        """So many files, over so many processes."""
        ...

    def now(self, report: RunReport, files: int, frames: int, faces: int, people: int) -> None:
        """So much is done."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def aside(self, text: str) -> None:
        """Something that is no problem."""
        ...


class Backfill:
    """One backfill.

    Args:
        place: Where people are stored.
        options: How files are looked at; its `paths` are not used.
        files: Videos, and photos.
        listener: Is told how it gets on.
        processes: So many at a time.
        segment_s: Videos are cut into parts of this length.
    """

    def __init__(
        self,
        place: Place,
        options: RunOptions,
        files: tuple[Sequence[Dated], Sequence[Dated]],
        listener: BackfillListener,
        *,
        processes: int,
        segment_s: float,
    ) -> None:
        self._place = place
        self._options = options
        self._listener = listener
        self._processes = processes
        self._report = RunReport()
        self._people = 0
        self._tried: dict[int, int] = {}
        self._again: deque[Task] = deque()
        self._to_settle: deque[SplitVideo] = deque()
        self._files_done = 0
        self._videos, self._photos = files
        self._plan = BackfillPlan(
            *files, segment_s, options.fps, self._pass_over, self._leave_out, listener.note
        )
        self._began_s = time.monotonic()

    def execute(self, stop: threading.Event) -> RunReport:
        """Process everything, or until `stop` is set; what was found by then is kept.

        Raises:
            UsageError: If an option can't be.
            StorageError: If Redis or the data folder can't be used.
            WorkerError: If models can't be loaded or a worker fails.
        """
        keys = keys_of(self._place)
        with ExitStack() as stack:
            handle = stack.enter_context(open_handle(self._place))
            stack.enter_context(handle.errors())
            for warning in handle.warnings:
                self._listener.note(warning)
            store, queue = make_store(handle, keys), make_queue(handle, keys)
            models = models_for(store, self._place, self._options.pack)
            parts = find_parts(models, self._place.data_dir)
            manifest, calibration = parts.manifest, calibration_of(parts)
            licence = manifest.licence
            self._report.pack = f"{manifest.name} ({manifest.title})"
            self._report.licence, self._report.commercial_use = licence.title, licence.commercial_use
            chosen = self._options.clustering
            make_clusterer(chosen or store.clustering(), manifest, calibration)
            store.check_model(manifest.model_id, models)
            store.claim_model(manifest.model_id, facts_of(parts, models), models)
            if chosen:
                store.choose_clustering(chosen)
            queue.prepare()
            worker = make_cluster_worker(
                handle,
                keys,
                manifest,
                calibration,
                self._people_now,
                recluster_every_s=_RECLUSTER_EVERY_S,
                on_erased=Sweeper(handle, self._place).wake,
            )
            background = stack.enter_context(Background(worker, handle))
            pool = stack.enter_context(
                BackfillPool(self._place, self._words(models), shares_of_cores(self._processes))
            )
            claims = stack.enter_context(make_claims(handle, keys))
            self._listener.began(len(self._videos), len(self._photos), self._processes)
            self._work(store, queue, pool, background, calibration, claims, stop)
            self._report.provider = pool.provider
        self._report.interrupted = stop.is_set()
        self._report.seconds = time.monotonic() - self._began_s
        return self._report

    def _words(self, models: str) -> list[str]:
        options = self._options
        words = [*place_words(self._place), "--models", models, "--device", options.device]
        words += ["--samples", options.samples]
        if options.min_face_px is not None:
            words += ["--min-face", f"{options.min_face_px:g}"]
        if options.max_pixels is not None:
            words += ["--max-pixels", str(options.max_pixels)]
        return [*words, *(["--include-forgotten"] if options.include_forgotten else [])]

    def _people_now(self, count: int) -> None:
        self._people = count

    def _work(
        self,
        store: IdentityStore,
        queue: SampleQueue,
        pool: BackfillPool,
        background: Background,
        calibration: Calibration,
        claims: SourceClaims,
        stop: threading.Event,
    ) -> None:
        desk = SourceDesk(
            store, queue, self._options, _Noting(self._listener), self._report, background.check, claims
        )
        tasks = self._plan.tasks(desk, claims, stop)
        more, stopped, leave_s = True, False, math.inf
        while more or pool.busy or self._again or self._to_settle:
            background.check()
            if stop.is_set():
                if not stopped:
                    # What was not begun is left; whole parts that are done count.
                    more, stopped = False, True
                    leave_s = time.monotonic() + _LEAVE_S
                    self._again.clear()
                    pool.stop()
                if not pool.busy and (not self._to_settle or time.monotonic() > leave_s):
                    break
            while not stopped and pool.has_room:
                try:
                    task = self._again.popleft() if self._again else next(tasks)
                except StopIteration:
                    more = False
                    break
                if task is None:
                    break
                pool.give(task)
            outcomes, lost = pool.hear(_HEAR_S)
            for outcome in outcomes:
                self._take(outcome)
            for task, reason in lost:
                if stopped:
                    self._take(Outcome(task.number))
                else:
                    self._lose(task, reason)
            self._settle_videos(store, queue, calibration, claims)
            frames, faces = pool.counted()
            self._listener.now(
                self._report,
                self._files_done,
                self._report.frames + frames,
                self._report.faces + faces,
                self._people,
            )
        if not stop.is_set() and store.meta():
            last = queue.send([ReclusterRequest("end of a backfill")])
            assert last is not None
            background.wait_until(lambda: queue.is_taken_in(last) or stop.is_set(), _SETTLE_S)

    def _take(self, outcome: Outcome) -> None:
        """Count what a task came to."""
        report, of = self._report, self._plan.of.pop(outcome.number)
        report.frames += outcome.frames
        report.faces += outcome.faces
        for path, reason in outcome.failed:
            self._fail(Path(path), reason)
        for path, warning in outcome.damaged:
            if (Path(path), warning) not in report.damaged:
                report.damaged.append((Path(path), warning))
                self._listener.note(f"{Path(path).name}: {warning}")
        if isinstance(of, Photos):
            report.sources += outcome.sources
            report.already_done += outcome.already_done
            report.forgotten += outcome.forgotten
            self._files_done += len(of.paths) if outcome.finished else 0
            return
        of.left.discard(outcome.number)
        of.whole &= outcome.finished
        if not of.left:
            self._files_done += 1
            self._to_settle.append(of)

    def _lose(self, task: Task, reason: str) -> None:
        """A process died over a task."""
        tries = self._tried[task.number] = self._tried.get(task.number, 0) + 1
        if tries < _TRIES:
            self._again.append(task)
            return
        of = self._plan.of[task.number]
        paths = [path for path, _ in of.paths] if isinstance(of, Photos) else [str(of.work.path)]
        said = f"the process that looked at it died {tries} times ({reason})"
        self._take(Outcome(task.number, failed=[(path, said) for path in paths]))

    def _pass_over(self, video: SplitVideo | None) -> None:
        """Nothing of a video is to be looked at; whoever was killed may not have come to join its parts."""
        self._files_done += 1
        if video is not None:
            self._to_settle.append(video)

    def _leave_out(self, path: Path, reason: str) -> None:
        self._files_done += 1
        self._fail(path, reason)

    def _fail(self, path: Path, reason: str) -> None:
        if all(failed != path for failed, _ in self._report.failed):
            self._report.failed.append((path, reason))
            self._listener.note(reason)

    def _settle_videos(
        self, store: IdentityStore, queue: SampleQueue, calibration: Calibration, claims: SourceClaims
    ) -> None:
        """Say of videos that are taken in which tracks go on from which; others may look at them then."""
        # Asked before: what is not taken in when nothing waits any more never will be.
        nothing_waits = bool(self._to_settle) and queue.waiting() == 0
        for _ in range(len(self._to_settle)):
            video = self._to_settle.popleft()
            source_id = video.work.source.source_id
            source = store.source(source_id)
            if source is not None and video.whole:
                if video.is_taken_in(source):
                    if video.borders_s:
                        tracks = list(store.tracks(store.track_ids(source_id)))
                        samples = {sample.sample_id: sample for sample in store.bare_samples(ends_of(tracks))}
                        queue.send(joined(tracks, samples, sorted(set(video.borders_s)), calibration))
                elif not nothing_waits:
                    self._to_settle.append(video)
                    continue
                else:
                    path = video.work.path
                    self._fail(path, f"{path.name}: some of it was not taken in; see `facestream dead`.")
            claims.release(source_id)


class _Noting(SilentListener):
    """Passes on what the desk says."""

    def __init__(self, listener: BackfillListener) -> None:
        self._listener = listener

    def note(self, text: str) -> None:
        self._listener.note(text)

    def aside(self, text: str) -> None:
        self._listener.aside(text)
