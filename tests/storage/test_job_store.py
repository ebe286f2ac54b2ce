from __future__ import annotations

import threading

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from storage import job_store
from storage.errors import NoSuchJobError, RecordError, TooManyJobsError
from storage.job_record import Job, JobState, new_job_id
from storage.job_store import JobStore
from storage.keys import Keys


def a_job(at_s: float = 0.0, **facts: object) -> Job:
    return Job(new_job_id(), "home", "film.mp4", "path", "/films/film.mp4", created_at_s=at_s).changed(
        **facts
    )


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> JobStore:
    return JobStore(client, keys)


@given(
    st.builds(
        Job,
        id=st.text(),
        home=st.text(),
        name=st.text(),
        kind=st.sampled_from(["path", "upload"]),
        path=st.text(),
        fps=st.none() | st.floats(0.1, 100),
        state=st.sampled_from(JobState),
        progress=st.none() | st.floats(0, 1),
        message=st.text(),
        people=st.none() | st.integers(0, 9),
        created_at_s=st.floats(0, 4e9),
        source_ids=st.tuples(st.text()),
    )
)
def test_a_job_is_read_as_it_was_written(job: Job) -> None:
    assert Job.decode(job.encode()) == job


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"id":"j-1","state":"asleep"}', b"\xff"])
def test_a_damaged_job_is_an_error(damage: bytes) -> None:
    with pytest.raises(RecordError):
        Job.decode(damage)


def test_jobs_come_the_newest_first_without_damaged_ones(
    store: JobStore, client: redis.Redis, keys: Keys
) -> None:
    old, new = a_job(1.0), a_job(2.0)
    store.add(old)
    store.add(new)
    client.hset(keys.jobs, "j-damaged", "nonsense")
    assert store.all() == [new, old]


def test_a_job_that_there_is_not_is_named(store: JobStore) -> None:
    with pytest.raises(NoSuchJobError) as caught:
        store.change("j-none", lambda job: job)
    assert caught.value.job_id == "j-none"


def test_a_job_that_runs_stays(store: JobStore) -> None:
    job = a_job(state=JobState.RUNNING)
    store.add(job)
    assert store.remove(job.id).state is JobState.RUNNING
    assert store.get(job.id) == job
    store.change(job.id, lambda job: job.changed(state=JobState.DONE))
    store.remove(job.id)
    assert store.all() == []


def test_room_is_made_by_the_oldest_that_are_over(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_store, "MOST_JOBS", 3)
    waiting = a_job(1.0)
    over = [a_job(at_s, state=JobState.DONE) for at_s in (2.0, 3.0)]
    newer = a_job(4.0)
    for job in (waiting, *over, newer):
        store.add(job)
    assert store.all() == [newer, over[1], waiting]


def test_too_many_that_wait_are_refused(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_store, "MOST_JOBS", 1)
    store.add(a_job())
    with pytest.raises(TooManyJobsError):
        store.add(a_job())


def test_changes_of_several_at_a_time_are_all_kept(store: JobStore) -> None:
    job = a_job(people=0)
    store.add(job)

    def count() -> None:
        for _ in range(5):
            store.change(job.id, lambda job: job.changed(people=(job.people or 0) + 1))

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(job.id).people == 15
