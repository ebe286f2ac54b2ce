"""Videos and photos in, their people out: the whole path in one process."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from facestream.errors import UsageError
from facestream.settings import Place
from facestream.wiring import connect_handle, keys_of, make_cluster_worker, make_pack, make_queue, make_store
from storage.connection import RedisHandle, translate_errors
from storage.source_record import ReclusterRequest, SourceRecord, missing
from stream.discover import Discovery, discover
from stream.errors import StreamError
from stream.fingerprint import fingerprint
from stream.frame import Frame
from stream.photo import PhotoFile
from stream.video import VideoFile, VideoInfo
from workers.cluster_worker import ClusterWorker
from workers.errors import ClusterWorkerError
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack

_log = logging.getLogger(__name__)

# A re-cluster of a large collection takes its time; silence beyond this is a fault.
_SETTLE_S = 600.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to process, and how.

    Attributes:
        paths: Video files, photos and folders of them.
        fps: Sampled frames per second of video, None for every frame.
        start_s: Start in each video, s.
        end_s: End in each video, s, or None.
        recorded_at_s: Unix time at which the recordings began, or None to ask the container.
        pack: Name or folder of a model pack.
        min_face_px: Smallest face looked for, px, or None for a share of the picture.
        samples: "all" also sends every face of every sampled frame to a stream.
    """

    paths: tuple[Path, ...]
    fps: float | None = 5.0
    start_s: float = 0.0
    end_s: float | None = None
    recorded_at_s: float | None = None
    pack: str = "open"
    min_face_px: float | None = None
    samples: Literal["best", "all"] = "best"


