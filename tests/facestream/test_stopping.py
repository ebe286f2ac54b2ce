import signal
import threading

import pytest

from facestream.stopping import stopping


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
