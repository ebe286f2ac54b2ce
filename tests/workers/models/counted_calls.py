"""How many pictures each call of a network was given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workers.models.session import Session

Floats = npt.NDArray[np.float32]


def counted_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The list that each call of any session is added to from now on."""
    calls: list[int] = []
    run = Session.run

    def counted(session: Session, names: list[str] | None, image: Floats) -> list[Floats]:
        calls.append(len(image))
        return run(session, names, image)

    monkeypatch.setattr(Session, "run", counted)
    return calls
