from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.faces.crop import FaceCrop, cut_crop, encode_jpeg
from workers.models.detection import Detection

Image = npt.NDArray[np.uint8]

quick = settings(max_examples=60, deadline=None)


def mapped(width_px: int, height_px: int) -> Image:
    """A picture whose pixels say where they are, up to 4096 px."""
    y, x = np.mgrid[:height_px, :width_px]
    return np.stack([x % 256, y % 256, x // 256 + 16 * (y // 256)], axis=2).astype(np.uint8)


WIDE = mapped(500, 400)


def origin(crop: FaceCrop) -> tuple[int, int]:
    """Where the upper left pixel of an unscaled crop of `mapped` was."""
    x, y, high = (int(value) for value in crop.image_bgr[0, 0])
    return x + 256 * (high % 16), y + 256 * (high // 16)


def face(left: float, top: float, width: float, height: float) -> Detection:
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]) * (width, height)
    return Detection(np.array([left, top, left + width, top + height]), points + np.array([left, top]), 0.9)


@quick
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    left=st.floats(-150, 150),
    top=st.floats(-150, 150),
    side_w=st.floats(0, 120),
    side_h=st.floats(0, 120),
    max_px=st.sampled_from([1, 2, 17, 64, 256]),
)
@example(width=1, height=1, left=0.0, top=0.0, side_w=1.0, side_h=1.0, max_px=256)
@example(width=1, height=80, left=0.0, top=70.0, side_w=30.0, side_h=30.0, max_px=256)
def test_every_crop_is_a_square_out_of_the_picture(
    width: int, height: int, left: float, top: float, side_w: float, side_h: float, max_px: int
) -> None:
    picture = mapped(width, height)
    detection = face(left, top, side_w, side_h)
    crop = cut_crop(picture, detection, max_px)
    side = crop.image_bgr.shape[0]
    assert crop.image_bgr.shape == (side, side, 3)
    assert 1 <= side <= min(width, height, max_px)
    assert crop.image_bgr.flags.c_contiguous
    assert crop.landmarks.dtype == np.float32
    if side < max_px:
        x, y = origin(crop)
        assert (crop.image_bgr == picture[y : y + side, x : x + side]).all()
        assert np.allclose(crop.landmarks + np.array([x, y]), detection.landmarks, atol=1e-3)


@quick
@given(st.floats(191, 309), st.floats(191, 209), st.floats(5, 199))
def test_a_face_with_room_around_it_is_in_the_middle(x: float, y: float, side: float) -> None:
    crop = cut_crop(WIDE, face(x - side / 2, y - side / 3, side, side / 1.5), 1000)
    left, top = origin(crop)
    assert crop.image_bgr.shape[0] == pytest.approx(1.9 * side, abs=1.01)
    half = crop.image_bgr.shape[0] / 2
    assert (left + half, top + half) == (pytest.approx(x, abs=1.01), pytest.approx(y, abs=1.01))


@pytest.mark.parametrize(
    ("left", "top", "expected"),
    [
        (100, 100, (55, 55)),  # room on all sides
        (10, 100, (0, 55)),
        (-40, 100, (0, 55)),
        (260, 100, (209, 55)),
        (390, 100, (209, 55)),
        (100, 5, (55, 0)),
        (100, -90, (55, 0)),
        (100, 190, (55, 109)),
        (-30, 280, (0, 109)),
        (900, 900, (209, 109)),
    ],
)
def test_near_the_edge_the_square_moves_inwards(left: float, top: float, expected: tuple[int, int]) -> None:
    # 100 px with margin are 190 px, rounded up from float32 to 191 at most.
    crop = cut_crop(mapped(400, 300), face(left, top, 100, 100))
    side = crop.image_bgr.shape[0]
    assert side in (190, 191)
    x, y = origin(crop)
    assert (x, y) == (pytest.approx(expected[0], abs=1), pytest.approx(expected[1], abs=1))


