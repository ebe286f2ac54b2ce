"""A re-cluster in a thread of its own, while its cluster worker goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from workers.clustering.cancellation import called_off_by
from workers.clustering.partition import Partition

_log = logging.getLogger(__name__)

# Between two looks at whether it is called off, no computation takes nearly as long.
_LEAVE_S = 10.0


class ReclusterThread:
    """Groups tracks anew; begins at once.

    Args:
        regroup: Groups the tracks of a clusterer that nobody else uses.
    """

    def __init__(self, regroup: Callable[[], Partition]) -> None:
        self._regroup = regroup
        self._called_off = threading.Event()
        self._done = threading.Event()
        self._partition: Partition | None = None
        self._error: BaseException | None = None
        # A daemon, so that not even a fault in it can keep a process from its end.
        self._thread = threading.Thread(target=self._work, name="re-cluster", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with called_off_by(self._called_off.is_set):
                self._partition = self._regroup()
        except BaseException as error:  # handed to the cluster worker, which raises it
            self._error = error
        finally:
            self._done.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; returns whether it has come."""
        return self._done.wait(timeout_s)

    def call_off(self) -> None:
        """Let it end soon, without an outcome."""
        self._called_off.set()

    def leave(self) -> None:
        """Call it off, and wait for its end."""
        self.call_off()
        self._thread.join(_LEAVE_S)
        if self._thread.is_alive():
            _log.warning("a re-cluster that was called off did not end within %g s", _LEAVE_S)

    def outcome(self) -> Partition:
        """The new groups, once it has come to its end.

        Raises:
            CalledOffError: If it was called off before.
        """
        if self._error is not None:
            raise self._error
        assert self._partition is not None
        return self._partition
