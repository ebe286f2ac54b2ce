"""What the entry point makes of what ends a command."""

from __future__ import annotations

import click
import pytest

from facestream.__main__ import EXIT_FAILED, EXIT_INTERRUPTED, main


def end_of(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int | str | None, str]:
    """Exit code and message of a command that ends with an error."""

    @click.command
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        main([], command)
    return end.value.code, capsys.readouterr().err


def caused(error: Exception, cause: BaseException) -> Exception:
    """An error as the C API makes it of another one."""
    error.__cause__ = error.__context__ = cause
    return error


def test_ctrl_c_while_a_compiled_library_is_loaded_is_an_interruption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loading = caused(ImportError("initialization failed"), KeyboardInterrupt())
    outer = caused(ImportError("numpy is not there"), loading)
    for error in (loading, outer):
        assert end_of(error, capsys) == (EXIT_INTERRUPTED, "Interrupted.\n")


def test_a_library_that_can_not_be_loaded_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (
        ImportError("initialization failed"),
        caused(ImportError("initialization failed"), MemoryError()),
        # While it tidied up after Ctrl-C, something else went wrong.
        caused(ValueError("initialization failed"), KeyboardInterrupt()),
    ):
        code, said = end_of(error, capsys)
        assert code == EXIT_FAILED
        assert "initialization failed" in said
