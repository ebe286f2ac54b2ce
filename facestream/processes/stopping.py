"""An end that a person, or what started this process, asks for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

# Whether Ctrl-C came before there was anything to stop.
_early = threading.Event()


def note_interrupts() -> None:
    """Remember a Ctrl-C of this process, beside the KeyboardInterrupt that it raises as ever.

    Compiled libraries make another error of that while they are loaded, or lose it: see `interrupted`. Left
    alone where a Ctrl-C is ignored, as of what a shell starts in the background.
    """
    _early.clear()
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _noted)


def interrupted() -> bool:
    """Whether Ctrl-C came since `note_interrupts`, outside of any `stopping`."""
    return _early.is_set()


def _noted(number: int, frame: FrameType | None) -> None:
    _early.set()
    signal.default_int_handler(number, frame)


def _leave(terminal: Sequence[int]) -> None:
    """Write to nobody from now on: each word to a terminal that has gone would be an error."""
    nobody = os.open(os.devnull, os.O_RDWR)
    for number in terminal:
        os.dup2(nobody, number)
    os.close(nobody)


@contextmanager
def stopping(on_stop: Callable[[], None] | None = None) -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and the end of the terminal set; a second Ctrl-C interrupts at once.

    It is set from the first where a Ctrl-C has come already, and was lost.

    Args:
        on_stop: Called, from a thread of its own, as soon as the event is set.
    """
    stop = threading.Event()
    if interrupted():
        stop.set()

    # Once it has gone, nothing tells that it was there.
    terminal = [number for number in range(3) if os.isatty(number)]

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave(terminal)
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        # What nohup started outlives its terminal.
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    over = threading.Event()

    def tell() -> None:
        stop.wait()
        if on_stop is not None and not over.is_set():
            on_stop()

    # A handler that takes locks itself could wait for the very code that it has interrupted.
    if on_stop is not None:
        threading.Thread(target=tell, name="tells of the end", daemon=True).start()
    try:
        yield stop
    finally:
        # Its work is done: whoever waits for the end in vain leaves.
        over.set()
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)
