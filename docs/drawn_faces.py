"""Faces for the pictures of the page that are nobody's: drawn, and different enough to be told apart."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

FACE_PX = 192
# Drawn larger and made smaller: lines are smooth then.
_TIMES = 3
_SKIN = ((205, 224, 246), (176, 205, 238), (140, 180, 226), (98, 140, 196), (66, 100, 156), (48, 72, 120))
_HAIR = ((30, 32, 38), (36, 56, 92), (60, 110, 170), (70, 150, 200), (40, 60, 140), (170, 172, 178))
_BEHIND = (
    (214, 190, 160),
    (170, 200, 180),
    (150, 190, 220),
    (200, 180, 210),
    (190, 205, 200),
    (180, 170, 230),
)
_CLOTHES = ((140, 90, 50), (70, 130, 90), (60, 70, 170), (60, 60, 66), (170, 120, 140), (70, 150, 190))


def draw_face(number: int, view: int = 0, *, behind: tuple[int, int, int] | None = None) -> Image:
    """Somebody's head and shoulders, BGR, `FACE_PX` square.

    Args:
        number: Who; the same number is the same face.
        view: Which picture of them: each is lit and held a little differently.
        behind: Colour of the background; else one of their own.
    """
    who, how = np.random.default_rng(100 + number), np.random.default_rng([number, view])
    skin, hair = _SKIN[number * 5 % 6], _HAIR[int(who.integers(6))]
    side = 100 * _TIMES
    image = np.full((side, side, 3), behind or _BEHIND[int(who.integers(6))], np.uint8)

    def ellipse(x: float, y: float, wide: float, high: float, colour: tuple[int, ...], *arc: float) -> None:
        start, end, thick = (*arc, 0, 360, -1)[:3] if not arc else (arc[0], arc[1], arc[2] * _TIMES)
        middle, axes = (int(x * _TIMES), int(y * _TIMES)), (int(wide * _TIMES), int(high * _TIMES))
        cv2.ellipse(image, middle, axes, 0, start, end, colour, int(thick), cv2.LINE_AA)

    width, height = 21 + who.uniform(-2, 2), 27 + who.uniform(-2, 2.5)
    style, shade = int(who.integers(4)), tuple(int(0.86 * part) for part in skin)
    if style == 0:  # long hair falls behind the shoulders
        ellipse(50, 56, width + 9, 38, hair)
    ellipse(50, 106, 40, 28, _CLOTHES[int(who.integers(6))])
    ellipse(50, 78, 9, 14, shade)
    if style != 3:
        ellipse(50, 42, width + 4, height + 1, hair)
    for x in (50 - width, 50 + width):
        ellipse(x, 54, 4, 6, shade)
    ellipse(50, 51, width, height, skin)
    if style in (0, 1):
        ellipse(50, 30, width - 1, 9, hair)
    elif style == 2:
        ellipse(43, 29, width - 4, 10, hair)
        ellipse(62, 31, 10, 8, hair)
    apart, low = 8.5 + who.uniform(-1, 1), 50 + who.uniform(-1, 1)
    for x in (50 - apart, 50 + apart):
        ellipse(x, low, 3.4, 2.6, (250, 250, 250))
        ellipse(x + how.uniform(-0.6, 0.6), low, 1.9, 1.9, (60, 44, 34))
        ellipse(x, low - 5, 4.8, 2.2, hair if style != 3 else shade, 195, 345, 1.4)
    ellipse(50, 57, 2.6, 4.5, shade, 20, 160, 1.6)
    ellipse(50, 63 + who.uniform(0, 2), 7 + who.uniform(-2, 2), 5, (84, 84, 176), 15, 165, 1.9)
    if who.random() < 0.3:  # glasses
        for x in (50 - apart, 50 + apart):
            ellipse(x, low, 6.6, 5.6, (40, 40, 40), 0, 360, 1.1)
        ellipse(50, low, apart - 6, 1.5, (40, 40, 40), 180, 360, 1.1)
    if style in (2, 3) and who.random() < 0.5:  # a beard
        ellipse(50, 66, width - 4, 13, hair, 20, 160, 4)
    turn = cv2.getRotationMatrix2D((side / 2, side * 0.6), how.uniform(-7, 7), 1 + how.uniform(0, 0.1))
    turned = cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(turned, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA)
    lit = small.astype(np.float32) * how.uniform(0.82, 1.06)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def draw_room(people: dict[int, tuple[int, int, int]], width: int = 1280, height: int = 720) -> Image:
    """What a camera may see: people in a hall.

    Args:
        people: Who, and where: left and top of their picture and its side, px.
        width: Of the picture, px.
        height: Of it.
    """
    wall = np.linspace(190, 224, height, dtype=np.float32)[:, None, None] * np.ones((1, width, 3), np.float32)
    room = (wall * np.array([0.98, 0.97, 0.93], np.float32)).astype(np.uint8)
    cv2.rectangle(room, (0, int(height * 0.78)), (width, height), (128, 140, 150), -1)
    for left in range(int(width * 0.06), width, int(width * 0.3)):
        top, right, bottom = int(height * 0.1), left + int(width * 0.17), int(height * 0.78)
        cv2.rectangle(room, (left, top), (right, bottom), (206, 196, 178), -1)
        cv2.rectangle(room, (left, top), (right, bottom), (150, 150, 150), 5, cv2.LINE_AA)
    for number, (left, top, side) in people.items():
        key = (1, 255, 2)
        face = cv2.resize(draw_face(number, 9, behind=key), (side, side), interpolation=cv2.INTER_AREA)
        blue, green, red = (face[..., k].astype(int) for k in range(3))
        kept = ~((green - np.maximum(blue, red)) > 24)
        body = room[top + side - 8 :, left + side // 8 : left + side - side // 8]
        row = face[-6, side // 2]
        body[:] = row
        place = room[top : top + side, left : left + side]
        place[kept] = face[kept]
    return room
