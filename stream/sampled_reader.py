"""Reading one camera for ever, and keeping of it what is to be looked at."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from stream.arrival_sampling import ArrivalSampler
from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_connection import ArrivedT
from stream.live_reader import ConnectionT, LiveReader
from stream.live_settings import LiveSettings
from stream.live_state import LiveStatus

BufferT = TypeVar("BufferT")


class SampledReader(LiveReader[ConnectionT, ArrivedT], Generic[ConnectionT, ArrivedT, BufferT]):
    """Samples one camera by arrival; a context manager.

    What is sampled goes into a buffer, which drops what there is too much of: the reading thread waits for
    nobody but the camera. What waits when it is paused or closed can still be taken.

    Attributes:
        source_id: Name of the source.
        on_arrival: Called when something can be taken, in the reading thread; must be quick.

    Args:
        url: The camera; references in it are looked up at every connection.
        source_id: Name of the source.
        settings: How to read it.
        clock: Gives what is sampled its place in time.
        on_event: Called at every change of state, in the reading thread or in the one that uses this object;
            must be quick.
    """

    def __init__(
        self,
        url: CameraUrl,
        source_id: str,
        settings: LiveSettings,
        clock: LiveClock,
        on_event: Callable[[LiveStatus], None] | None = None,
    ) -> None:
        super().__init__(url, source_id, settings, clock, on_event)
        self.on_arrival: Callable[[], None] | None = None
        self._sampler = ArrivalSampler(settings.fps)
        self._buffer = self._make_buffer(settings)

    @abstractmethod
    def _make_buffer(self, settings: LiveSettings) -> BufferT:
        """Where what is sampled waits."""

    def _sampled(self, dropped: int, *, kept: bool = True) -> None:
        """Something was sampled, and so many others had to leave; it can be taken, or was dropped as well."""
        with self._lock:
            self._machine.took(dropped=dropped + (not kept))
        if kept and self.on_arrival is not None and not self._closed:
            self.on_arrival()
