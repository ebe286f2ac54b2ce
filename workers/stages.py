"""The stages that a frame goes through, for whoever wants to know how long each takes."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Protocol

DECODE, DETECT, EMBED, TRACK, COMMIT = "decode", "detect", "embed", "track", "commit"


class Stages(Protocol):
    """Is told when a stage begins and ends, from any thread."""

    def timed(self, stage: str) -> AbstractContextManager[None]:
        """A context that lasts as long as the stage. One within another doesn't count for that."""
        ...


class Untimed:
    """Nobody wants to know."""

    def timed(self, stage: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return contextlib.nullcontext()


UNTIMED = Untimed()
"""The one that is used where nothing else is said."""
