from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.faces.alignment import umeyama
from workers.faces.crop import FaceCrop, cut_crop, encode_jpeg, shrunk_jpeg
from workers.faces.quality import roll_deg
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
@given(st.floats(171, 329), st.floats(171, 229), st.floats(5, 199))
def test_a_face_with_room_around_it_is_in_the_middle(x: float, y: float, side: float) -> None:
    crop = cut_crop(WIDE, face(x - side / 2, y - side / 3, side, side / 1.5), 1000)
    left, top = origin(crop)
    assert crop.image_bgr.shape[0] == pytest.approx(1.7 * side, abs=1.01)
    half = crop.image_bgr.shape[0] / 2
    assert (left + half, top + half) == (pytest.approx(x, abs=1.01), pytest.approx(y, abs=1.01))


@pytest.mark.parametrize(
    ("left", "top", "expected"),
    [
        (100, 100, (65, 65)),  # room on all sides
        (10, 100, (0, 65)),
        (-40, 100, (0, 65)),
        (270, 100, (230, 65)),
        (390, 100, (230, 65)),
        (100, 5, (65, 0)),
        (100, -90, (65, 0)),
        (100, 190, (65, 130)),
        (-30, 280, (0, 130)),
        (900, 900, (230, 130)),
    ],
)
def test_near_the_edge_the_square_moves_inwards(left: float, top: float, expected: tuple[int, int]) -> None:
    # 100 px with margin are 170 px, rounded up from float32 to 171 at most.
    crop = cut_crop(mapped(400, 300), face(left, top, 100, 100))
    side = crop.image_bgr.shape[0]
    assert side in (170, 171)
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
    assert crop.image_bgr.shape[0] in (170, 171)


@pytest.mark.parametrize("side", [10, 33, 100, 150])
def test_a_small_crop_is_never_enlarged(side: int) -> None:
    crop = cut_crop(mapped(600, 600), face(200, 200, side, side), 256)
    assert crop.image_bgr.shape[0] == pytest.approx(1.7 * side, abs=1.01)


