from __future__ import annotations

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from facestream.drawing.colours import NOBODY, PALETTE, ClusterColours
from facestream.drawing.face_tiles import FaceTiles
from facestream.drawing.place import Place
from workers.clustering.grouping import Algorithm, Grouping
from workers.models.calibration import normalised

_, _JPEG = cv2.imencode(".jpg", np.full((30, 40, 3), 90, np.uint8))
PICTURE = _JPEG.tobytes()
# On a quarter of a circle; the last one is of nobody.
VECTORS = normalised(np.array([[1, 0], [1, 0.2], [1, 0.5], [0, 1], [0.3, 1]], np.float32))
LABELS = np.array([0, 0, 0, 1, -1])


def tiles(pictures: tuple[bytes | None, ...] = (PICTURE,) * 5, centres: tuple[int, ...] = ()) -> FaceTiles:
    grouping = Grouping(Algorithm.KMEDOIDS, {}, LABELS, centres=np.array(centres, np.intp))
    colours = ClusterColours(LABELS, np.arange(5), VECTORS.astype(float))
    return FaceTiles(grouping, VECTORS, pictures, colours)


def test_the_most_central_face_stands_for_a_cluster() -> None:
    assert tiles().face_of(0) == 1
    assert tiles().face_of(1) == 3


def test_a_medoid_stands_for_its_cluster() -> None:
    assert tiles(centres=(2, 3)).face_of(0) == 2


def test_a_face_without_a_picture_stands_for_a_cluster_only_where_none_has_one() -> None:
    assert tiles((PICTURE, None, PICTURE, None, None)).face_of(0) in (0, 2)
    assert tiles((None,) * 5).face_of(0) == 1


@pytest.mark.parametrize(
    ("item", "count", "colour", "said"),
    [(0, 1, PALETTE[0], ["1"]), (3, 1200, PALETTE[1], ["2", "×1,200"]), (4, 1, NOBODY, [])],
)
def test_a_face_is_framed_in_the_colour_of_its_cluster(
    item: int, count: int, colour: str, said: list[str]
) -> None:
    axes = Place(0, 0, 4, 4).canvas(Figure(figsize=(4, 4)))
    tiles().draw(axes, item, (2.0, 1.0), 0.5, count=count)
    (image,) = axes.images
    assert list(image.get_extent()) == [1.75, 2.25, 0.75, 1.25]
    (frame,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert to_hex(frame.get_edgecolor()) == colour
    assert [text.get_text() for text in axes.texts] == said


def test_very_small_faces_carry_no_words() -> None:
    axes = Place(0, 0, 4, 4).canvas(Figure(figsize=(4, 4)))
    tiles().draw(axes, 0, (2.0, 1.0), 0.2, count=7)
    assert len(axes.images) == 1
    assert not axes.texts


@pytest.mark.parametrize("picture", [None, b"", b"no picture", PICTURE[:200]])
def test_a_face_whose_picture_is_missing_or_damaged_is_an_empty_frame(picture: bytes | None) -> None:
    axes = Place(0, 0, 4, 4).canvas(Figure(figsize=(4, 4)))
    tiles((picture,) * 5).draw(axes, 0, (2.0, 1.0), 0.5)
    assert not axes.images
    assert [text.get_text() for text in axes.texts] == ["1"]
