from __future__ import annotations

import cv2
import numpy as np
import pytest

from storage.remote_frame import RemoteFrame, RemotePackets
from workers.remote_pictures import BLIND_S, RemotePictures


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


def packed(sequence: int, *data: bytes, keyframes: tuple[int, ...] = ()) -> RemoteFrame:
    """A frame that comes as its camera encoded it."""
    packets = RemotePackets("mjpeg", b"", data, keyframes)
    return RemoteFrame("c-door", sequence, sequence / 5, 1000.0 + sequence / 5, "r", sequence, b"", packets)


def jpeg(grey: int) -> bytes:
    return cv2.imencode(".jpg", np.full((64, 64, 3), grey, np.uint8))[1].tobytes()


def test_packets_that_give_no_picture_show_none_of_before() -> None:
    pictures = RemotePictures()
    pictures.take(packed(0, jpeg(90), keyframes=(0,)), follows=False)
    assert shown(pictures) == 90
    pictures.take(packed(1, b"no picture"), follows=True)
    assert shown(pictures) is None
    assert pictures.corrupt == 1
    pictures.take(packed(2, b"no picture", jpeg(200)), follows=True)
    assert shown(pictures) == 200


def test_a_decoder_that_gives_no_picture_any_more_is_replaced_at_a_keyframe() -> None:
    pictures = RemotePictures()
    pictures.take(packed(0, jpeg(90), keyframes=(0,)), follows=False)
    for sequence in range(1, 50):
        pictures.take(packed(sequence, b"no picture"), follows=True)
    assert pictures.blind_s == pytest.approx(48 / 5)
    assert not pictures.lacks_packets
    for sequence in range(50, 53):
        pictures.take(packed(sequence, b"no picture"), follows=True)
    # It is known still, and told, while a keyframe is waited for.
    assert pictures.lacks_packets
    assert pictures.blind_s >= BLIND_S
    pictures.take(packed(53, b"no picture", jpeg(200), keyframes=(1,)), follows=True)
    assert (shown(pictures), pictures.blind_s) == (200, 0.0)
