"""What a camera worker needs, and what it tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.lease import Lease
from stream.live_state import LiveStatus
from workers.live_camera import LiveFigures

CameraT = TypeVar("CameraT")
TakenT = TypeVar("TakenT", contravariant=True)


class Cameras(Protocol):
    """The cameras that there are: those of a collection, or one that a person named."""

    def readable(self) -> list[CameraRecord]:
        """All whose records can be read."""
        ...

    def write_statuses(self, statuses: Sequence[CameraStatus]) -> None:
        """Say how some of them are doing."""
        ...

    def forget_statuses(self, names: Sequence[str]) -> None:
        """Nobody looks at these any more."""
        ...

    def readable_statuses(self) -> Mapping[str, CameraStatus]:
        """How those are doing that somebody looks at, by name."""
        ...


class CameraSource(Protocol):
    """What reads a camera, in threads of its own."""

    @property
    def source_id(self) -> str:
        """Name of the source."""
        ...

    @property
    def status(self) -> LiveStatus:
        """How the camera gets on."""
        ...

    def close(self) -> None:
        """End the reading."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OpenCamera(Generic[CameraT]):
    """A camera that is read.

    Attributes:
        source: Reads it.
        camera: What whoever takes its frames needs of it.
        resize: Called with width and height, px, when the size of its pictures is known or another one.
    """

    source: CameraSource
    camera: CameraT
    resize: Callable[[int, int], None]


def status_of(name: str, worker: str, status: LiveStatus, figures: LiveFigures) -> CameraStatus:
    """How a camera gets on, in one.

    Args:
        name: The camera.
        worker: Who reads it.
        status: What comes from it.
        figures: What is done with that.
    """
    main = status.main
    return CameraStatus(
        name,
        worker=worker,
        state=status.state.value,
        since_s=status.since_s,
        last_error=status.last_error,
        fps_in=status.fps_in,
        fps_done=figures.fps_done,
        delay_s=figures.delay_s,
        faces=figures.faces,
        received=status.received,
        taken=status.taken,
        done=figures.done,
        looked=figures.looked,
        failed=figures.failed,
        dropped=status.dropped,
        dropped_full=figures.dropped_full,
        held=figures.held,
        corrupt=status.corrupt,
        connects=status.connects,
        width_px=status.width_px,
        height_px=status.height_px,
        codec=status.codec,
        main_state="" if main is None else main.state.value,
        main_error="" if main is None else main.last_error,
        main_width_px=0 if main is None else main.width_px,
        main_height_px=0 if main is None else main.height_px,
        paired=status.paired,
        at_s=time.time(),
    )


class FrameTaker(Protocol[TakenT]):
    """Takes the frames of any number of cameras, and does something with them: `LiveWorker`, say."""

    def add(self, camera: TakenT) -> None:
        """Take those of one more camera from now on."""
        ...

    def remove(self, source_id: str, wait_s: float = ...) -> int:
        """Take no more of a camera; finish what is under way, for so long at most, or not below 0."""
        ...

    def step(self, timeout_s: float = ...) -> bool:
        """Do the next piece of work, or wait for one."""
        ...

    def figures(self, source_id: str) -> LiveFigures:
        """How that gets on; zeros if there is no such camera."""
        ...


class CameraOpener(Protocol[CameraT]):
    """Begins to read a camera."""

    def __call__(self, record: CameraRecord, lease: Lease) -> OpenCamera[CameraT]:
        """Open it; that the camera answers is not waited for.

        Args:
            record: The camera.
            lease: What goes with each write.

        Raises:
            StreamError: If its URL can't be used.
            StorageError: If its URL can't be unsealed, or its source can't be registered.
        """
        ...


class CameraListener(Protocol):
    """Is told how cameras get on; always in the worker's own thread."""

    def claimed(self, names: Sequence[str]) -> None:
        """This worker has these cameras from now on."""
        ...

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera of this worker has another state than before."""
        ...

    def cameras_now(self, statuses: Sequence[CameraStatus], load_factor: float) -> None:
        """How all cameras get on, some times each second.

        Args:
            statuses: Of every camera that is looked at or should be, by name.
            load_factor: Share of their rates that cameras are looked at with, in (0, 1].
        """
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...
