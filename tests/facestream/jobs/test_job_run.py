"""A job in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from facestream.configuration.settings import Place
from facestream.jobs.job_run import JobRun
from storage.job_record import Job, JobState


@pytest.mark.e2e
def test_what_could_not_be_written_is_told_again_where_nothing_is_newer(tmp_path: Path) -> None:
    run = JobRun(Job("j-1", "home", "a.mp4", "path", str(tmp_path / "a.mp4")), Place(tmp_path / "data"))
    run.tell_again({"people": 3, "error": "of before"})
    result = run.result()
    assert (result["people"], result["state"]) == (3, JobState.FAILED)
    assert "doesn't exist" in result["error"]
    assert run.changes() == {}
