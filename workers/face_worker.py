"""The face worker: frames of a source in, samples and tracks into the queue."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from storage.delivery import Entry
from storage.look_mark import LookMark
from storage.sample_queue import SampleQueue
from stream.errors import StreamError
from stream.frame import Frame
from stream.reader import FrameReader
from stream.source import FrameSource
from workers.carried import Carried
from workers.face_worker_settings import FaceWorkerSettings as FaceWorkerSettings
from workers.model_faults import ModelFaults
from workers.models.detection import Shown
from workers.models.pack import Pack
from workers.shared_look import SharedLook
from workers.source_follower import SourceFollower
from workers.tracking.recording import RecordingGate

OnFrame = Callable[[Frame, int], None]


class FaceWorker:
    """Detects, tracks and embeds the faces of one source after the other.

    Args:
        pack: The models.
        queue: Where samples and tracks go.
        settings: How frames are looked at.
        mark: Gives the mark of a source, by its id; without it a frame that ends the process ends every one.

    Attributes:
        faults: What the models failed on in the source that was processed last.
    """

    def __init__(
        self,
        pack: Pack,
        queue: SampleQueue,
        settings: FaceWorkerSettings | None = None,
        mark: Callable[[str], LookMark] | None = None,
    ) -> None:
        self._pack = pack
        self._mark = mark
        self._queue = queue
        self._settings = settings or FaceWorkerSettings()
        self._shared = SharedLook(pack.detector, self._settings.watchdog)
        self.faults = ModelFaults()

    def run(
        self,
        source: FrameSource,
        start_s: float,
        end_s: float,
        stop: threading.Event,
        *,
        to_end: bool = True,
        photo: bool = False,
        carried: Sequence[Carried] = (),
        on_frame: OnFrame | None = None,
    ) -> bool:
        """Process a source to its end, or until told to stop.

        What was found is in the queue when this returns, also after a stop.

        Args:
            source: Gives the sampled frames. Those from before `start_s` only tell whether there is a cut.
            start_s: Media time that the source starts at.
            end_s: Media time that it ends at; infinite for "as long as it lasts".
            stop: Ends the work early, at the next frame.
            to_end: Whether the source's own end is also the end of what it was asked to give.
            photo: Whether the source is a photo.
            carried: Tracks that an earlier run closed right before `start_s`, whose faces may go on.
            on_frame: Called after each frame with the number of its faces.

        Returns:
            Whether the source's end was reached.

        Raises:
            InferenceError: If the models fail on a photo, or do nothing but fail.
            StorageError: If Redis fails.
            StreamError: If the source can't be read any further.
        """
        follower = SourceFollower(
            self._pack,
            source.source_id,
            self._settings,
            start_s=start_s,
            photo=photo,
            carried=carried,
            gate=RecordingGate(),
        )
        self.faults = follower.faults
        last_s = start_s
        unsent: Sequence[Entry] = ()
        try:
            with self._marked(source.source_id) as mark, FrameReader(source, stop=stop) as reader:
                for frame, shown in self._shown(reader, follower, mark):
                    if stop.is_set():
                        break
                    if frame.media_s < start_s:
                        follower.look_back(frame)
                        continue
                    if mark is not None and mark.is_deadly(frame.index):
                        follower.leave_out(frame, "processes died over it, again and again")
                        continue
                    if mark is not None:
                        mark.at(frame.index)
                    found = follower.look(frame, shown) if follower.wants(frame) else follower.skip(frame)
                    last_s = frame.media_s
                    if self._queue.send(found.entries, faces=found.faces, stop=stop.is_set) is None:
                        # There was nothing, or no room when it was told to stop.
                        unsent = found.entries
                    if on_frame is not None:
                        on_frame(frame, found.seen)
        except StreamError:
            # What could be read before the fault counts, but the stretch is not done.
            self._queue.send(follower.close())
            raise
        if stop.is_set():
            # An interrupted segment is not marked done: the next run looks at it again.
            self._queue.send([*unsent, *follower.close()])
            return False
        if not np.isfinite(end_s):
            end_s = last_s + 1e-3
        self._queue.send(follower.close(end_s, complete=to_end))
        return True

    def _shown(
        self, reader: FrameReader, follower: SourceFollower, mark: LookMark | None
    ) -> Iterator[tuple[Frame, Shown | None]]:
        """The frames, shown to the detector together where several lie ready and it gains by that."""

        def most() -> int:
            # Where nobody is followed, most frames need no detector. What may be deadly comes alone.
            careful = mark is not None and mark.careful
            return self._shared.most if follower.follows and not careful else 1

        for frames in reader.batches(most):
            yield from zip(frames, self._shared.at(frames), strict=True)

    def _marked(self, source_id: str) -> AbstractContextManager[LookMark | None]:
        return contextlib.nullcontext() if self._mark is None else self._mark(source_id)
