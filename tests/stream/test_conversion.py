"""Pictures turned into arrays."""

from __future__ import annotations

import gc

import numpy as np
from av.video.frame import VideoFrame

from stream.conversion import BgrConverter


def test_a_picture_that_was_converted_needs_no_garbage_collector() -> None:
    """Its memory would wait for one: gigabytes an hour for a camera."""

    def pictures() -> int:
        return sum(isinstance(found, VideoFrame) for found in gc.get_objects())

    converter = BgrConverter(None)
    gc.collect()
    gc.disable()
    try:
        before = pictures()
        for _ in range(5):
            picture = VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="bgr24")
            assert converter.image_bgr(picture).shape == (16, 16, 3)
            del picture
        assert pictures() == before
    finally:
        gc.enable()
