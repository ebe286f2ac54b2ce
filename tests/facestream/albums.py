"""Photos of people who are known: a folder for each, with several views."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facestream.demo_video import ASTRONAUT, GROUP

PEOPLE, VIEWS = 7, 3


def album(folder: Path) -> Path:
    """NAME/0.jpg to NAME/2.jpg of seven people: as they are, darker and half as large, and blurred."""
    for photo in (GROUP, ASTRONAUT):
        image = cv2.imdecode(np.fromfile(photo.path(), np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        for name, (left, top, right, bottom) in photo.faces.items():
            side = round(max(right - left, bottom - top))
            x, y = round((left + right) / 2), round((top + bottom) / 2)
            cut = image[max(y - side, 0) : y + side, max(x - side, 0) : x + side]
            views = (
                cut,
                cv2.convertScaleAbs(cv2.resize(cut, None, fx=0.5, fy=0.5), alpha=0.8),
                cv2.GaussianBlur(cut, (0, 0), 1.5),
            )
            (folder / name).mkdir(parents=True)
            for number, view in enumerate(views):
                cv2.imwrite(str(folder / name / f"{number}.jpg"), view)
    return folder
