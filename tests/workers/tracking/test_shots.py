from collections.abc import Callable
from itertools import permutations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from face_pictures import texture

from workers.tracking.shots import ShotDetector

Image = npt.NDArray[np.uint8]

SIZE_PX = (640, 500)


def part(image: Image, x: int, y: int = 100) -> Image:
    """What a camera sees of a picture."""
    return np.ascontiguousarray(image[y : y + SIZE_PX[1], x : x + SIZE_PX[0]])


def lit(image: Image, gain: float) -> Image:
    return np.clip(image * gain, 0, 255).astype(np.uint8)


def cuts(*frames: Image) -> list[bool]:
    shots = ShotDetector()
    return [shots.is_cut(frame) for frame in frames]


@pytest.fixture
def scene(group_image: Image) -> Image:
    return part(group_image, 0)


@pytest.fixture
def other_scene(astronaut_image: Image) -> Image:
    return np.asarray(cv2.resize(astronaut_image, SIZE_PX), np.uint8)


def test_the_first_frame_is_no_cut(scene: Image) -> None:
    shots = ShotDetector()
    assert not shots.is_cut(scene)
    assert shots.distance == 0.0


def test_another_picture_is_a_cut_once(scene: Image, other_scene: Image) -> None:
    assert cuts(scene, scene, other_scene, other_scene, scene) == [False, False, True, False, True]


@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png", "rocket.jpg"])
def test_every_picture_is_another_shot_than_the_group(scene: Image, name: str) -> None:
    assert cuts(scene, np.asarray(cv2.resize(texture(name), SIZE_PX), np.uint8)) == [False, True]


def test_another_corner_of_the_same_room_is_a_cut(group_image: Image) -> None:
    left, right = group_image[100:600, :500], group_image[100:600, 700:1200]
    assert cuts(np.ascontiguousarray(left), np.ascontiguousarray(right)) == [False, True]


def test_a_jump_by_a_fifth_of_the_picture_is_a_cut(group_image: Image) -> None:
    assert cuts(part(group_image, 0), part(group_image, 128)) == [False, True]


@pytest.mark.parametrize("step_px", [-64, -16, 4, 32, 64])
def test_a_pan_is_no_cut(group_image: Image, step_px: int) -> None:
    places = sorted(range(0, 640, abs(step_px)), reverse=step_px < 0)
    assert not any(cuts(*(part(group_image, x) for x in places)))


