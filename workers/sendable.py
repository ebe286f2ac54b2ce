"""What a frame sender takes from a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.remote_frame import RemotePackets
from stream.source import LiveCounts


@dataclass(frozen=True, slots=True)
class TakenFrame:
    """A sampled frame, ready to be sent.

    Attributes:
        index, media_s, captured_at_s, jpeg, packets: As those of `RemoteFrame`.
        problem: Why it can't be sent; empty where it can.
    """

    index: int
    media_s: float
    captured_at_s: float
    jpeg: bytes = b""
    packets: RemotePackets | None = None
    problem: str = ""


class Sendable(Protocol):
    """A camera whose frames can be sent."""

    @property
    def source_id(self) -> str:
        """Name of the source."""
        ...

    @property
    def status(self) -> LiveCounts:
        """How it gets on."""
        ...

    def take(self) -> TakenFrame | None:
        """The oldest frame that waits, at once; None if none does."""
        ...

    def begin_anew(self) -> None:
        """Frames that were taken are lost: what comes next must not need them."""
        ...
