from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workers.faces.alignment import align
from workers.faces.miniature import miniature
from workers.faces.quality import sharpness
from workers.models.detection import Detection
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def face(open_pack: Pack, astronaut_image: Image) -> Detection:
    return open_pack.detector.detect([astronaut_image], 40)[0][0]


def chip(pack: Pack, image: Image, face: Detection, size_px: float, seed: int = 0) -> Image:
    return miniature(image, face, size_px, pack.embedder, np.random.default_rng(seed))


def test_the_smaller_the_face_the_less_of_it_is_left(
    open_pack: Pack, astronaut_image: Image, face: Detection
) -> None:
    found = [sharpness(chip(open_pack, astronaut_image, face, size_px)) for size_px in (14, 36, 90)]
    assert found == sorted(found)
    assert found[0] < found[2] / 2


def test_a_face_that_is_no_larger_stays_as_it_is(
    open_pack: Pack, astronaut_image: Image, face: Detection
) -> None:
    embedder = open_pack.embedder
    untouched = align(astronaut_image, face.landmarks, embedder.template, embedder.input_px)
    assert (chip(open_pack, astronaut_image, face, 1000) == untouched).all()


def test_it_is_still_the_same_person(open_pack: Pack, astronaut_image: Image, face: Detection) -> None:
    embedder = open_pack.embedder
    large, small = embedder.embed([chip(open_pack, astronaut_image, face, px) for px in (1000, 60)])
    assert large @ small > open_pack.calibration.genuine[-1, -1] - 2 * open_pack.calibration.spread[-1, -1]


def test_lots_drawn_alike_give_the_same_picture(
    open_pack: Pack, astronaut_image: Image, face: Detection
) -> None:
    one, again, other = (chip(open_pack, astronaut_image, face, 30, seed) for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one != other).any()
