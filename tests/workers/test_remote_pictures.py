from __future__ import annotations

import cv2
import numpy as np

from storage.remote_frame import RemoteFrame
from workers.remote_pictures import RemotePictures


def frame(sequence: int, grey: int | None = None) -> RemoteFrame:
    """A frame with a picture, or one that repeats the one before."""
    jpeg = b"" if grey is None else cv2.imencode(".jpg", np.full((8, 8, 3), grey, np.uint8))[1].tobytes()
    return RemoteFrame("c-door", sequence, sequence / 5, 1000.0 + sequence / 5, "r", sequence, jpeg)


def shown(pictures: RemotePictures) -> int | None:
    image = pictures.image_bgr()
    return None if image is None else int(image[0, 0, 0])


def test_a_frame_in_which_nothing_changed_shows_the_picture_before() -> None:
    pictures = RemotePictures()
    pictures.take(frame(0, 90), follows=False)
    pictures.take(frame(1), follows=True)
    assert shown(pictures) == 90


def test_where_a_frame_is_missing_nobody_knows_which_picture_is_repeated() -> None:
    pictures = RemotePictures()
    pictures.take(frame(0, 90), follows=False)
    assert shown(pictures) == 90
    # The one with another picture was dropped.
    pictures.take(frame(2), follows=False)
    assert shown(pictures) is None
    pictures.take(frame(3), follows=True)
    assert shown(pictures) is None
    pictures.take(frame(4, 200), follows=True)
    assert shown(pictures) == 200
