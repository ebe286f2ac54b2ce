from __future__ import annotations

import numpy as np
import pytest

from stream.detail import Detail, misfit


@pytest.mark.parametrize(
    ("frame_px", "detail_px"),
    [
        ((640, 360), (1920, 1080)),
        ((640, 352), (1920, 1080)),
        ((640, 480), (2560, 1920)),
        ((360, 640), (1088, 1920)),
    ],
)
def test_two_sizes_of_one_aspect_ratio_show_the_same(
    frame_px: tuple[int, int], detail_px: tuple[int, int]
) -> None:
    assert misfit(frame_px, detail_px) == ""


@pytest.mark.parametrize(
    ("frame_px", "detail_px", "way_out"),
    [
        ((640, 480), (1920, 1080), "set both to the same aspect ratio"),
        ((640, 360), (1080, 1920), "set both to the same aspect ratio"),
        ((1920, 1080), (640, 360), "exchange the two URLs"),
        ((640, 360), (640, 360), "leave the sub-stream away, or make it smaller"),
    ],
)
def test_what_can_not_show_more_of_the_same_is_told_with_both_sizes(
    frame_px: tuple[int, int], detail_px: tuple[int, int], way_out: str
) -> None:
    told = misfit(frame_px, detail_px)
    assert way_out in told
    for width, height in (frame_px, detail_px):
        assert f"{width}x{height}" in told


def test_a_detail_is_converted_once_and_read_only() -> None:
    converted: list[int] = []

    def convert() -> np.ndarray:
        converted.append(1)
        return np.zeros((4, 6, 3), np.uint8)

    detail = Detail((6, 4), convert)
    assert not converted
    image = detail.image_bgr()
    assert image is not None
    assert detail.image_bgr() is image
    assert (converted, image.flags.writeable) == ([1], False)


def test_a_damaged_detail_is_asked_for_once() -> None:
    answers = [None]
    detail = Detail((6, 4), lambda: answers.pop())
    assert detail.image_bgr() is None
    assert detail.image_bgr() is None
