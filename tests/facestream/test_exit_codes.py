"""What the command line says and gives back when something goes wrong around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from command_runs import PATIENCE_S, Cli, Done

from facestream import __version__

pytestmark = pytest.mark.e2e

FACESTREAM = (sys.executable, "-m", "facestream")


@pytest.fixture
def broken_package(tmp_path: Path) -> Path:
    """A folder whose packages come before the installed ones."""
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def ended(cli: Cli, words: list[str], stdout: int | IO[str]) -> subprocess.CompletedProcess[str]:
    """What a process says and gives back whose standard output is something else than usual."""
    return subprocess.run(
        words,
        env=cli.environment(),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def with_first(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.mark.parametrize("library", ["libGL.so.1", "libgthread-2.0.so.0"])
def test_a_missing_system_library_of_opencv_comes_with_the_command_that_installs_it(
    cli: Cli, broken_package: Path, library: str
) -> None:
    (broken_package / "cv2.py").write_text(
        f'raise ImportError("{library}: cannot open shared object file: No such file or directory")\n'
    )

    done = cli("demo", code=1, PYTHONPATH=with_first(broken_package))

    assert library in done.stderr
    assert "apt install libgl1 libglib2.0-0" in done.stderr


def test_a_fault_of_ours_says_so_and_debug_shows_where(cli: Cli, broken_package: Path) -> None:
    (broken_package / "redis.py").write_text('raise RuntimeError("out of cheese")\n')
    path = with_first(broken_package)

    done = cli("people", code=1, PYTHONPATH=path)
    assert "RuntimeError: out of cheese" in done.stderr
    assert "--debug shows where" in done.stderr

    debug = cli.start("people", "--debug", PYTHONPATH=path).end()
    assert debug.code == 1
    assert "Traceback" in debug.stderr
    assert "redis.py" in debug.stderr


def test_an_interrupt_while_modules_load_ends_with_130(cli: Cli, broken_package: Path) -> None:
    (broken_package / "redis.py").write_text(
        # In small pieces: a signal right before a long sleep would be noticed after it.
        'import sys, time\nprint("loading", file=sys.stderr, flush=True)\nwhile True:\n    time.sleep(0.02)\n'
    )
    started = cli.start("people", PYTHONPATH=with_first(broken_package))
    started.wait_for("loading")

    done = started.interrupt()

    assert done.code == 130
    assert done.stderr.split() == ["loading", "Interrupted."]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_reported(cli: Cli) -> None:
    with Path("/dev/full").open("w") as full:
        done = ended(cli, [*FACESTREAM, "people"], stdout=full)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output can't be written (No space left on device).\n"


def test_a_reader_that_leaves_is_no_error_message(cli: Cli) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = ended(cli, [*FACESTREAM, "--help"], stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


def test_closed_streams_are_no_fault_and_no_file_is_taken_for_them(cli: Cli) -> None:
    for closed, words, code in (
        (">&-", "--version", 0),
        ("2>&-", "config show", 0),
        ("<&- >&- 2>&-", "people", 0),
        ("<&-", "people forget --all", 2),
    ):
        shell = ["/bin/sh", "-c", f'"$@" {words} {closed}', "sh", *FACESTREAM]
        done = ended(cli, shell, stdout=subprocess.PIPE)
        assert done.returncode == code, done
        assert "fault" not in done.stderr


def test_standard_output_is_refused_where_it_can_not_be(cli: Cli, tmp_path: Path) -> None:
    for words in (
        ("backup", "-"),
        ("people", "clip", "p1", "-o", "-"),
        ("people", "export-all", "p1", "-o", "-"),
    ):
        assert "can't be written to standard output" in cli(*words, code=2).stderr
    done = cli("export", "--format", "vtt", "--json", "-o", tmp_path / "x", code=2)
    assert "--format vtt was given" in done.stderr
    missing = tmp_path / "none" / "x.facestream"
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "1")
    assert cli("backup", missing, code=1).stderr.endswith("No such file or directory. Choose another file.\n")


def test_a_data_folder_that_can_t_be_made_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = cli("people", "--data-dir", tmp_path / "file" / "data", code=1)

    assert str(tmp_path / "file") in done.stderr
    assert done.stdout == ""


def test_an_unknown_command_is_wrong_usage(cli: Cli) -> None:
    assert "No such command 'peple'" in cli("peple", code=2).stderr


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version") == Done(0, f"facestream, version {__version__}\n", "")
