"""Models, sources and a store that tell how long they take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from facestream.metrics.process_metrics import ProcessMetrics
from storage.connection import RedisHandle
from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.look_mark import LookMark
from storage.sample_queue import SampleQueue
from stream.frame import Frame
from stream.source import FrameSource
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.detection import BgrImage, Detection, FaceDetector, Shown
from workers.models.embedder import FaceEmbedder
from workers.models.pack import Pack
from workers.stages import COMMIT, DECODE, DETECT, EMBED

FloatArray = npt.NDArray[np.float32]


def timed_pack(pack: Pack, metrics: ProcessMetrics) -> Pack:
    """The same models; how long they take is told."""
    metrics.runs_on(str(pack.device), pack.providers[0])
    return replace(
        pack,
        detector=_TimedDetector(pack.detector, metrics),
        embedder=_TimedEmbedder(pack.embedder, metrics),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _TimedDetector(FaceDetector):
    inner: FaceDetector
    metrics: ProcessMetrics

    @property
    def at_once(self) -> int:
        return self.inner.at_once

    def show(self, images_bgr: Sequence[BgrImage]) -> Sequence[Shown]:
        self.metrics.batch("detector", len(images_bgr))
        with self.metrics.timed(DETECT):
            return self.inner.show(images_bgr)

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        self.metrics.batch("detector", len(images_bgr))
        with self.metrics.timed(DETECT):
            return self.inner.detect(images_bgr, min_face_px)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        with self.metrics.timed(DETECT):
            return self.inner.refine(image_bgr, boxes_xyxy)


@dataclass(frozen=True, slots=True, eq=False)
class _TimedEmbedder:
    inner: FaceEmbedder
    metrics: ProcessMetrics

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    @property
    def input_px(self) -> int:
        return self.inner.input_px

    @property
    def template(self) -> FloatArray:
        return self.inner.template

    def embed(self, chips_bgr: Sequence[BgrImage]) -> FloatArray:
        if len(chips_bgr) == 0:
            return self.inner.embed(chips_bgr)
        self.metrics.batch("embedder", len(chips_bgr))
        with self.metrics.timed(EMBED):
            return self.inner.embed(chips_bgr)


@dataclass(frozen=True, slots=True, eq=False)
class TimedSource:
    """A file whose frames tell how long they took to decode; implements `FrameSource`."""

    inner: FrameSource
    metrics: ProcessMetrics

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self.inner.source_id

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """The frames."""
        frames = self.inner.frames(stop)
        try:
            began_s = time.perf_counter()
            for frame in frames:
                self.metrics.took(DECODE, time.perf_counter() - began_s)
                yield frame
                began_s = time.perf_counter()
        finally:
            close = getattr(frames, "close", None)
            if close is not None:
                close()


class TimedFaceWorker(FaceWorker):
    """A face worker whose sources tell how long they took to decode.

    Args:
        metrics: Where they tell it.
        pack: As those of `FaceWorker`.
        queue: The same.
        settings: The same.
        mark: The same.
    """

    def __init__(
        self,
        metrics: ProcessMetrics,
        pack: Pack,
        queue: SampleQueue,
        settings: FaceWorkerSettings,
        mark: Callable[[str], LookMark] | None = None,
    ) -> None:
        super().__init__(pack, queue, settings, mark)
        self._metrics = metrics

    def run(self, source: FrameSource, *arguments: Any, **options: Any) -> bool:
        """Process a source; arguments as those of `FaceWorker.run`."""
        return super().run(TimedSource(source, self._metrics), *arguments, **options)


class TimedStore(IdentityStore):
    """A collection that tells what was taken in, and how long that took.

    Args:
        metrics: Where it tells it.
        handle: The server.
        keys: Keys of the collection.
    """

    def __init__(self, metrics: ProcessMetrics, handle: RedisHandle, keys: Keys) -> None:
        super().__init__(handle.client, keys, handle.options, handle.data_keys)
        self._metrics = metrics

    def commit(self, effects: Effects, lease: Lease) -> None:
        """Apply a step; errors as those of `IdentityStore.commit`."""
        with self._metrics.timed(COMMIT):
            super().commit(effects, lease)
        self._metrics.took_in(len(effects.done), len(effects.unreadable))
        if (done := effects.reclustered) is not None:
            self._metrics.reclustered(done.seconds, done.earlier, done.changed)
