"""What is said of what goes wrong on the command line itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done

from facestream import connect

Here = Callable[..., Done]


def test_a_misspelt_command_gets_the_nearest_as_a_suggestion(here: Here) -> None:
    assert "No such command 'rnu'. Did you mean 'run'?" in here("rnu", "a.mp4", code=2).stderr
    assert "Did you mean" not in here("xyzzyx", code=2).stderr


def test_no_list_ends_with_four_dots(tmp_path: Path, here: Here) -> None:
    for number in range(12):
        with connect(tmp_path / "data", collection=f"c{number:02}") as store:
            store._handle.client.hset(f"fs:{{c{number:02}}}:meta", "schema", "1")
    said = here("people").stdout
    assert "c08, c09 and 2 more. Start with" in said
    assert "...." not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said_to_be_that_of_the_output(unbuffered: str) -> None:

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "facestream", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "Error: standard output can't be written (No space left on device).\n",
    )
