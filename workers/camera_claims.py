"""Which cameras a worker has: its fair share of all, by leases that a dead worker loses."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from storage.camera_leases import CameraLeases
from storage.errors import StorageError
from storage.lease import Lease

_log = logging.getLogger(__name__)

# Of a lease's length: two renewals may fail before it is lost.
_RENEW_SHARE = 0.25
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker should do to have its fair share.

    Attributes:
        claim: Free cameras that it should take.
        give_up: Cameras of its own that others should have.
    """

    claim: tuple[str, ...] = ()
    give_up: tuple[str, ...] = ()


def fair_share(
    active: Collection[str], holders: Mapping[str, str], workers: Collection[str], me: str
) -> Share:
    """What one of several workers should claim and give up.

    Each is due the same number of cameras, but for the remainder, which stays with those who have most: no
    more than ceil(cameras / workers), and no less than one fewer. All who see the same come to the same
    result, so that they don't race for cameras, and none is given up that nobody would take.

    Args:
        active: Names of all cameras that are to be looked at.
        holders: The worker of each camera that has one.
        workers: Those that share the cameras and are alive.
        me: Whose share it is.
    """
    everyone = {*workers, me}
    held = Counter(dict.fromkeys(everyone, 0))
    mine, free = [], []
    shared = 0
    for name in sorted(active):
        holder = holders.get(name)
        if holder == me:
            mine.append(name)
        if holder is None:
            free.append(name)
        elif holder in everyone:
            held[holder] += 1
        # What a worker has that takes no part in sharing isn't there to be shared.
        shared += holder is None or holder in everyone
    ranked = sorted(everyone, key=lambda worker: (-held[worker], worker))
    least, remainder = divmod(shared, len(ranked))
    due = {worker: least + (rank < remainder) for rank, worker in enumerate(ranked)}
    claim: tuple[str, ...] = ()
    at = 0
    for worker in ranked:
        wanted = max(due[worker] - held[worker], 0)
        if worker == me:
            claim = tuple(free[at : at + wanted])
        at += wanted
    surplus = max(len(mine) - due[me], 0)
    return Share(claim, tuple(mine[len(mine) - surplus :]))


class CameraClaims:
    """The cameras that this worker has; a context manager that gives them all back.

    One thread renews all leases in one step, and says that this worker is alive. Who is killed or paused
    stops doing so with everything else.

    Args:
        leases: Leases of the cameras.
        errors: Turns errors of the client into ours: `RedisHandle.errors`.
    """

    def __init__(self, leases: CameraLeases, errors: Callable[[], AbstractContextManager[None]]) -> None:
        self._leases = leases
        self._errors = errors
        self._held: dict[str, Lease] = {}
        self._lost: set[str] = set()
        self._workers: set[str] = set()
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="camera leases", daemon=True)

    @property
    def worker(self) -> str:
        """Name of this worker."""
        return self._leases.worker

    @property
    def held(self) -> dict[str, Lease]:
        """The lease of each camera that this worker has."""
        with self._lock:
            return dict(self._held)

    def renew(self) -> None:
        """Renew all leases and take a look at which workers there are.

        Raises:
            RedisServerError: If the server fails.
        """
        held = self.held
        with self._errors():
            lost, workers = self._leases.renew(held.values())
        with self._lock:
            self._workers = workers
            for name, lease in held.items():
                # Unless it was given up, or claimed anew, meanwhile.
                if lease.key in lost and self._held.get(name) is lease:
                    del self._held[name]
                    self._lost.add(name)

    def take_lost(self) -> set[str]:
        """The cameras that were lost since this was asked last; they are to be closed at once."""
        with self._lock:
            lost, self._lost = self._lost, set()
        return lost

    def mark_lost(self, name: str) -> None:
        """Say that a writer was refused, as the lease of this camera is not ours any more."""
        with self._lock:
            if self._held.pop(name, None) is not None:
                self._lost.add(name)

    def look(self, active: Collection[str]) -> tuple[str, ...]:
        """Claim what is free and due to this worker; whatever was claimed is in `held`, also if it fails.

        Args:
            active: Names of the cameras that are to be looked at.

        Returns:
            Names of those that should be closed and then given up (`give_up`): others are due to have them.

        Raises:
            RedisServerError: If the server fails.
        """
        with self._errors():
            holders = self._leases.holders(sorted(active))
        with self._lock:
            # A lease that was lost a moment ago is not claimed anew before its camera has been closed.
            ours = (self._held.keys() | self._lost) & set(active)
        holders.update(dict.fromkeys(ours, self.worker))
        if self._leases.registered:
            share = fair_share(active, holders, self._workers, self.worker)
        else:
            share = Share(tuple(name for name in sorted(active) if name not in holders))
        for name in share.claim:
            with self._errors():
                lease = self._leases.claim(name)
            if lease is not None:
                with self._lock:
                    self._held[name] = lease
        return share.give_up

    def give_up(self, name: str) -> None:
        """Let another worker have a camera; it must have been closed.

        Raises:
            RedisServerError: If the server fails; the lease then ends by itself.
        """
        with self._lock:
            lease = self._held.pop(name, None)
            self._lost.discard(name)
        if lease is not None:
            with self._errors():
                lease.release()

    def __enter__(self) -> Self:
        """Enter the register, and begin to renew."""
        self.renew()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give everything back, as far as the server is there to take it; nothing at a second Ctrl-C."""
        self._left.set()
        if kind is not None and not issubclass(kind, Exception):
            return
        self._thread.join(_JOIN_S)
        try:
            for name in self.held:
                self.give_up(name)
            with self._errors():
                self._leases.leave()
        except StorageError as gone:
            _log.warning("cameras could not be given back, and end by themselves: %s", gone)

    def _keep(self) -> None:
        every_s = self._leases.lease_s * _RENEW_SHARE
        while not self._left.wait(every_s):
            try:
                self.renew()
            except StorageError as error:
                # Whoever writes meets the same error and reports it; here it is only tried again.
                _log.info("leases of cameras could not be renewed: %s", error)
            except Exception:
                _log.exception("leases of cameras could not be renewed")
