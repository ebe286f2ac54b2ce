"""The calls of ONNX Runtime that a piece of work makes, and how long they take alone."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from workers.models.session import Session


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        session: Of which model.
        outputs: What was asked for.
        shape: Of its input.
        dtype: Of its input.
        thread: Who made it.
    """

    session: Session
    outputs: list[str] | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    thread: int


class SessionTrace:
    """Records every call of every session while it is entered.

    Attributes:
        calls: In their order.
        began_s: `time.perf_counter` at the first call.
        ended_s: The same at the end of the last one.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.began_s = self.ended_s = 0.0

    def __enter__(self) -> Self:
        self._run = run = Session.run

        def recorded(session: Session, outputs: list[str] | None, image: Any) -> Any:
            self.began_s = self.began_s or time.perf_counter()
            found = run(session, outputs, image)
            self.ended_s = time.perf_counter()
            self.calls.append(Call(session, outputs, image.shape, image.dtype, threading.get_ident()))
            return found

        Session.run = recorded  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        Session.run = self._run  # type: ignore[method-assign]

    def replayed_s(self) -> float:
        """Seconds that the same calls take with nothing between them.

        Inputs have the same shapes and are made before; the calls of each thread are made by one thread, all
        of these at once.
        """
        random = np.random.default_rng(0)
        kinds = {(call.shape, call.dtype) for call in self.calls}
        # Levels that a picture has, as bytes or about zero.
        inputs = {
            (shape, dtype): random.integers(0, 256, shape).astype(dtype)
            if dtype.kind == "u"
            else random.normal(0, 0.5, shape).astype(dtype)
            for shape, dtype in kinds
        }

        def replay(thread: int) -> None:
            for call in self.calls:
                if call.thread == thread:
                    bare: Any = call.session._session
                    bare.run(call.outputs, {call.session.input_name: inputs[call.shape, call.dtype]})

        threads = [threading.Thread(target=replay, args=(one,)) for one in {c.thread for c in self.calls}]
        began_s = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began_s