@pytest.mark.parametrize("max_px", [64, 101, 256])
def test_a_large_crop_is_scaled_down_and_its_landmarks_with_it(max_px: int) -> None:
    # Blue says x and green says y, in steps of four pixels.
    y, x = np.mgrid[:1000, :1000]
    picture = np.stack([x // 4, y // 4, np.zeros_like(x)], axis=2).astype(np.uint8)
    detection = face(260, 310, 300, 300)
    crop = cut_crop(picture, detection, max_px)
    assert crop.image_bgr.shape == (max_px, max_px, 3)
    shrunk = 1.7 * 300 / max_px
    for (column, row), place in zip(crop.landmarks, detection.landmarks, strict=True):
        seen = cv2.getRectSubPix(crop.image_bgr, (1, 1), (float(column), float(row)))[0, 0]
        # A pixel of value v covers 4v to 4v + 3; its middle is at 4v + 1.5.
        assert seen[:2] * 4.0 + 1.5 == pytest.approx(place, abs=2.5 + 0.25 * shrunk)
    middle = crop.landmarks.mean(axis=0) - detection.landmarks.mean(axis=0) / shrunk
    assert middle == pytest.approx((0.5 / shrunk - 0.5) - np.array([155, 205]) / shrunk, abs=0.6 / shrunk)


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


# Turned heads ---------------------------------------------------------------------------------------------


def rotation(angle_deg: float) -> npt.NDArray[np.float64]:
    """Turns clockwise, as one sees it in a picture."""
    angle = np.deg2rad(angle_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def tilted(x: float, y: float, side: float, angle_deg: float) -> Detection:
    """A face around a place whose head is tilted, in a box of equal sides."""
    upright = face(-side / 2, -side / 2, side, side)
    landmarks = upright.landmarks @ rotation(angle_deg).T + (x, y)
    return Detection(upright.box_xyxy + np.array([x, y, x, y]), landmarks, 0.9)


def ramp(width_px: int, height_px: int) -> npt.NDArray[np.float32]:
    """A picture that says where one is, between its pixels, too: blue is x and green is y."""
    y, x = np.mgrid[:height_px, :width_px].astype(np.float32)
    return np.stack([x, y, np.full_like(x, 255)], axis=2)


def straight_crops(crop: FaceCrop, picture: Image) -> bool:
    """Whether an unscaled crop of `mapped` is a part of it as it is."""
    side = crop.image_bgr.shape[0]
    x, y = origin(crop)
    return bool((crop.image_bgr == picture[y : y + side, x : x + side]).all())


angles_deg = st.floats(-180, 180).filter(lambda angle: abs(angle) > 5.01)


@quick
@given(angles_deg, st.floats(4, 160), st.floats(240, 260), st.floats(240, 260), st.integers(64, 256))
def test_a_tilted_face_is_turned_until_its_eyes_are_level(
    angle_deg: float, side: float, x: float, y: float, max_px: int
) -> None:
    detection = tilted(x, y, side, angle_deg)
    # All three colours have room: no value is above 255.
    picture = (ramp(500, 500) / 2).astype(np.uint8)
    crop = cut_crop(picture, detection, max_px)
    out = min(int(1.7 * side), max_px)
    assert crop.image_bgr.shape == (out, out, 3)
    assert crop.landmarks.dtype == np.float32
    assert roll_deg(crop.landmarks) == pytest.approx(0, abs=0.05)
    left, right = crop.landmarks[0], crop.landmarks[1]
    assert left[0] < right[0]
    assert left[1] == pytest.approx(right[1], abs=0.05)
    # Turned and scaled, never warped or mirrored, and with the face where it was: in the middle.
    scale = out / (1.7 * side)
    expected = (tilted(0, 0, side, 0).landmarks * scale) + (out - 1) / 2
    assert np.abs(crop.landmarks - expected).max() < 0.05
    for (column, row), place in zip(crop.landmarks, detection.landmarks, strict=True):
        seen = cv2.getRectSubPix(crop.image_bgr, (1, 1), (float(column), float(row)))[0, 0]
        # A pixel of value v covers 2v and 2v + 1, is rounded twice, and stands for several in a shrunk crop.
        assert seen[:2] * 2.0 + 0.5 == pytest.approx(place, abs=3 + 1 / scale)


@quick
@given(st.floats(-4.99, 4.99), st.floats(10, 140))
def test_a_head_that_is_held_nearly_straight_keeps_its_pixels(angle_deg: float, side: float) -> None:
    picture = mapped(400, 400)
    assert straight_crops(cut_crop(picture, tilted(200, 200, side, angle_deg)), picture)


@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(2, 900),
    height=st.integers(2, 900),
    across=st.floats(-0.1, 1.1),
    down=st.floats(-0.1, 1.1),
    side=st.floats(0.5, 700),
    angle_deg=st.floats(-180, 180),
    max_px=st.sampled_from([2, 17, 64, 256]),
)
# Large faces, of which a crop is a small part of what lies around them.
@example(width=719, height=882, across=0.5, down=0.5, side=106, angle_deg=-68, max_px=64)
@example(width=1030, height=970, across=0.5, down=0.5, side=480, angle_deg=45, max_px=256)
@example(width=1030, height=970, across=0.32, down=0.32, side=300, angle_deg=45, max_px=256)
def test_no_crop_shows_anything_that_is_not_in_the_picture(
    width: int, height: int, across: float, down: float, side: float, angle_deg: float, max_px: int
) -> None:
    bright = np.full((height, width, 3), 200, np.uint8)
    crop = cut_crop(bright, tilted(across * width, down * height, side, angle_deg), max_px)
    assert (crop.image_bgr == 200).all()
    assert crop.image_bgr.shape[0] <= max(np.ceil(1.7 * side + 0.01), 2)
    assert crop.image_bgr.shape[0] <= max_px


@quick
@given(st.floats(0, 400), st.floats(0, 300), st.floats(3, 400), st.floats(-180, 180))
def test_no_face_is_enlarged_or_warped(x: float, y: float, side: float, angle_deg: float) -> None:
    detection = tilted(x, y, side, angle_deg)
    crop = cut_crop(mapped(400, 300), detection)
    turned = umeyama(detection.landmarks, crop.landmarks).astype(np.float64)
    moved = detection.landmarks @ turned[:, :2].T + turned[:, 2]
    assert np.abs(moved - crop.landmarks).max() < 0.02
    assert np.hypot(*turned[0, :2]) <= 1 + 1e-4


@pytest.mark.parametrize(
    ("x", "margin"),
    [
        (200, 1.7),
        # A square of 170 px that is turned by 45 degrees reaches 120.2 px far, one of 150 px 106.1, one of
        # 130 px 91.9; the face of 100 px must not touch the edge of the square that moved inwards.
        (90, 1.7),
        (84, 1.5),
        (78, 1.3),
    ],
)
def test_near_the_edge_a_turned_square_moves_inwards_and_gets_tighter(x: float, margin: float) -> None:
    crop = cut_crop(mapped(400, 400), tilted(x, 200, 100, 45))
    assert crop.image_bgr.shape[0] == pytest.approx(100 * margin, abs=1)
    assert roll_deg(crop.landmarks) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(("x", "y"), [(40, 200), (200, 40), (390, 200), (200, 390), (30, 30), (-20, 200)])
def test_where_no_turned_square_fits_the_crop_is_upright(x: float, y: float) -> None:
    picture = mapped(400, 400)
    detection = tilted(x, y, 100, 45)
    crop = cut_crop(picture, detection)
    assert crop.image_bgr.shape[0] in (170, 171)
    assert straight_crops(crop, picture)
    assert np.allclose(crop.landmarks + origin(crop), detection.landmarks, atol=1e-3)


@pytest.mark.parametrize("angle_deg", [-90, 12, 45])
def test_fine_stripes_become_grey_when_they_are_turned_and_shrunk(angle_deg: float) -> None:
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = cut_crop(stripes, tilted(500, 500, 400, angle_deg), 150)
    assert crop.image_bgr.shape == (150, 150, 3)
    assert np.abs(crop.image_bgr.astype(int) - 127).max() < 45


@pytest.mark.parametrize("landmarks", [np.full((5, 2), 200.0), np.full((5, 2), np.nan)])
def test_landmarks_that_are_no_face_turn_nothing(landmarks: npt.NDArray[np.float64]) -> None:
    picture = mapped(400, 400)
    crop = cut_crop(picture, Detection(np.array([150, 150, 250, 250], np.float32), landmarks, 0.9))
    assert straight_crops(crop, picture)


@pytest.mark.parametrize("angle_deg", [-120, -35, 20])
def test_a_face_of_a_turned_picture_looks_like_that_of_the_upright_one(
    group_image: Image, group_faces: list[Detection], angle_deg: float
) -> None:
    # The others are so near to the edge that their squares move or get tighter.
    for detection in group_faces[1:4]:
        x, y = (detection.box_xyxy[:2] + detection.box_xyxy[2:]) / 2
        side = float((detection.box_xyxy[2:] - detection.box_xyxy[:2]).max())
        box = np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2])
        # Its own tilt is taken out first, so that the two angles add up.
        own = roll_deg(detection.landmarks)
        crops = []
        for angle in (-own, angle_deg - own):
            matrix = cv2.getRotationMatrix2D((float(x), float(y)), -angle, 1.0)
            picture = cv2.warpAffine(group_image, matrix, group_image.shape[1::-1])
            turned = detection.landmarks @ matrix[:, :2].T + matrix[:, 2]
            crops.append(cut_crop(np.asarray(picture, np.uint8), Detection(box, turned, 0.9), 120))
        upright, again = crops
        assert np.abs(upright.landmarks - again.landmarks).max() < 1.5
        inner = slice(20, 100)
        difference = upright.image_bgr.astype(int)[inner, inner] - again.image_bgr[inner, inner]
        assert np.abs(difference).mean() < 8


