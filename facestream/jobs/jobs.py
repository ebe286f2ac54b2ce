"""Videos and photos that are handed in, processed one after the other."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from facestream.configuration.settings import Place
from facestream.errors import RefusedError
from facestream.jobs.job_deaths import JobDeaths
from facestream.jobs.job_folders import allowed_path
from facestream.jobs.job_options import JobOptions
from facestream.jobs.job_run import JobRun
from facestream.jobs.job_view import job_json
from facestream.jobs.uploads import Upload, Uploads
from facestream.processes.trouble import Trouble
from facestream.recorded.media_check import check_media
from storage.connection import RedisHandle
from storage.errors import NoSuchJobError, StorageError
from storage.job_record import Job, JobState, new_job_id
from storage.job_store import JobStore

_log = logging.getLogger(__name__)

_EVERY_S, _AT_REST_S = 0.3, 1.0
_JOIN_S = 45.0
_HOME, _LOCK = ".home", ".lock"


class Jobs:
    """The jobs of a collection; a context manager that works on them in a thread.

    Those that were handed in here are worked on here, by one process of those that have this folder. Jobs
    outlive it: what waits goes on with the next one, and so does what ran, from where it was.

    Args:
        place: The collection.
        store: Its jobs.
        handle: Its server.
        uploads: Where uploaded files lie.
        folders: Folders that files may be processed from by path.
        at_once: So many run at a time; 0: none here.
        publish: Called with the name "job" and a job, as the API tells it, that is another than before.
    """

    def __init__(
        self,
        place: Place,
        store: JobStore,
        handle: RedisHandle,
        uploads: Uploads,
        *,
        folders: Sequence[Path] = (),
        at_once: int = 1,
        publish: Callable[[str, dict[str, Any]], None] = lambda _kind, _data: None,
    ) -> None:
        self._place = place
        self._store = store
        self._handle = handle
        self.uploads = uploads
        self._folders = tuple(folders)
        self._at_once = at_once
        self._publish = publish
        self._home = ""
        self._runs: dict[str, JobRun] = {}
        # What became of those that are over and could not be written down yet.
        self._ends: dict[str, dict[str, Any]] = {}
        self._deaths = JobDeaths()
        self._lock_file: int | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    # What can be asked for ---------------------------------------------------------------------------------

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        with self._handle.errors():
            return self._store.all()

    def get(self, job_id: str) -> Job:
        """One job; `NoSuchJobError` if there is none."""
        with self._handle.errors():
            return self._store.get(job_id)

    def hand_in(self, written: str, options: JobOptions) -> Job:
        """Have a file or folder of this machine processed.

        Args:
            written: Its path.
            options: How.

        Raises:
            RefusedError: If it may not be read, or is no video and no photo.
            TooManyJobsError: If too many wait.
        """
        path = allowed_path(written, self._folders)
        check_media(path)
        job = Job(new_job_id(), self._home_id(), path.name, "path", str(path), **asdict(options))
        return self._add(job)

    def take_in(self, upload: Upload, options: JobOptions) -> Job:
        """Have an uploaded file processed, which has arrived; arguments and errors as those of `hand_in`."""
        path = upload.finish()
        try:
            job = Job(upload.job_id, self._home_id(), upload.name, "upload", str(path), **asdict(options))
            job = self._add(job)
        except BaseException:
            self.uploads.remove(path)
            raise
        self.uploads.note_entered(job.id)
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job early; what was found is kept. Nothing happens to one that is over."""

        def cancelled(job: Job) -> Job:
            if job.state is JobState.QUEUED:
                return job.changed(state=JobState.CANCELLED, cancel=True, ended_at_s=time.time())
            return job if job.state.is_over else job.changed(cancel=True)

        with self._handle.errors():
            job = self._store.change(job_id, cancelled)
        self._changed(job)
        self._wake.set()
        return job

    def remove(self, job_id: str, *, file: bool = False) -> None:
        """Take a job out of the list; who was found in it stays.

        Args:
            job_id: Which.
            file: Whether its uploaded file goes as well, after which its sightings can't be played. One that
                nobody began with goes in any case.

        Raises:
            NoSuchJobError: If there is none.
            RefusedError: If it runs ("running").
        """
        with self._handle.errors():
            job = self._store.remove(job_id)
        if job.state is JobState.RUNNING:
            raise RefusedError("The job runs. Cancel it first, then remove it.", kind="running")
        if job.kind == "upload" and (file or job.started_at_s is None):
            self.uploads.remove(Path(job.path))

    def _add(self, job: Job) -> Job:
        job = job.changed(created_at_s=time.time())
        with self._handle.errors():
            self._store.add(job)
        self._changed(job)
        self._wake.set()
        return job

    def _changed(self, job: Job) -> None:
        self._publish("job", job_json(job))

    # The work ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        trouble, swept = Trouble(_log, "Jobs are looked at"), False
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if self._lock_file is None and self._leads():
                    self.uploads.sweep()
                if self._lock_file is not None:
                    with self._handle.errors():
                        if not swept:
                            self.uploads.sweep_unentered({job.id for job in self._store.all()})
                            swept = True
                        self._step()
            except StorageError as error:
                _log.info("jobs: %s", error)
            except OSError as error:
                _log.warning("jobs: %s", error)
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
            else:
                trouble.over()
            self._wake.wait(_EVERY_S if self._runs else _AT_REST_S)
        self._leave()

    def _leads(self) -> bool:
        """Whether this process is the one that works on the jobs of this folder; it stays so."""
        # Not before there is something to do: no folder is made for nothing.
        if not (self.uploads.folder / _HOME).exists():
            return False
        file = os.open(self.uploads.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._lock_file = file
        return True

    def _home_id(self) -> str:
        """What tells this folder from those of other servers, for jobs that only this one's can work on."""
        if not self._home:
            path = self.uploads.folder / _HOME
            self.uploads.make_folder()
            if not path.exists():
                # Never half written: another process may read it at this moment.
                ours = path.with_name(f"{_HOME}-{secrets.token_hex(8)}")
                ours.touch(0o600)
                ours.write_text(secrets.token_hex(8))
                with suppress(FileExistsError):
                    os.link(ours, path)
                ours.unlink()
            self._home = path.read_text().strip()
        return self._home

    def _step(self) -> None:
        jobs = self._ours()
        left = [job.id for job in jobs.values() if job.state is JobState.RUNNING and job.id not in self._runs]
        for job_id in left:
            # Whoever ran it was ended, or nobody learned that it was to begin.
            self._change(job_id, state=JobState.QUEUED, progress=None, message="")
        if left:
            jobs = self._ours()
        for job_id, run in list(self._runs.items()):
            if run.is_over:
                # A server may answer and take no writes: then this is tried again.
                if job_id not in self._ends:
                    self._ends[job_id] = self._outcome(job_id, run)
                self._change(job_id, **self._ends[job_id])
                del self._runs[job_id], self._ends[job_id]
                continue
            if job_id in jobs:
                self._pass_on(job_id, run)
            if job_id not in jobs or jobs[job_id].cancel:
                run.stop()
        for job in reversed(jobs.values()):
            if len(self._runs) >= self._at_once:
                break
            if job.state is JobState.QUEUED and job.id not in self._runs and self._deaths.is_due(job.id):
                self._begin(job)

    def _pass_on(self, job_id: str, run: JobRun) -> None:
        """Write what a job told since the last time."""
        changes = run.changes()
        if changes:
            try:
                self._change(job_id, **changes)
            except BaseException:
                run.tell_again(changes)
                raise

    def _ours(self) -> dict[str, Job]:
        """The jobs of this folder, the newest first."""
        return {job.id: job for job in self._store.all() if job.home == self._home_id()}

    def _outcome(self, job_id: str, run: JobRun) -> dict[str, Any]:
        """What becomes of a job that is over: one whose process died is tried again."""
        died, result = run.died, run.result()
        if not died:
            self._deaths.forget(job_id)
            return result
        wait_s = self._deaths.note(job_id)
        _log.warning("job %s: %s", job_id, result["error"])
        if wait_s is None:
            return result
        message = f"{result['error']}; it goes on in {wait_s:.0f} s"
        return {"state": JobState.QUEUED, "progress": None, "message": message}

    def _begin(self, job: Job) -> None:
        def begun(job: Job) -> Job:
            if job.state is not JobState.QUEUED:
                # Cancelled since it was looked at.
                return job
            if job.cancel:
                return job.changed(state=JobState.CANCELLED, ended_at_s=time.time())
            return job.changed(
                state=JobState.RUNNING, started_at_s=time.time(), message="getting ready", error=""
            )

        try:
            job = self._store.change(job.id, begun)
        except NoSuchJobError:
            return
        self._changed(job)
        if job.state is not JobState.RUNNING:
            return
        try:
            self._check_there(job)
            self._runs[job.id] = JobRun(job, self._place)
        except (RefusedError, OSError) as error:
            self._change(job.id, state=JobState.FAILED, error=str(error), ended_at_s=time.time())

    def _check_there(self, job: Job) -> None:
        if job.kind == "path":
            # What was a file may be a link by now.
            allowed_path(job.path, self._folders)
        elif not Path(job.path).is_file():
            raise RefusedError("The uploaded file is gone.", kind="missing")

    def _change(self, job_id: str, **changes: Any) -> None:
        # Somebody may have removed it by force.
        with suppress(NoSuchJobError):
            before = self._store.get(job_id)
            job = self._store.change(job_id, lambda job: job.changed(**changes))
            if job != before:
                self._changed(job)

    def _leave(self) -> None:
        """End what runs, to go on with the next one."""
        for run in self._runs.values():
            run.stop()
        for job_id, run in self._runs.items():
            result = self._ends.get(job_id) or run.result()
            if result["state"] is JobState.CANCELLED:
                result = {"state": JobState.QUEUED, "progress": None, "message": ""}
            with suppress(StorageError), self._handle.errors():
                self._change(job_id, **result)
        self._runs.clear()
        if self._lock_file is not None:
            os.close(self._lock_file)

    def __enter__(self) -> Self:
        """Begin to work."""
        if self._at_once:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it, keeping what was found."""
        self._stop.set()
        self._wake.set()
        if self._at_once:
            self._thread.join(_JOIN_S)
