from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.crops import blob, crops, fill_square
from workers.models.pyramid import Pyramid

SIZE_PX = 24


def test_a_blob_is_about_zero_and_red_first() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 2] = 255
    found = blob([image])
    assert found.shape == (1, 3, 4, 6)
    assert (found[0, 0] == 127.5 / 128).all()
    assert (found[0, 1:] == -127.5 / 128).all()


def test_boxes_of_several_pictures_are_cut_out_of_their_own() -> None:
    dark, light = (np.full((240, 320, 3), value, np.uint8) for value in (0, 255))
    # Of 24, 120 and 200 px: out of the picture itself, its half and a quarter.
    boxes = np.array([[10, 10, 34, 34], [20, 5, 140, 125], [30, 20, 230, 220]], np.float32)
    owner = np.array([1, 0, 1])
    fine = crops([Pyramid(dark, halved=False), Pyramid(light, halved=False)], boxes, owner, SIZE_PX)
    coarse = crops([Pyramid(dark), Pyramid(light)], boxes, owner, SIZE_PX)
    assert fine.shape == (3, 3, SIZE_PX, SIZE_PX)
    assert (fine == coarse).all()
    assert np.sign(fine.mean(axis=(1, 2, 3))).tolist() == [1, -1, 1]


def test_what_lies_over_the_edge_is_grey() -> None:
    image = np.full((240, 320, 3), 255, np.uint8)
    boxes = np.array([[-96, 0, 96, 192], [500, 500, 524, 524]], np.float32)
    for found in (
        crops([Pyramid(image, halved=False)], boxes, np.zeros(2, np.intp), SIZE_PX),
        crops([Pyramid(image)], boxes, np.zeros(2, np.intp), SIZE_PX),
    ):
        assert (np.abs(found[0, :, :, :12]) < 0.01).all()
        assert (found[0, :, :, 12:] > 0.99).all()
        assert (np.abs(found[1]) < 0.01).all()


def test_coarse_crops_show_what_fine_ones_do(group_image: npt.NDArray[np.uint8]) -> None:
    image = group_image[:512, :512]
    random = np.random.default_rng(0)
    side = random.uniform(12, 400, 200)
    corner = random.uniform(-20, 300, (200, 2))
    boxes = np.column_stack([corner, corner + side[:, None]]).astype(np.float32)
    owner = np.zeros(200, np.intp)
    fine = crops([Pyramid(image, halved=False)], boxes, owner, SIZE_PX)
    coarse = crops([Pyramid(image)], boxes, owner, SIZE_PX)
    # Small ones come from the picture itself.
    small = side < 4 * SIZE_PX - 1
    assert (fine[small] == coarse[small]).all()
    difference = np.abs(fine - coarse).mean(axis=(1, 2, 3))
    # A box that is half a pixel of the input beside, as rounding may put a small one.
    beside = boxes + (side / SIZE_PX / 2)[:, None].astype(np.float32)
    moved = np.abs(fine - crops([Pyramid(image, halved=False)], beside, owner, SIZE_PX)).mean(axis=(1, 2, 3))
    assert difference.mean() < 0.5 * moved.mean()
    assert difference.max() < moved.max()


def test_what_a_damaged_network_wants_is_grey_or_nothing_worse() -> None:
    image = np.full((240, 320, 3), 255, np.uint8)
    boxes = np.array([[np.nan] * 4, [-np.inf, 0, np.inf, 24], [0, 0, 3e38, 3e38]], np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        found = crops([Pyramid(image)], boxes, np.zeros(3, np.intp), SIZE_PX)
    assert found.shape == (3, 3, SIZE_PX, SIZE_PX)


def test_what_is_halved_first_shows_the_same(group_image: npt.NDArray[np.uint8]) -> None:
    # 194 columns of the last one are in the picture, which are not halved twice without a rest.
    for left, top in ((96, 32), (-64, -128), (group_image.shape[1] - 194, 64)):
        box = np.array([left, top, left + 384, top + 384])
        once, halved = (np.full((96, 96, 3), 127, np.uint8) for _ in range(2))
        fill_square(once, group_image, box)
        fill_square(halved, group_image, box, 2)
        difference = np.abs(once.astype(int) - halved)
        # Rounded once for each level; of a rest the last column counts twice.
        assert difference.mean() < 0.6


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(0, 3),
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.integers(1, 60),
)
def test_wherever_a_box_is_what_is_inside_is_shown_and_the_rest_is_grey(
    height: int, width: int, halvings: int, column: int, row: int, side: int
) -> None:
    step = 2**halvings
    box = np.array([column, row, column + side, row + side]) * step
    white, crop = np.full((height, width, 3), 255, np.uint8), np.full((96, 96, 3), 127, np.uint8)
    fill_square(crop, white, box, halvings)
    left, top = np.maximum(box[:2], 0)
    right, bottom = np.minimum(box[2:], [width, height])
    share = max(right - left, 0) * max(bottom - top, 0) / (side * step) ** 2
    # Of what doesn't come out even, the last row and the last column count as whole ones.
    more = 2 / side if halvings else 0
    shown = (crop.mean() - 127) / 128
    assert share - 0.04 <= shown <= share + more + 0.04