# JPEGs ----------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("height", "width"), [(256, 256), (300, 200), (97, 1000)])
def test_a_shrunk_jpeg_has_the_same_shape_and_fewer_bytes(
    group_image: Image, height: int, width: int
) -> None:
    picture = np.ascontiguousarray(group_image[100 : 100 + height, 100 : 100 + width])
    data = encode_jpeg(picture)
    smaller = shrunk_jpeg(data, 96, 80)
    assert len(smaller) < len(data)
    back = cv2.imdecode(np.frombuffer(smaller, np.uint8), cv2.IMREAD_COLOR)
    assert back is not None
    scale = 96 / max(height, width)
    assert back.shape[:2] == (round(height * scale), round(width * scale))
    expected = cv2.resize(picture, back.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(back.astype(int) - expected).mean() < 9


def test_a_jpeg_that_is_small_already_is_never_enlarged(group_image: Image) -> None:
    data = encode_jpeg(np.ascontiguousarray(group_image[:60, :50]))
    for quality in (100, 80):
        same = cv2.imdecode(np.frombuffer(shrunk_jpeg(data, 96, quality), np.uint8), cv2.IMREAD_COLOR)
        assert same is not None
        assert same.shape == (60, 50, 3)
    assert shrunk_jpeg(data, 96, 100) == data


@pytest.mark.parametrize("data", [b"no jpeg", b"\xff\xd8\xff"])
def test_what_is_no_jpeg_is_left_as_it_is(data: bytes) -> None:
    assert shrunk_jpeg(data, 96, 80) == data
