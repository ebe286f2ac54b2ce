"""The loop that facestream is measured beside."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from facestream.demo_video import ASTRONAUT
from stream.photo import PhotoFile


@pytest.mark.e2e
def test_the_loop_sees_a_face_where_no_models_were_built_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from naive import cluster, find_faces

    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(tmp_path / "cache"))
    found = find_faces(PhotoFile(ASTRONAUT.path(), "photo").frames(threading.Event()))
    assert found.sampled == 1
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx([1.0])
    left, top, right, bottom = found.boxes_xyxy[0]
    assert left < 225 < right
    assert top < 120 < bottom
    assert cluster(found, 0.1).tolist() == [-1]