def test_a_zoom_is_no_cut(group_image: Image) -> None:
    frames = []
    for margin in range(0, 200, 20):
        inner = group_image[margin : 886 - margin, margin : 1280 - margin]
        frames.append(np.asarray(cv2.resize(inner, SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8))
    assert not any(cuts(*frames))


def test_light_that_goes_down_softly_is_no_cut(scene: Image) -> None:
    assert not any(cuts(*(lit(scene, 1.0 - 0.02 * k) for k in range(20))))


def test_grain_is_no_cut(scene: Image) -> None:
    noise = np.random.default_rng(0)
    grainy = [np.clip(scene + noise.normal(0, 8, scene.shape), 0, 255).astype(np.uint8) for _ in range(4)]
    assert not any(cuts(*grainy))


def grey(image: Image) -> Image:
    """As a camera shows it by infrared light."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def gamma(image: Image) -> Image:
    return np.asarray(255 * (image / 255.0) ** 0.5, np.uint8)


LIGHTS = {
    "lamp off": lambda image: lit(image, 0.5),
    "lamp on": lambda image: lit(image, 1.5),
    "flash": lambda image: lit(image, 2.2),
    "infrared": grey,
    "exposure": gamma,
    "colour": lambda image: np.clip(image * np.array([1.4, 1.0, 0.6]), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
@pytest.mark.parametrize("name", ["", "coffee.png", "chelsea.png", "rocket.jpg"])
def test_another_light_is_no_cut(scene: Image, name: str, light: Callable[[Image], Image]) -> None:
    shown = np.asarray(cv2.resize(texture(name), SIZE_PX), np.uint8) if name else scene
    assert not any(cuts(shown, light(shown), shown, light(shown), light(shown)))


def test_a_cut_to_a_place_in_another_light_is_one(scene: Image, other_scene: Image) -> None:
    assert cuts(scene, lit(other_scene, 0.5), grey(scene)) == [False, True, True]


def barred(image: Image, size_px: tuple[int, int], bar: int) -> Image:
    """A picture in the middle of one of 1280x720 with bars beside it, or above and below."""
    whole = np.full((720, 1280, 3), bar, np.uint8)
    width, height = size_px
    left, top = (1280 - width) // 2, (720 - height) // 2
    whole[top : top + height, left : left + width] = cv2.resize(image, size_px)
    return whole


BARS = {
    "wide film": ((1280, 536), 0),
    "4:3": ((960, 720), 0),
    "white frame": ((960, 540), 255),
    "upright phone": ((560, 720), 0),
}


@pytest.mark.parametrize("bars", BARS.values(), ids=BARS)
def test_bars_hide_no_cut_and_make_none(
    scene: Image, other_scene: Image, bars: tuple[tuple[int, int], int]
) -> None:
    names = ("coffee.png", "chelsea.png", "rocket.jpg")
    shown = [barred(image, *bars) for image in (scene, other_scene, *map(texture, names))]
    found = 0
    for one, other in permutations(shown, 2):
        shots = ShotDetector()
        shots.is_cut(one)
        is_cut = shots.is_cut(other)
        # As the colours alone would have it.
        assert is_cut == (shots.distance > 0.36)
        found += is_cut
    assert found >= 8
    for image in shown:
        for gain in (0.5, 1.5):
            assert not any(cuts(image, barred(lit(image, gain), (1280, 720), 0), image))


def test_black_is_a_shot_of_its_own(scene: Image) -> None:
    black = np.zeros_like(scene)
    assert cuts(scene, black, black, black, scene) == [False, True, False, False, True]


def test_black_with_grain_stays_one_shot() -> None:
    noise = np.random.default_rng(1)
    dark = [np.full((360, 640, 3), 6, np.uint8) + noise.integers(0, 3, (360, 640, 3)) for _ in range(5)]
    assert not any(cuts(*(frame.astype(np.uint8) for frame in dark)))


def test_what_moves_in_one_place_is_no_cut(scene: Image) -> None:
    moved = scene.copy()
    # A quarter of the picture is covered at once, as when somebody walks past the camera.
    moved[:, :160] = (30, 30, 160)
    assert cuts(scene, moved, scene) == [False, False, False]


def test_the_threshold_decides(scene: Image, other_scene: Image) -> None:
    shots = ShotDetector()
    shots.is_cut(scene)
    shots.is_cut(other_scene)
    for threshold, expected in ((shots.distance - 1e-3, True), (shots.distance + 1e-3, False)):
        strict = ShotDetector(threshold)
        strict.is_cut(scene)
        assert strict.is_cut(other_scene) is expected


def test_distance_goes_from_none_to_one() -> None:
    shots = ShotDetector()
    red, blue = np.zeros((2, 90, 160, 3), np.uint8)
    red[..., 2], blue[..., 0] = 200, 200
    shots.is_cut(red)
    shots.is_cut(red)
    assert shots.distance == pytest.approx(0.0, abs=1e-3)
    shots.is_cut(blue)
    assert shots.distance == pytest.approx(1.0)


def test_frames_may_change_their_size(scene: Image) -> None:
    half = np.asarray(cv2.resize(scene, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    assert cuts(scene, half, scene) == [False, False, False]


def test_frames_are_not_changed(scene: Image, other_scene: Image) -> None:
    before = scene.copy()
    cuts(scene, other_scene, scene)
    assert np.array_equal(scene, before)


def reference_distance(one: Image, other: Image) -> float:
    """The same by OpenCV's own histograms, cell by cell."""

    def histograms(image: Image) -> list[cv2.typing.MatLike]:
        small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)
        hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
        rows = np.array_split(hsv, 3, axis=0)
        cells = [cell for row in rows for cell in np.array_split(row, 4, axis=1)]
        ranges = [0, 180, 0, 256, 0, 256]
        return [cv2.calcHist([cell], [0, 1, 2], None, [8, 4, 4], ranges) for cell in cells]

    pairs = zip(histograms(one), histograms(other), strict=True)
    return float(np.mean([cv2.compareHist(a, b, cv2.HISTCMP_BHATTACHARYYA) for a, b in pairs]))


@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png", "rocket.jpg"])
@pytest.mark.parametrize(
    ("size", "tolerance"), [((640, 360), 1e-6), ((417, 999), 1e-6), ((1920, 1080), 0.02), ((2561, 900), 0.02)]
)
def test_the_distance_is_that_of_opencv(
    scene: Image, name: str, size: tuple[int, int], tolerance: float
) -> None:
    """Large pictures are halved first, which rounds twice."""
    one, other = (np.asarray(cv2.resize(image, size), np.uint8) for image in (scene, texture(name)))
    shots = ShotDetector()
    shots.is_cut(one)
    shots.is_cut(other)
    assert shots.distance == pytest.approx(reference_distance(one, other), abs=tolerance)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 1281)])
def test_pictures_of_any_shape_are_compared(shape: tuple[int, int]) -> None:
    dark, bright = np.zeros((*shape, 3), np.uint8), np.full((*shape, 3), 255, np.uint8)
    assert cuts(dark, dark, bright) == [False, False, True]
