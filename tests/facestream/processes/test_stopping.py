import contextlib
import signal
import threading

import pytest

from facestream.processes.stopping import interrupted, note_interrupts, stopping


def test_who_asks_for_an_end_is_answered_at_once() -> None:
    told = threading.Event()
    with stopping(told.set) as stop:
        assert not told.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        assert told.wait(30)


def test_an_end_that_nobody_asked_for_is_not_told() -> None:
    told: list[str] = []
    with stopping(lambda: told.append("ending")):
        pass
    assert told == []


def test_a_second_interrupt_ends_at_once_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_ctrl_c_that_was_lost_before_there_was_something_to_stop_stops_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        note_interrupts()
        assert not interrupted()
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with stopping() as stop:
            assert stop.is_set()
            # And one more doesn't wait for what is being stopped.
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        note_interrupts()
        with stopping() as stop:
            assert not stop.is_set()
    finally:
        note_interrupts()
        signal.signal(signal.SIGINT, before)


def test_a_ctrl_c_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        note_interrupts()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_end_of_a_terminal_is_one_unless_it_is_to_be_outlived() -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with stopping() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.is_set()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
        # As nohup does.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with stopping() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
