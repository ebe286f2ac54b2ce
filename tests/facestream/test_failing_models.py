"""facestream run: models that fail on some of what they are to look at."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from facestream.configuration.settings import Place
from facestream.recorded import run
from facestream.recorded.run_report import RunOptions, SilentListener
from facestream.wiring import make_pack
from workers.errors import InferenceError
from workers.models.detection import BgrImage, Detection, FaceDetector

Boxes = npt.NDArray[np.float32]


@dataclass
class Failing(FaceDetector):
    """A detector that fails on its second picture of the video and on every photo of 512x512."""

    inner: FaceDetector
    seen: int = 0

    def _look(self, image: BgrImage) -> None:
        self.seen += 1
        if self.seen == 2 or image.shape[:2] == (512, 512):
            raise InferenceError("det.onnx: bad allocation", model="det.onnx")

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        self._look(images_bgr[0])
        return self.inner.detect(images_bgr, min_face_px)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: Boxes) -> list[Detection | None]:
        self._look(image_bgr)
        return self.inner.refine(image_bgr, boxes_xyxy)


def test_what_models_fail_on_is_told_and_costs_the_rest_nothing(
    media: Path,
    cache_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pack = make_pack("open")
    failing = replace(pack, detector=Failing(pack.detector))
    monkeypatch.setattr(run, "load_parts", lambda *_: failing)
    place = Place(tmp_path_factory.mktemp("fs") / "data")
    photo = media / "photos" / "astronaut.jpg"
    options = RunOptions((media / "duo.mp4", photo))

    report = run.Run(place, options, SilentListener()).execute(threading.Event())

    ((path, warning),) = report.damaged
    assert path == media / "duo.mp4"
    assert warning.startswith("the models failed on 1 frame, left out, the first at 0.2 s: det.onnx: bad")
    ((path, reason),) = report.failed
    assert path == photo
    assert reason == f"'{photo}' was left out: the models failed on it: det.onnx: bad allocation"
    assert report.faces > 0

    # It is no photo that was done: with models that work it is looked at.
    monkeypatch.setattr(run, "load_parts", lambda *_: pack)
    report = run.Run(place, options, SilentListener()).execute(threading.Event())
    assert (report.failed, report.damaged) == ([], [])
    assert report.already_done == 1
    assert report.faces == 1
