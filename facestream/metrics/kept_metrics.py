"""What the processes that `serve` keeps beside itself tell: they have no port of their own."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from facestream.metrics.monitored import FOLDER_VARIABLE
from facestream.metrics.sign_of_life import sign_file


class KeptMetrics:
    """A folder of files, mapped into memory, that hold the numbers of other processes; a context manager.

    It is the multi-process mode of the Prometheus client. Numbers of a process go when it ends: counters
    begin anew, as they may.

    Attributes:
        folder: The folder.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="facestream-metrics-"))
        self._collector = MultiProcessCollector(None, str(self.folder))  # type: ignore[no-untyped-call]

    @property
    def environ(self) -> dict[str, str]:
        """What the environment of such a process says."""
        return {FOLDER_VARIABLE: str(self.folder)}

    def ended(self, pid: int) -> None:
        """A process has ended."""
        for path in self.folder.glob(f"*_{pid}.db"):
            path.unlink(missing_ok=True)
        sign_file(self.folder, pid).unlink(missing_ok=True)

    def sign_of(self, pid: int) -> int | None:
        """The latest sign of life of a process, another one each time; None where there is none."""
        try:
            return sign_file(self.folder, pid).stat().st_mtime_ns
        except OSError:
            return None

    def families(self) -> Iterable[Metric]:
        """The numbers of all of them."""
        # One may end while its file is read.
        with contextlib.suppress(FileNotFoundError):
            found: Iterable[Metric] = self._collector.collect()  # type: ignore[no-untyped-call]
            return found
        return []

    def __enter__(self) -> Self:
        """The folder is there."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete it; all such processes must have ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
