"""Real pictures that installed packages carry, found without importing the packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

# Corner points of the faces of GROUP, from left to right: (left, top, right, bottom), px, drawn by hand.
GROUP_BOXES = np.array(
    [
        [52, 266, 168, 396],
        [268, 147, 370, 266],
        [464, 262, 572, 410],
        [742, 342, 841, 475],
        [904, 62, 1010, 200],
        [1132, 276, 1226, 398],
    ],
    np.float32,
)


def package_file(package: str, relative: str) -> Path:
    """A file inside an installed package."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / relative


def read_picture(package: str, relative: str) -> Image:
    """A picture as BGR."""
    image = cv2.imread(str(package_file(package, relative)))
    assert image is not None
    return np.asarray(image, np.uint8)


def group() -> Image:
    """Six people, 1280x886."""
    return read_picture("insightface", "data/images/t1.jpg")


def astronaut() -> Image:
    """One woman, 512x512."""
    return read_picture("skimage", "data/astronaut.png")


def texture(name: str) -> Image:
    """A picture without people from scikit-image."""
    return read_picture("skimage", f"data/{name}")
