"""A camera that is read elsewhere: its frames come through Redis."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from storage.camera_status import CameraStatus
from storage.entry_id import order
from storage.errors import StorageError
from storage.frame_streams import FrameStreams, Received, length
from storage.remote_frame import RemoteFrame
from stream.arrival_sampling import ArrivalSampler
from stream.errors import CameraRefusedError
from stream.frame import Frame
from stream.live_state import CameraState, LiveStatus
from workers.frame_sequence import FrameSequence
from workers.kept_entries import KeptEntries, KeptEntry
from workers.remote_pictures import BLIND_S, RemotePictures
from workers.remote_state import remote_state
from workers.taken_over import TakenOver

_log = logging.getLogger(__name__)

_BLOCK_MS = 500
_STATUS_EVERY_S = 1.5
_RETRY_S = 0.5
_JOIN_S = 2.0
_BLIND = "no picture in it can be decoded"


class RemoteSource:
    """Takes the frames of one camera out of its stream; a context manager. Implements `LiveFrames`.

    No more frames are read ahead than are soon looked at: the others wait in Redis, where the oldest go when
    there are too many. An entry is deleted when what was seen in it has been sent (`told`) and no later one
    needs it, so that another worker finds what this one leaves. What can't be read is counted and passed
    over.

    Attributes:
        source_id: Name of the source, goes into every frame.
        on_arrival: Called when a frame can be taken, in a thread of this object; must be quick.

    Args:
        name: The camera.
        source_id: Name of the source.
        streams: Where the frames are.
        reader_status: Tells how the camera is doing where it is read; None where nobody reads it.
        errors: Turns errors of the client into ours: `RedisHandle.errors`.
        fps: Frames per second of the camera, at most.
        capacity: Most frames that are read ahead.
        hwaccel: What decodes frames that come as the camera encoded them; as that of `LiveSettings`.
    """

    def __init__(
        self,
        name: str,
        source_id: str,
        streams: FrameStreams,
        reader_status: Callable[[], CameraStatus | None],
        errors: Callable[[], AbstractContextManager[None]],
        fps: float,
        capacity: int = 4,
        hwaccel: str = "none",
    ) -> None:
        self.source_id = source_id
        self.on_arrival: Callable[[], None] | None = None
        self._name = name
        self._streams = streams
        self._reader_status = reader_status
        self._errors = errors
        self._most_fps = self._fps = fps
        self._sampler = ArrivalSampler(fps)
        self._capacity = capacity
        self._waiting: deque[Frame] = deque()
        self._kept = KeptEntries(length(fps))
        self._told_s = self._deleted_s = -math.inf
        # None before it is known.
        self._before: TakenOver | None = None
        self._after = b"0-0"
        self._frames = FrameSequence()
        self._pictures = RemotePictures(hwaccel)
        self._taken = self._corrupt = 0
        self._problem = self._refused = ""
        # Unix time since which its packets have given no picture; None while they do.
        self._blind_since_s: float | None = None
        self._size_px = 0, 0
        self._reader: CameraStatus | None = None
        self._asked_s = -math.inf
        self._since_s = time.time()
        self._lock = threading.Lock()
        self._room = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"frames of {source_id}", daemon=True)

    @property
    def waiting_since_s(self) -> float | None:
        """`captured_at_s` of the oldest frame that waits, None if there is none."""
        with self._lock:
            return self._waiting[0].captured_at_s if self._waiting else None

    @property
    def status(self) -> LiveStatus:
        """How the camera is doing where it is read; what is counted of its frames, from the stream on."""
        reader, width_px, height_px, last = self._reader, *self._size_px, self._frames.last
        state, error = remote_state(reader, known=self._asked_s > -math.inf)
        since_s = self._since_s if reader is None else reader.since_s
        if self._refused:
            state, error = CameraState.FAILED, self._refused
        elif state is CameraState.STREAMING and self._blind_since_s is not None:
            # The reader may be streaming well: here nothing is seen.
            state, error, since_s = CameraState.STALLED, _BLIND, max(since_s, self._blind_since_s)
        return LiveStatus(
            state=state,
            since_s=since_s,
            last_error=error if state is not CameraState.STREAMING else self._problem or error,
            received=0 if reader is None else reader.received,
            taken=self._taken,
            dropped=self._frames.dropped,
            corrupt=self._corrupt + self._pictures.corrupt + (0 if reader is None else reader.corrupt),
            connects=0 if reader is None else reader.connects,
            fps_in=0.0 if reader is None else reader.fps_in,
            width_px=width_px,
            height_px=height_px,
            codec="" if reader is None else reader.codec,
            last_frame_at_s=None if last is None else last.captured_at_s,
        )

    def take(self) -> Frame | None:
        """The oldest frame that waits, at once; None if there is none."""
        with self._lock:
            frame = self._waiting.popleft() if self._waiting else None
        self._room.set()
        return frame

    def set_fps(self, fps: float) -> None:
        """Take so many frames per second from now on, and pass the others over.

        Raises:
            ValueError: If `fps` is not more than 0 and at most 25.
        """
        self._sampler.set_fps(fps)
        self._fps = fps

    def told(self, media_s: float, at_once: bool) -> None:
        """What was seen up to this media time has been sent: its entries go, at once or soon."""
        self._told_s = max(self._told_s, media_s)
        if at_once:
            with self._errors():
                self._delete()

    def close(self) -> None:
        """End the reading; what has not been looked at stays in the stream."""
        self._closed.set()
        self._room.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._errors():
                    self._look_back()
                    self._ask()
                    self._delete()
                    received = self._read()
                for each in received:
                    self._accept(each)
            except StorageError as error:
                # The worker itself says that the server is away.
                _log.info("%s: %s", self.source_id, error, extra={"source_id": self.source_id})
                self._closed.wait(_RETRY_S)
            except Exception as error:  # whatever it is, the camera must be looked at again
                self._damaged(type(error).__name__)
                self._closed.wait(_RETRY_S)
        try:
            with self._errors():
                self._delete()
        except StorageError as error:
            _log.info("%s: %s", self.source_id, error, extra={"source_id": self.source_id})

    def _look_back(self) -> None:
        """Ask once how far a worker before this one has come."""
        if self._before is None:
            told_s = self._streams.told_s(self._name)
            newest = self._streams.newest(self._name, self.source_id)
            self._before = TakenOver(told_s, b"0-0" if newest is None else newest.entry_id)

    def _ask(self) -> None:
        """Ask how the camera is doing where it is read."""
        now_s = time.monotonic()
        if now_s - self._asked_s < _STATUS_EVERY_S:
            return
        reader = self._reader_status()
        if reader is None and self._reader is not None:
            self._since_s = time.time()
        self._reader, self._asked_s = reader, now_s

    def _read(self) -> list[Received]:
        """The next entries, as many as there is room for."""
        self._room.clear()
        room = self._capacity - len(self._waiting)
        if room <= 0:
            self._room.wait(_BLOCK_MS / 1000)
            return []
        found = self._streams.read(self._name, self.source_id, self._after, room, _BLOCK_MS)
        if not found and self._after > b"0-0":
            newest = self._streams.newest(self._name, self.source_id)
            if newest is not None and order(newest.entry_id) < order(self._after):
                # The server's clock was set back, and ids began anew with another stream.
                self._after = b"0-0"
        return found

    def _accept(self, received: Received) -> None:
        """Take in an entry: count what is missing before it, and let the frame be taken."""
        self._after = received.entry_id
        found, frames, problem = received.frame, self._frames, received.problem
        if found is not None and frames.repeats(found):
            self._keep(received, None)
            return
        follows = False
        if found is None:
            frames.unreadable()
        else:
            try:
                follows = frames.add(found)
            except ValueError as error:
                found, problem = None, str(error)
        self._keep(received, found)
        if found is None:
            self._damaged(problem)
            return
        try:
            frame = self._looked_at(received.entry_id, found, follows=follows)
        except CameraRefusedError as error:
            self._refused = str(error)
            self._corrupt += 1
            return
        except Exception as error:  # whatever it is, one frame must not cost the others
            self._damaged(str(error) or type(error).__name__)
            return
        if frame is None:
            return
        self._taken += 1
        with self._lock:
            self._waiting.append(frame)
        if self.on_arrival is not None and not self._closed.is_set():
            self.on_arrival()

    def _keep(self, received: Received, found: RemoteFrame | None) -> None:
        """Know an entry until it is needed no more; `found` is what it is good for."""
        packets = None if found is None else found.packets
        entry = KeptEntry(
            self._frames.media_s,
            received.entry_id,
            begins=found is not None and (packets is None or bool(packets.keyframes)),
            leads=packets is not None,
        )
        with self._lock:
            self._kept.add(entry)

    def _looked_at(self, entry_id: bytes, found: RemoteFrame, *, follows: bool) -> Frame | None:
        """The frame as it is to be looked at; None where it isn't."""
        self._pictures.take(found, follows=follows)
        if self._before is not None and self._before.covers(entry_id, found.media_s):
            return None
        if self._fps < self._most_fps and not self._sampler.wants(found.captured_at_s):
            return None
        image_bgr = self._pictures.image_bgr()
        if image_bgr is None:
            # A picture that is repeated is not far; frames up to the next keyframe may be many. They aren't
            # `dropped`: that would be taken for too much work, and lower the rates of all cameras.
            self._corrupt += self._pictures.lacks_packets
            if self._pictures.blind_s >= BLIND_S and self._blind_since_s is None:
                self._blind_since_s = time.time() - self._pictures.blind_s
            return None
        self._refused = ""
        self._blind_since_s = None
        height_px, width_px = image_bgr.shape[:2]
        self._size_px = width_px, height_px
        return Frame(self.source_id, found.index, found.media_s, found.captured_at_s, image_bgr)

    def _damaged(self, problem: str) -> None:
        if not self._corrupt:
            _log.warning(
                "%s: a frame that came through Redis is passed over: %s",
                self.source_id,
                problem,
                extra={"source_id": self.source_id},
            )
        self._corrupt += 1
        self._problem = f"a frame was passed over: {problem}"

    def _delete(self) -> None:
        """Delete the entries that are needed no more."""
        told_s = self._told_s
        if told_s == self._deleted_s:
            return
        with self._lock:
            done = self._kept.told(told_s)
        self._streams.delete(self._name, done, told_s)
        self._deleted_s = told_s
