"""A camera that a worker has the lease of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic

from storage.camera_record import CameraRecord
from storage.lease import Lease
from workers.camera_events import CameraT, OpenCamera

# What keeps a camera from being opened, a missing secret say, may be mended.
_REOPEN_AFTER_S = 30.0


@dataclass(slots=True, eq=False)
class HeldCamera(Generic[CameraT]):
    """A camera that this worker has the lease of.

    Attributes:
        record: As it was when it was opened.
        lease: Its lease.
        opened: What reads it, or None where it could not be opened.
        error: Why not.
        since_s: Unix time since when not.
        again_s: When to try again, monotonic.
        size_px: Width and height of its pictures, as they were written.
    """

    record: CameraRecord
    lease: Lease
    opened: OpenCamera[CameraT] | None = None
    error: str = ""
    since_s: float = 0.0
    again_s: float = 0.0
    size_px: tuple[int, int] = (0, 0)

    @property
    def is_due(self) -> bool:
        """Whether it should be opened now."""
        return self.opened is None and time.monotonic() >= self.again_s

    def begin(self, opened: OpenCamera[CameraT]) -> None:
        """It was opened."""
        self.opened, self.error, self.size_px = opened, "", (0, 0)

    def fail(self, error: Exception) -> None:
        """It can't be opened. That lasts since the first time, however often it is tried."""
        if not self.error:
            self.since_s = time.time()
        self.error, self.again_s = str(error), time.monotonic() + _REOPEN_AFTER_S

    def change(self, record: CameraRecord) -> None:
        """It is another one now, and is tried at once; it was closed."""
        self.record, self.again_s = record, 0.0
