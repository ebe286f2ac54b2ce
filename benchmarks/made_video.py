"""Videos that are made up: a room in which nothing happens, and a moving picture of nobody."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facestream.demo_video import Photo
from stream.video_writer import VideoWriter

WIDTH_PX, HEIGHT_PX = 1920, 1080
_NOISE = 1.5
# Constant rate factor of H.264: cameras save on a scene in which nothing happens.
_QUALITY = 30
# Noise is made once and moved about: making it anew for each frame would take longer than all else.
_MARGIN_PX = 64
# A cup of coffee.
NOBODY = Photo("skimage", "data/coffee.png", {})
# How far the moving picture goes in a second, px.
_SPEED_PX = 120.0
_ZOOM = 1.6


def write_room(path: Path, seconds: float, fps: int, face: Path | None) -> None:
    """A video of 1080p of a room in which nothing happens, with the noise of a sensor.

    Args:
        path: Where it is written.
        seconds: How long it is.
        fps: Frames per second.
        face: A picture to hang on the wall.
    """
    random = np.random.default_rng(1)
    small = random.integers(40, 170, (9, 16, 3)).astype(np.uint8)
    room = cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    if face is not None:
        picture = cv2.imread(str(face))
        if picture is None:
            raise SystemExit(f"{face}: no picture that can be read")
        room[200:600, 800:1200] = cv2.resize(picture, (400, 400), interpolation=cv2.INTER_AREA)
    noise = random.normal(0, _NOISE, (HEIGHT_PX + _MARGIN_PX, WIDTH_PX + _MARGIN_PX, 1)).astype(np.float32)
    with VideoWriter(path, WIDTH_PX, HEIGHT_PX, fps, _QUALITY) as writer:
        for _ in range(round(seconds * fps)):
            y, x = random.integers(0, _MARGIN_PX, 2)
            frame = room + noise[y : y + HEIGHT_PX, x : x + WIDTH_PX]
            writer.write(np.clip(frame, 0, 255).astype(np.uint8))


def write_moving(path: Path, seconds: float, fps: int, size_px: tuple[int, int]) -> None:
    """A video in which all of the picture moves, all the time, and nobody is in it.

    Args:
        path: Where it is written.
        seconds: How long it is.
        fps: Frames per second.
        size_px: Width and height.
    """
    width_px, height_px = size_px
    image = cv2.imread(str(NOBODY.path()))
    if image is None:
        raise SystemExit(f"{NOBODY.path()}: no picture that can be read")
    scale = _ZOOM * max(width_px / image.shape[1], height_px / image.shape[0])
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    room_px = np.array([large.shape[1] - width_px, large.shape[0] - height_px])
    with VideoWriter(path, width_px, height_px, fps) as writer:
        for k in range(round(seconds * fps)):
            # To and fro, in both directions, at speeds that don't meet again soon.
            gone_px = np.array([1.0, 0.6]) * _SPEED_PX * k / fps
            x, y = (room_px - np.abs(gone_px % (2 * room_px) - room_px)).astype(int)
            writer.write(np.ascontiguousarray(large[y : y + height_px, x : x + width_px]))
