"""What the entry point makes of what ends a command."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from facestream.__main__ import EXIT_FAILED, EXIT_INTERRUPTED, main
from facestream.errors import FacestreamError
from facestream.processes.stopping import note_interrupts


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    """Tests of other files have the usual Ctrl-C, and none that came before."""
    before = signal.getsignal(signal.SIGINT)
    yield
    note_interrupts()
    signal.signal(signal.SIGINT, before)


def end_of(
    error: Exception, capsys: pytest.CaptureFixture[str], *, ctrl_c: bool = False
) -> tuple[int | str | None, str]:
    """Exit code and message of a command that ends with an error, and loses a Ctrl-C before."""

    @click.command
    def command() -> None:
        if ctrl_c:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        raise error

    with pytest.raises(SystemExit) as end:
        main([], command)
    return end.value.code, capsys.readouterr().err


def caused(error: Exception, cause: BaseException) -> Exception:
    """An error as the C API makes it of another one."""
    error.__cause__ = error.__context__ = cause
    return error


def after(error: Exception, known: BaseException) -> Exception:
    """An error that came while another one was dealt with."""
    error.__context__ = known
    return error


def test_ctrl_c_while_a_compiled_library_is_loaded_is_an_interruption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loading = caused(ImportError("initialization failed"), KeyboardInterrupt())
    outer = caused(ImportError("numpy is not there"), loading)
    field = caused(RuntimeError("Error calling __set_name__ on 'Field'"), KeyboardInterrupt())
    for error in (loading, outer, field):
        assert end_of(error, capsys) == (EXIT_INTERRUPTED, "Interrupted.\n")


def test_a_library_that_can_not_be_loaded_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (
        ImportError("initialization failed"),
        caused(ImportError("initialization failed"), MemoryError()),
        # While it tidied up after Ctrl-C, something else went wrong.
        after(ValueError("initialization failed"), KeyboardInterrupt()),
    ):
        code, said = end_of(error, capsys)
        assert code == EXIT_FAILED
        assert "initialization failed" in said


def test_an_error_after_a_ctrl_c_that_a_library_has_lost_is_an_interruption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault = RuntimeError("a validator can't be built")
    assert end_of(fault, capsys, ctrl_c=True) == (EXIT_INTERRUPTED, "Interrupted.\n")
    # That of an earlier command counts for none after it.
    assert end_of(fault, capsys)[0] == EXIT_FAILED
    for told in (
        FacestreamError("the disk is away"),
        after(ValueError("the lock stays"), KeyboardInterrupt()),
    ):
        code, said = end_of(told, capsys, ctrl_c=True)
        assert code == EXIT_FAILED
        assert "Interrupted" not in said


def test_a_file_that_begins_with_a_dash_comes_with_how_to_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for there in (False, True):
        if there:
            Path("-dash.mp4").touch()
        with pytest.raises(SystemExit) as end:
            main(["run", "-dash.mp4"])
        assert end.value.code == 2
        assert ("is named ./-dash.mp4" in capsys.readouterr().err) is there


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")], ids=repr)
def test_a_want_of_memory_is_no_fault_of_ours(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = end_of(error, capsys)
    assert code == EXIT_FAILED
    assert "the memory that this process may have is used up" in said
    assert "fault of facestream" not in said
