"""The camera worker: cameras claimed, opened, looked at and given back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Generic

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RedisServerError, RedisUnavailableError, StorageError
from stream.errors import StreamError
from stream.live_state import CameraState
from workers.camera_claims import CameraClaims
from workers.camera_events import (
    CameraListener,
    CameraOpener,
    Cameras,
    CameraT,
    FrameTaker,
    status_of,
)
from workers.held_camera import HeldCamera
from workers.rate_governor import RateGovernor

# Added, removed, paused and changed cameras are noticed within 2 s.
_LOOK_EVERY_S = 1.5
_WRITE_EVERY_S = 2.0
# Not after each frame: that would cost as much as the frames where there are many cameras.
_CHECK_EVERY_S = 0.2
_TELL_EVERY_S = 0.5
# A frame wakes the worker at once; so long it waits for one.
_STEP_S = 0.2
# Who ends waits no longer for cameras that don't let go; their threads end by themselves.
_CLOSE_S = 1.5
# So long room in a full queue is waited for: at most for one camera, once for all where the worker ends, and
# altogether for those that go to others, or are paused, at the same time.
_HAND_IN_S = 2.0
_GIVE_UP_S = 10.0

WAITING = "waiting"
"""State of a camera that nobody has claimed yet."""
_DOWN = (CameraState.BACKING_OFF.value, CameraState.FAILED.value)
PAUSED = CameraState.PAUSED.value


class CameraWorker(Generic[CameraT]):
    """Looks at its share of the cameras of a collection, for as long as it is let.

    What the collection says (cameras added, removed, paused, changed) is brought together with what runs
    every 1.5 s. Nothing that is wrong with one camera costs the others anything.

    Args:
        cameras: The cameras that there are.
        claims: This worker's leases.
        live: Looks at the frames, or sends them to who does. Who finds there that a lease is lost tells the
            claims.
        governor: Lowers their rates.
        opener: Opens a camera.
        listener: Is told how cameras get on.
        errors: Turns errors of the client into ours: `RedisHandle.errors`.
        wait_for_server: Called when the server is away; returns when it is back, or raises.
        names: Only these cameras; None for all.
    """

    def __init__(
        self,
        cameras: Cameras,
        claims: CameraClaims,
        live: FrameTaker[CameraT],
        governor: RateGovernor,
        opener: CameraOpener[CameraT],
        listener: CameraListener,
        errors: Callable[[], AbstractContextManager[None]],
        wait_for_server: Callable[[RedisUnavailableError, threading.Event], None],
        names: Collection[str] | None = None,
    ) -> None:
        self._cameras = cameras
        self._claims = claims
        self._live = live
        self._governor = governor
        self._open = opener
        self._listener = listener
        self._errors = errors
        self._wait_for_server = wait_for_server
        self._names = None if names is None else frozenset(names)
        self._held: dict[str, HeldCamera[CameraT]] = {}
        self._records: dict[str, CameraRecord] = {}
        self._others: Mapping[str, CameraStatus] = {}
        self._told: dict[str, tuple[str, ...]] = {}
        self._closing: list[threading.Thread] = []
        self._look_s = self._write_s = self._check_s = self._tell_s = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; then hand in what is under way and give the cameras back.

        Raises:
            StorageError: If Redis fails for good, or the collection changes to other models.
        """
        with self._errors(), self._claims, self._closing_all():
            while not stop.is_set():
                try:
                    with self._errors():
                        self._step()
                except RedisUnavailableError as error:
                    if stop.is_set():
                        # Whether it is back, who closes the cameras finds out.
                        break
                    self._listener.note(f"{error} Cameras are looked at again when it is back.")
                    self._wait_for_server(error, stop)

    def _step(self) -> None:
        """Look at a frame, and at whatever is due."""
        for name in self._claims.take_lost():
            self._lose(name)
        now = time.monotonic()
        if now >= self._look_s:
            self._reconcile()
            self._look_s = time.monotonic() + _LOOK_EVERY_S
        if now >= self._write_s:
            self._cameras.write_statuses([self._status(held) for held in self._held.values()])
            self._others = self._cameras.readable_statuses()
            self._write_s = time.monotonic() + _WRITE_EVERY_S
        if now >= self._check_s:
            self._tell_changes()
            self._check_s = time.monotonic() + _CHECK_EVERY_S
        if now >= self._tell_s:
            # Before anybody is told who was seen there.
            self._resize()
            self._listener.cameras_now(self._overview(), self._governor.factor)
            self._tell_s = time.monotonic() + _TELL_EVERY_S
        self._live.step(_STEP_S)

    # Which cameras run --------------------------------------------------------------------------------------

    def _reconcile(self) -> None:
        """Bring what runs together with what should."""
        found = {record.name: record for record in self._cameras.readable()}
        if self._names is not None:
            found = {name: record for name, record in found.items() if name in self._names}
        self._records = found
        active = {name: record for name, record in found.items() if not record.paused}
        # However many: whoever keeps this process must not take it for one that hangs.
        until_s = time.monotonic() + _GIVE_UP_S
        for name in [name for name in self._held if name not in active]:
            self._give_up(name, until_s)
            if name in found:
                self._listener.camera_changed(CameraStatus(name, self._claims.worker, PAUSED, time.time()))
            else:
                self._listener.note(f"{name}: it was removed, and is closed.")
        surplus = self._claims.look(active.keys())
        # Also those that a look claimed which failed before its end.
        claimed = {n: lease for n, lease in self._claims.held.items() if n not in self._held}
        for name, lease in claimed.items():
            if name in active:
                self._held[name] = HeldCamera(active[name], lease)
            else:
                self._claims.give_up(name)
        for name in surplus:
            if name not in self._held:
                # A lease of which the answer was lost; it ends by itself.
                continue
            self._listener.note(f"{name}: another worker takes it over.")
            self._give_up(name, until_s)
        if news := sorted(claimed.keys() & self._held.keys()):
            self._listener.claimed(news)
        for name, held in self._held.items():
            if held.record.revision != active[name].revision:
                self._close(held)
                held.change(active[name])
            if held.is_due:
                self._begin(held)

    def _begin(self, held: HeldCamera[CameraT]) -> None:
        """Open a camera; one that can't be opened is tried again later."""
        try:
            opened = self._open(held.record, held.lease)
        except RedisServerError:
            raise
        except (StreamError, StorageError) as error:
            held.fail(error)
            return
        held.begin(opened)
        self._live.add(opened.camera)

    def _close(self, held: HeldCamera[CameraT], until_s: float | None = None, *, send: bool = True) -> None:
        """Close a camera and hand in its open tracks; room in the queue is waited for, until then at most.

        With `send` false they are lost.
        """
        opened, held.opened = held.opened, None
        if opened is None:
            return
        # A camera that is just being connected to takes a second to let go.
        closing = threading.Thread(target=opened.source.close, name="closing a camera", daemon=True)
        closing.start()
        self._closing = [thread for thread in self._closing if thread.is_alive()] + [closing]
        wait_s = _HAND_IN_S if until_s is None else min(max(until_s - time.monotonic(), 0.0), _HAND_IN_S)
        self._live.remove(opened.source.source_id, wait_s if send else -1.0)

    def _give_up(self, name: str, until_s: float) -> None:
        """Close a camera, and let others have it; room in the queue is waited for until then at most."""
        held = self._held.pop(name)
        self._told.pop(name, None)
        try:
            self._close(held, until_s)
        finally:
            self._claims.give_up(name)

    def _lose(self, name: str) -> None:
        """Close a camera whose lease is somebody else's."""
        held = self._held.pop(name, None)
        if held is None:
            return
        self._told.pop(name, None)
        self._listener.note(f"{name}: the lease was lost, as this worker was not heard of in time; closed.")
        self._close(held)

    @contextmanager
    def _closing_all(self) -> Iterator[None]:
        """Close everything at the end of a `with` block; at a second Ctrl-C, wait for nothing."""
        try:
            yield
        except Exception:
            self._close_all()
            raise
        except BaseException:
            for held in self._held.values():
                self._close(held, send=False)
            raise
        self._close_all()

    def _close_all(self) -> None:
        """Close everything, side by side."""
        until_s = time.monotonic() + _HAND_IN_S
        failed: Exception | None = None
        try:
            for held in self._held.values():
                try:
                    # Where Redis hangs, each would wait for as long as a client does.
                    self._close(held, until_s, send=failed is None)
                except Exception as error:  # whatever it is, the others are closed as well
                    failed = failed or error
            self._await_closing()
            if failed is not None:
                raise failed
            self._cameras.forget_statuses(list(self._held))
        finally:
            self._held.clear()

    def _await_closing(self) -> None:
        deadline_s = time.monotonic() + _CLOSE_S
        for thread in self._closing:
            thread.join(max(deadline_s - time.monotonic(), 0.0))

    # How they get on ----------------------------------------------------------------------------------------

    def _tell_changes(self) -> None:
        """Tell of the cameras whose state is another than before."""
        for name, held in self._held.items():
            status = self._status(held)
            told = self._told.get(name)
            news: tuple[str, ...] = (
                status.state,
                status.last_error,
                status.main_state,
                status.main_error,
            )
            if told is not None:
                # That a stream that is down is tried once more is no news.
                again = [
                    now == CameraState.CONNECTING and before in _DOWN
                    for now, before in zip(news, told, strict=True)
                ]
                news = tuple(old if same else new for new, old, same in zip(news, told, again, strict=True))
            if told != news:
                self._told[name] = news
                self._listener.camera_changed(status)

    def _resize(self) -> None:
        """Write the sizes of pictures that are new."""
        for held in self._held.values():
            if held.opened is None:
                continue
            status = held.opened.source.status
            size_px = (status.width_px, status.height_px)
            if all(size_px) and size_px != held.size_px:
                held.opened.resize(*size_px)
                held.size_px = size_px

    def _overview(self) -> list[CameraStatus]:
        return [self._status_of(record) for _, record in sorted(self._records.items())]

    def _status_of(self, record: CameraRecord) -> CameraStatus:
        """How a camera gets on, whoever has it."""
        held = self._held.get(record.name)
        if held is not None:
            return self._status(held)
        if record.paused:
            return CameraStatus(record.name, "", PAUSED, 0.0, at_s=time.time())
        other = self._others.get(record.name)
        if other is None or other.worker == self._claims.worker:
            # What this worker has said of it before is over.
            return CameraStatus(record.name, "", WAITING, 0.0, at_s=time.time())
        return other

    def _status(self, held: HeldCamera[CameraT]) -> CameraStatus:
        """How a camera of this worker gets on."""
        name, worker = held.record.name, self._claims.worker
        if held.opened is None:
            return CameraStatus(
                name,
                worker=worker,
                state=CameraState.FAILED.value,
                since_s=held.since_s,
                last_error=held.error,
                at_s=time.time(),
            )
        figures = self._live.figures(held.opened.source.source_id)
        return status_of(name, worker, held.opened.source.status, figures)
