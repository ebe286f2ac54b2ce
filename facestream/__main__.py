"""Entry point: turns errors into messages and exit codes."""

from __future__ import annotations

# ruff: noqa: E402, I001 - Ctrl-C is taken care of before what takes long to import

# First what is there at once.
import os
import sys
import signal

EXIT_INTERRUPTED = 130


def _leave(*_: object) -> None:
    """End at once, without a traceback of whatever is being imported: there is nothing to tidy up yet."""
    os.write(2, b"Interrupted.\n")
    os._exit(EXIT_INTERRUPTED)


def _leaving(*, on: bool) -> None:
    """Leave at Ctrl-C from now on, or no longer; not where somebody ignores it or does something else."""
    now = signal.getsignal(signal.SIGINT)
    if now is (signal.default_int_handler if on else _leave):
        try:
            signal.signal(signal.SIGINT, _leave if on else signal.default_int_handler)
        except ValueError:
            # Another thread than the main one imports this.
            return


_leaving(on=True)

import gc
import io
import logging
import re

import click

from facestream.cli import cli
from facestream.log_format import configure_anyhow, is_json, tell_error, tell_interrupted
from facestream.processes.hidden_arguments import hide_arguments, may_hold_secrets
from facestream.processes.stopping import interrupted, note_interrupts

EXIT_FAILED = 1
EXIT_USAGE = 2

# System libraries that the wheel of OpenCV needs and slim images lack.
_OPENCV_LIBRARIES = ("libGL", "libgthread", "libglib")

# Credentials before an @, or any URL of RTSP, whose path and query may hold a token.
_URL_WITH_SECRETS = re.compile(r"(rtsps?://|://(?=\S*@))\S+", re.IGNORECASE)

# Whoever imports this for another purpose has their Ctrl-C back.
_leaving(on=False)


def main(arguments: list[str] | None = None, command: click.Command = cli) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Args:
        arguments: Its words; by default those that Python was started with.
        command: What they are for.
    """
    _leaving(on=True)
    # Imports and long lists make many objects and hardly a cycle: looking for some so often is a fifth of the
    # time of a short command.
    gc.set_threshold(200_000, 20, 100)
    # Threads of OpenBLAS spin for 2^26 cycles behind each product, which took 3 to 4 % of the processor's
    # time of a run. It reads this when NumPy is loaded, which is later.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    _open_streams()
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    if any("\0" in word for word in words):
        # No system passes one on and no path may hold one; whoever calls this function can.
        configure_anyhow(words)
        tell_error("a word of the command line holds a NUL character.")
        sys.exit(EXIT_USAGE)
    if arguments is None and may_hold_secrets(sys.argv):
        hide_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names and paths may hold what the terminal's encoding hasn't.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _leaving(on=False)
        note_interrupts()
        if sys.unraisablehook is sys.__unraisablehook__:
            sys.unraisablehook = _pass_over
        code = command.main(arguments, prog_name="facestream", standalone_mode=False)
        # Now and not when Python ends: a full disk or a reader that left is noticed here.
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(_say_interrupted())
    except click.ClickException as error:
        # It repeats what was typed, and of a camera's URL in the wrong place that is a password.
        said = _URL_WITH_SECRETS.sub(r"\1***", error.message)
        dashed = next((word for word in words if word.startswith("-") and os.path.exists(word)), None)  # noqa: PTH110
        if isinstance(error, click.NoSuchOption) and dashed:
            said += f" A file that begins with a dash is named ./{dashed}"
        error.message = said  # type: ignore[misc]
        configure_anyhow(words)
        if is_json() and not isinstance(error, click.exceptions.NoArgsIsHelpError):
            tell_error(error.format_message())
        else:
            error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of a pipe has left, as `head` does; Python must not complain when it flushes.
        _discard_output()
        sys.exit(EXIT_FAILED)
    except Exception as error:  # the last line of defence
        configure_anyhow(words)
        sys.exit(_explain(error, debug=debug))
    sys.exit(code if isinstance(code, int) else 0)


def _open_streams() -> None:
    """Have all three, as `>&-` closes one: else the next file that is opened would be taken for it."""
    for name, flags in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, flags)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))


def _pass_over(lost: sys.UnraisableHookArgs) -> None:
    """Tell what no caller could be told, but for a Ctrl-C amid an import: `interrupted` knows."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)


def _say_interrupted() -> int:
    tell_interrupted()
    return EXIT_INTERRUPTED


def _is_ctrl_c(error: Exception) -> bool:
    """Whether an error is what a compiled library made of Ctrl-C, most of all while it is loaded.

    Some raise an error of their own from the KeyboardInterrupt, others lose it. An error that only came after
    one is of something that went wrong while a command tidied up.
    """
    made_of_it = True
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, KeyboardInterrupt):
            return made_of_it
        made_of_it &= one.__cause__ is not None or isinstance(one, ImportError)
        one = one.__cause__ or one.__context__
    return interrupted()


def _is_of_output(error: OSError) -> bool:
    """Whether an error is of standard output, of which the system gives no name."""
    try:
        # What is buffered is still there.
        sys.stdout.flush()
    except OSError:
        return True
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_globals.get("__name__") in (__name__, "click.utils")


def _discard_output() -> None:
    """Let what is still buffered go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Exception, *, debug: bool) -> int:
    """Print an error and return the exit code."""
    from facestream.errors import UsageError
    from facestream.shown_errors import EXPECTED

    if debug:
        logging.getLogger(__name__).error("failed", exc_info=error)
    expected = isinstance(error, EXPECTED)
    of_system = error if isinstance(error, OSError) and error.errno is not None else None
    if not expected and of_system is None and _is_ctrl_c(error):
        return _say_interrupted()
    tell_error(str(error) if expected else _in_words(error))
    if of_system is not None and not expected:
        # Most likely a full disk; what standard output could not take now, it can't take at the end.
        _discard_output()
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED


def _in_words(error: Exception) -> str:
    """What to say of an error that nobody expected."""
    if isinstance(error, ImportError) and any(name in str(error) for name in _OPENCV_LIBRARIES):
        return (
            f"OpenCV needs a system library that is missing ({error}). On Debian and Ubuntu: "
            "apt install libgl1 libglib2.0-0"
        )
    if isinstance(error, MemoryError) or "can't start new thread" in str(error):
        return (
            f"the memory that this process may have is used up ({str(error) or 'MemoryError'}). Look at its "
            "limits (`ulimit -v`, `ulimit -u`, those of its container), or do less at a time."
        )
    if isinstance(error, OSError) and error.errno is not None:
        if isinstance(error.filename, (str, bytes)):
            return f"{os.fsdecode(error.filename)}: {error.strerror}."
        if _is_of_output(error):
            return f"standard output can't be written ({error.strerror})."
        return f"{error.strerror}."
    return f"{type(error).__name__}: {error}\nThis is a fault of facestream; --debug shows where."


if __name__ == "__main__":
    main()
