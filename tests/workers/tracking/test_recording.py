from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.tracking.recording import RecordingGate

Image = npt.NDArray[np.uint8]

FPS = 5.0


def picture(level: int = 90, *, person: bool = False) -> Image:
    image = np.full((180, 320, 3), level, np.uint8)
    if person:
        image[60:120, 100:130] = 220
    return image


def test_an_empty_scene_is_looked_at_every_other_second() -> None:
    gate = RecordingGate()
    wanted = [gate.wants(picture(), k / FPS, faces_live=False) for k in range(round(30 * FPS))]
    assert wanted[0]
    assert sum(wanted) == 15


def test_whoever_comes_is_looked_for_at_once() -> None:
    gate = RecordingGate()
    for k in range(20):
        gate.wants(picture(), k / FPS, faces_live=False)
    assert gate.wants(picture(person=True), 4.0, faces_live=False)
    assert gate.searches


def test_every_frame_is_looked_at_while_somebody_is_followed_and_searched_when_something_moves() -> None:
    gate = RecordingGate()
    searches = 0
    for k in range(50):
        assert gate.wants(picture(), k / FPS, faces_live=True)
        searches += gate.searches
    assert searches == 5
    assert gate.wants(picture(person=True), 10.0, faces_live=True)
    assert gate.searches