class RunListener(Protocol):
    """Is told how a run gets on."""

    def began(self, videos: int, photos: int) -> None:
        """The sources are counted."""
        ...

    def source_began(self, path: Path, info: VideoInfo | None) -> None:
        """A source is next; `info` is None for a photo."""
        ...

    def frame_done(self, frame: Frame, faces: int) -> None:
        """A frame was searched for faces."""
        ...

    def source_ended(self, path: Path) -> None:
        """A source is done."""
        ...

    def people_now(self, count: int) -> None:
        """So many people are known; may be called from another thread."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...


@dataclass(slots=True)
class RunReport:
    """What a run did.

    Attributes:
        sources: Ids of the sources that were asked for, done now or before, in order.
        already_done: How many of them had been processed before.
        frames: Frames searched for faces.
        faces: Faces found in them.
        seconds: How long it took, s.
        first_person_s: When the first person was known, s after the start, or None.
        failed: Sources that could not be read, with the reason.
        interrupted: Whether it was told to stop.
        pack: Title of the model pack.
        licence: Its licence.
        provider: Execution provider that ran.
    """

    sources: list[str] = field(default_factory=list)
    already_done: int = 0
    frames: int = 0
    faces: int = 0
    seconds: float = 0.0
    first_person_s: float | None = None
    failed: list[tuple[Path, str]] = field(default_factory=list)
    interrupted: bool = False
    pack: str = ""
    licence: str = ""
    provider: str = ""


class Run:
    """One run over some sources.

    Args:
        place: Where people are stored.
        options: What to process.
        listener: Is told how it gets on.
    """

    def __init__(self, place: Place, options: RunOptions, listener: RunListener) -> None:
        self._place = place
        self._options = options
        self._listener = listener
        self._report = RunReport()
        self._started_s = time.monotonic()

    def execute(self, stop: threading.Event) -> RunReport:
        """Process everything, or until `stop` is set; what was found by then is kept.

        Raises:
            StreamError: If no source can be found at all.
            StorageError: If Redis or the data folder can't be used.
            WorkerError: If models can't be loaded or a worker fails.
        """
        self._started_s = time.monotonic()
        keys = keys_of(self._place)
        found = discover(self._options.paths)
        for path, reason in found.skipped:
            _log.info("passed over %s: %s", path, reason)
        with connect_handle(self._place) as handle, translate_errors(handle.where):
            for warning in handle.warnings:
                self._listener.note(warning)
            pack = make_pack(self._options.pack)
            licence = pack.manifest.licence
            self._report.pack = f"{pack.manifest.name} ({pack.manifest.title})"
            self._report.licence = licence.spdx
            self._report.provider = pack.providers[0]
            about = {
                "pack": pack.manifest.name,
                "licence": licence.spdx,
                "commercial_use": str(int(licence.commercial_use)),
            }
            make_store(handle, keys).claim_model(pack.manifest.model_id, about)
            self._listener.began(len(found.videos), len(found.photos))
            worker = make_cluster_worker(handle, keys, pack, self._people_now)
            with _Background(worker) as background:
                self._process(found, handle, pack, background, stop)
        self._report.interrupted = stop.is_set()
        self._report.seconds = time.monotonic() - self._started_s
        return self._report

    def _people_now(self, count: int) -> None:
        if count and self._report.first_person_s is None:
            self._report.first_person_s = time.monotonic() - self._started_s
        self._listener.people_now(count)

    def _process(
        self,
        found: Discovery,
        handle: RedisHandle,
        pack: Pack,
        background: _Background,
        stop: threading.Event,
    ) -> None:
        keys = keys_of(self._place)
        queue = make_queue(handle, keys)
        queue.prepare()
        store = make_store(handle, keys)
        settings = FaceWorkerSettings(min_face_px=self._options.min_face_px, samples=self._options.samples)
        faces = FaceWorker(pack, queue, settings)

        def settle(reason: str) -> None:
            entry_id = queue.send([ReclusterRequest(reason)])
            assert entry_id is not None
            background.wait_until(lambda: queue.is_taken_in(entry_id), _SETTLE_S)

        for path in found.videos:
            if stop.is_set():
                break
            background.check()
            if self._readable(path, lambda path=path: self._video(path, store.register_source, faces, stop)):
                settle(f"end of {path.name}")
        todo = False
        for path in found.photos:
            if stop.is_set():
                break
            background.check()
            todo |= self._readable(
                path, lambda path=path: self._photo(path, store.register_source, faces, stop)
            )
        if todo:
            settle("end of the photos")

    def _readable(self, path: Path, work: Callable[[], bool]) -> bool:
        """Do the work on a source; one that can't be read is noted and costs the others nothing."""
        try:
            return work()
        except StreamError as error:
            self._report.failed.append((path, str(error)))
            self._listener.note(str(error))
            # What could be read before the fault counts.
            return True

    def _begin(self, source: SourceRecord) -> None:
        self._report.sources.append(source.source_id)

    def _frame_done(self, frame: Frame, faces: int) -> None:
        self._report.frames += 1
        self._report.faces += faces
        self._listener.frame_done(frame, faces)

    def _video(
        self,
        path: Path,
        register: Callable[[SourceRecord], SourceRecord],
        faces: FaceWorker,
        stop: threading.Event,
    ) -> bool:
        options = self._options
        source_id = f"v-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a file before it; skipped.")
            return False
        info = VideoFile(path, source_id).info
        if info.duration_s is not None and options.start_s >= info.duration_s:
            raise UsageError(f"{path}: lasts {info.duration_s:.1f} s, so nothing is left from --start on.")
        source = register(
            SourceRecord(
                source_id=source_id,
                kind="video",
                path=str(path.resolve()),
                width_px=info.width_px,
                height_px=info.height_px,
                duration_s=info.duration_s,
                recorded_at_s=options.recorded_at_s or info.recorded_at_s,
                fps=options.fps,
            )
        )
        self._begin(source)
        end_s = math.inf if options.end_s is None else options.end_s
        if source.complete and source.ranges:
            end_s = min(end_s, source.ranges[-1][1])
        gaps = missing(source.ranges, options.start_s, end_s)
        if not gaps:
            self._report.already_done += 1
            self._listener.note(f"{path.name}: already processed; nothing was added.")
            return False
        if source.ranges:
            self._listener.note(f"{path.name}: goes on at {gaps[0][0]:.1f} s, where an earlier run stopped.")
        self._listener.source_began(path, info)
        for start_s, gap_end_s in gaps:
            limit = None if math.isinf(gap_end_s) else gap_end_s
            video = VideoFile(
                path,
                source_id,
                fps=options.fps,
                start_s=start_s,
                end_s=limit,
                recorded_at_s=source.recorded_at_s,
            )
            # An --end beyond the file's own end is its end, too.
            beyond = limit is None or (info.duration_s is not None and limit >= info.duration_s)
            finished = faces.run(video, start_s, gap_end_s, stop, to_end=beyond, on_frame=self._frame_done)
            for warning in video.warnings:
                self._listener.note(f"{path.name}: {warning}")
            if not finished:
                break
        self._listener.source_ended(path)
        return True

    def _photo(
        self,
        path: Path,
        register: Callable[[SourceRecord], SourceRecord],
        faces: FaceWorker,
        stop: threading.Event,
    ) -> bool:
        source_id = f"i-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a photo before it; skipped.")
            return False
        photo = PhotoFile(path, source_id, recorded_at_s=self._options.recorded_at_s)
        frame = next(iter(photo.frames(stop)))
        height, width = frame.image_bgr.shape[:2]
        source = register(
            SourceRecord(
                source_id=source_id,
                kind="photo",
                path=str(path.resolve()),
                width_px=width,
                height_px=height,
                recorded_at_s=frame.captured_at_s,
            )
        )
        self._begin(source)
        if source.complete:
            self._report.already_done += 1
            return False
        self._listener.source_began(path, None)
        faces.run(_Loaded(frame), 0.0, 0.0, stop, photo=True, on_frame=self._frame_done)
        self._listener.source_ended(path)
        return True


class _Loaded:
    """A photo that has been read already, as a frame source."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @property
    def source_id(self) -> str:
        return self._frame.source_id

    def frames(self, stop: threading.Event) -> list[Frame]:
        return [] if stop.is_set() else [self._frame]


class _Background:
    """The cluster worker in its thread; leaves no thread behind."""

    def __init__(self, worker: ClusterWorker) -> None:
        self._worker = worker
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="cluster worker", daemon=True)

    def _work(self) -> None:
        try:
            self._worker.run(self._stop)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self._error = error

    def check(self) -> None:
        """Raise what the worker failed with, if it failed."""
        if self._error is not None:
            raise ClusterWorkerError(f"the cluster worker failed: {self._error}") from self._error

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for the worker to bring something about."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ClusterWorkerError(f"the cluster worker did not finish within {timeout_s:g} s")
            time.sleep(0.02)

    def __enter__(self) -> _Background:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30.0)
