"""Videos for tests of what reads them."""

from pathlib import Path

import pytest
from painted_video import write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of H.264 with B-frames at 25 frames/s, index in front."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    return write_video(path, container_options={"movflags": "faststart"})
