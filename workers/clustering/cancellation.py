"""Long computations that can be called off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from workers.errors import CalledOffError

_called_off: ContextVar[Callable[[], bool]] = ContextVar("called_off", default=lambda: False)


@contextlib.contextmanager
def called_off_by(called_off: Callable[[], bool]) -> Iterator[None]:
    """Let what this thread computes within the block end early.

    Args:
        called_off: Whether nobody wants the result any more; asked again and again.
    """
    token = _called_off.set(called_off)
    try:
        yield
    finally:
        _called_off.reset(token)


def checkpoint() -> None:
    """Stop here if nobody wants the result any more; for loops whose rounds may add up to seconds.

    Raises:
        CalledOffError: If so.
    """
    if _called_off.get()():
        raise CalledOffError("nobody waits for the result any more")
