"""The jobs of a collection."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import redis

from storage.commands import Hash, Pipeline, commands_of
from storage.errors import NoSuchJobError, RecordError, TooManyJobsError
from storage.job_record import Job
from storage.keys import Keys
from storage.optimistic import T, change_alone

MOST_JOBS = 500
"""So many are kept; of those that are over, the oldest go first."""

_TRIES = 50


class JobStore:
    """Reads and writes jobs; every change takes effect as a whole or not at all.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    def all(self) -> list[Job]:
        """All jobs, the newest first; a damaged one is left out."""
        return _jobs(self._client.hgetall(self._keys.jobs))

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NoSuchJobError: If there is none with this id.
            RecordError: If it is damaged.
        """
        raw = self._client.hget(self._keys.jobs, job_id)
        if raw is None:
            raise self._missing(job_id)
        return Job.decode(raw)

    def add(self, job: Job) -> None:
        """Add a job; makes room for it where there are too many that are over.

        Raises:
            TooManyJobsError: If too many wait.
        """

        def attempt(pipe: Pipeline) -> None:
            there = self.all()
            over = [other.id for other in reversed(there) if other.state.is_over]
            surplus = len(there) + 1 - MOST_JOBS
            if surplus > len(over):
                raise TooManyJobsError(
                    f"{len(there) - len(over)} jobs wait already. Hand this one in when some are done."
                )
            pipe.multi()
            if surplus > 0:
                pipe.hdel(self._keys.jobs, *over[:surplus])
            pipe.hset(self._keys.jobs, job.id, job.encode())

        self._change_alone(self._keys.jobs, attempt)

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Change a job.

        Args:
            job_id: Which.
            change: Gives the new one for the one that there is; may be called more than once.

        Raises:
            NoSuchJobError: If there is none with this id.
            RecordError: If it is damaged.
        """

        def attempt(pipe: Pipeline) -> Job:
            before = self.get(job_id)
            job = change(before)
            if job == before:
                return job
            pipe.multi()
            pipe.hset(self._keys.jobs, job_id, job.encode())
            return job

        return self._change_alone(self._keys.jobs, attempt)

    def remove(self, job_id: str) -> Job:
        """Take a job away that is over or was not begun; its file stays.

        Returns:
            The job as it was. One that runs is still there.

        Raises:
            NoSuchJobError: If there is none with this id.
        """

        def attempt(pipe: Pipeline) -> Job:
            job = self.get(job_id)
            if job.state == "running":
                return job
            pipe.multi()
            pipe.hdel(self._keys.jobs, job_id)
            return job

        return self._change_alone(self._keys.jobs, attempt)

    def _missing(self, job_id: str) -> NoSuchJobError:
        return NoSuchJobError(
            f"There is no job {job_id!r} in collection {self._keys.collection!r}.", job_id=job_id
        )

    def _change_alone(self, key: str, attempt: Callable[[Pipeline], T]) -> T:
        restless = "the jobs were changed by others all the time. Try again."
        return change_alone(self._client, key, attempt, tries=_TRIES, restless=restless)


def _jobs(raw: Hash) -> list[Job]:
    found = []
    for value in raw.values():
        with contextlib.suppress(RecordError):
            found.append(Job.decode(value))
    return sorted(found, key=lambda job: (-job.created_at_s, job.id))