@pytest.mark.parametrize(("width", "height"), [(120, 300), (300, 120), (121, 121)])
def test_in_a_small_picture_the_square_shrinks_to_its_shorter_side(width: int, height: int) -> None:
    picture = mapped(width, height)
    crop = cut_crop(picture, face(width / 2 - 50, height / 2 - 50, 100, 100))
    side = min(width, height)
    assert crop.image_bgr.shape == (side, side, 3)
    x, y = origin(crop)
    assert (x, y) == ((width - side) // 2, (height - side) // 2)
    assert (crop.image_bgr == picture[y : y + side, x : x + side]).all()


@pytest.mark.parametrize(("width", "height"), [(60, 100), (100, 60), (100, 100)])
def test_the_longer_side_of_the_box_counts(width: float, height: float) -> None:
    crop = cut_crop(mapped(600, 600), face(250, 250, width, height))
    assert crop.image_bgr.shape[0] in (190, 191)


@pytest.mark.parametrize("side", [10, 33, 100, 134])
def test_a_small_crop_is_never_enlarged(side: int) -> None:
    crop = cut_crop(mapped(600, 600), face(200, 200, side, side), 256)
    assert crop.image_bgr.shape[0] == pytest.approx(1.9 * side, abs=1.01)


@pytest.mark.parametrize("max_px", [64, 101, 256])
def test_a_large_crop_is_scaled_down_and_its_landmarks_with_it(max_px: int) -> None:
    # Blue says x and green says y, in steps of four pixels.
    y, x = np.mgrid[:1000, :1000]
    picture = np.stack([x // 4, y // 4, np.zeros_like(x)], axis=2).astype(np.uint8)
    detection = face(260, 310, 300, 300)
    crop = cut_crop(picture, detection, max_px)
    assert crop.image_bgr.shape == (max_px, max_px, 3)
    shrunk = 1.9 * 300 / max_px
    for (column, row), place in zip(crop.landmarks, detection.landmarks, strict=True):
        seen = cv2.getRectSubPix(crop.image_bgr, (1, 1), (float(column), float(row)))[0, 0]
        # A pixel of value v covers 4v to 4v + 3; its middle is at 4v + 1.5.
        assert seen[:2] * 4.0 + 1.5 == pytest.approx(place, abs=2.5 + 0.25 * shrunk)
    middle = crop.landmarks.mean(axis=0) - detection.landmarks.mean(axis=0) / shrunk
    assert middle == pytest.approx((0.5 / shrunk - 0.5) - np.array([125, 175]) / shrunk, abs=0.6 / shrunk)


def test_fine_stripes_become_grey_when_they_are_shrunk() -> None:
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = cut_crop(stripes, face(300, 300, 400, 400), 150)
    assert np.abs(crop.image_bgr.astype(int) - 127).max() < 45


def test_a_crop_is_a_copy_of_a_frame_that_stays_as_it_is() -> None:
    picture = mapped(100, 100)
    picture.setflags(write=False)
    crop = cut_crop(picture, face(20, 20, 300, 300))
    assert (crop.image_bgr == picture).all()
    assert (picture == mapped(100, 100)).all()


def test_a_crop_shows_the_face_where_its_landmarks_say(
    group_image: Image, group_faces: list[Detection]
) -> None:
    for detection in group_faces:
        crop = cut_crop(group_image, detection, 120)
        assert crop.image_bgr.shape == (120, 120, 3)
        assert (crop.landmarks > 20).all()
        assert (crop.landmarks < 100).all()


def test_a_jpeg_shows_the_crop(group_image: Image, group_faces: list[Detection]) -> None:
    crop = cut_crop(group_image, group_faces[0])
    data = crop.jpeg()
    assert data.startswith(b"\xff\xd8\xff")
    assert data == encode_jpeg(crop.image_bgr)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert back is not None
    assert back.shape == crop.image_bgr.shape
    assert np.abs(back.astype(int) - crop.image_bgr).mean() < 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (33, 17)])
def test_pictures_of_odd_sizes_become_jpegs(shape: tuple[int, int]) -> None:
    back = cv2.imdecode(np.frombuffer(encode_jpeg(np.full((*shape, 3), 80, np.uint8)), np.uint8), 1)
    assert back is not None
    assert back.shape == (*shape, 3)
    assert np.abs(back.astype(int) - 80).max() <= 2
