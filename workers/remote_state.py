"""How a camera is doing that is read elsewhere."""

from __future__ import annotations

from storage.camera_status import CameraStatus
from stream.live_state import CameraState

NOBODY = "nobody sends its frames: run `facestream reader NAME --remote` where the camera can be reached"
"""What is wrong with a camera that no reader reads."""


def remote_state(reader: CameraStatus | None, *, known: bool) -> tuple[CameraState, str]:
    """State of a camera by what its reader says, and what is wrong with it."""
    if reader is None:
        return (CameraState.BACKING_OFF, NOBODY) if known else (CameraState.CONNECTING, "")
    try:
        return CameraState(reader.state), reader.last_error
    except ValueError:
        return CameraState.CONNECTING, reader.last_error
