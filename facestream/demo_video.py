"""The demo's video, made from photographs that ship inside dependencies, and what is known to be in it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facestream.errors import FacestreamError
from stream.video_writer import VideoWriter

WIDTH_PX, HEIGHT_PX, FPS = 640, 360, 25
# A new scene list needs a new name: the file is known by its content.
FILE_NAME = "demo-1.mp4"

Box = tuple[float, float, float, float]

# A face counts as there when so much of its box is in the picture.
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph and the faces in it.

    Attributes:
        package: The installed package that ships it.
        file: Its path in the package.
        faces: Face boxes by name, (left, top, right, bottom), px.
    """

    package: str
    file: str
    faces: dict[str, Box]

    def path(self) -> Path:
        """Where the photograph lies.

        Raises:
            FacestreamError: If the package or the file is missing.
        """
        found = importlib.util.find_spec(self.package)
        for folder in (found.submodule_search_locations or []) if found else []:
            path = Path(folder) / self.file
            if path.is_file():
                return path
        raise FacestreamError(
            f"the photograph {self.file} of the package {self.package} is missing. Install it again: "
            f"pip install --force-reinstall {self.package.replace('skimage', 'scikit-image')}"
        )


GROUP = Photo(
    "insightface",
    "data/images/t1.jpg",
    {
        "group, 1st from left": (51, 266, 167, 395),
        "group, 2nd from left": (269, 149, 367, 267),
        "group, 3rd from left": (465, 263, 571, 409),
        "group, 4th from left": (744, 344, 841, 475),
        "group, 5th from left": (903, 64, 1010, 203),
        "group, 6th from left": (1133, 276, 1226, 397),
    },
)
ASTRONAUT = Photo("skimage", "data/astronaut.png", {"astronaut": (181, 62, 267, 173)})


@dataclass(frozen=True, slots=True)
class Shot:
    """A camera move over a photograph.

    Attributes:
        photo: The photograph, or None for a dark stretch.
        seconds: Length, s.
        start: Centre x, centre y and width of the picture's part that is shown at first, px.
        end: The same at the end.
        gain: Brightness at the start and at the end.
    """

    photo: Photo | None
    seconds: float
    start: tuple[float, float, float] = (0, 0, 1)
    end: tuple[float, float, float] = (0, 0, 1)
    gain: tuple[float, float] = (1.0, 1.0)


SHOTS = (
    Shot(ASTRONAUT, 2.4, (235, 150, 480), (225, 125, 330)),
    Shot(GROUP, 4.0, (330, 300, 640), (950, 300, 640)),
    Shot(GROUP, 2.0, (956, 150, 330), (956, 140, 260)),
    Shot(None, 1.6),
    Shot(GROUP, 2.4, (215, 282, 426), (217, 278, 434), (0.7, 1.1)),
    Shot(ASTRONAUT, 2.4, (220, 130, 300), (230, 140, 420), (0.55, 0.9)),
    Shot(GROUP, 2.0, (795, 400, 300), (790, 395, 360), (1.25, 1.0)),
    Shot(GROUP, 3.0, (640, 400, 1270), (640, 385, 1200)),
    Shot(GROUP, 2.0, (520, 330, 330), (520, 340, 280), (1.0, 0.75)),
    Shot(GROUP, 2.0, (1130, 320, 290), (1120, 320, 280)),
    Shot(ASTRONAUT, 1.6, (240, 150, 400), (200, 120, 360)),
)


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A face that is known to be in a frame.

    Attributes:
        name: Who.
        frame: Frame number, from 0.
        box_xyxy: Where, px.
    """

    name: str
    frame: int
    box_xyxy: Box


def known_faces(shots: Sequence[Shot] = SHOTS) -> list[KnownFace]:
    """Every face of which most is in the picture, frame by frame.

    Args:
        shots: The camera moves of the video, one after the other.
    """
    result = []
    for number, (shot, view, _) in enumerate(_frames(shots)):
        for name, box in (shot.photo.faces if shot.photo else {}).items():
            corners = np.array(box, float).reshape(2, 2) @ view[:, :2].T + view[:, 2]
            x1, y1, x2, y2 = corners.ravel().tolist()
            inside = (min(x2, WIDTH_PX) - max(x1, 0)) * (min(y2, HEIGHT_PX) - max(y1, 0))
            if x2 > 0 and y2 > 0 and inside >= _HALF * (x2 - x1) * (y2 - y1):
                result.append(KnownFace(name, number, (x1, y1, x2, y2)))
    return result


def make_video(folder: Path) -> Path:
    """Make the demo's video in a folder, unless it is there already.

    Args:
        folder: Where to write it; made if it isn't there.

    Returns:
        The file.

    Raises:
        FacestreamError: If a photograph is missing.
    """
    path = folder / FILE_NAME
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_shots(path, SHOTS)
    return path


def write_shots(path: Path, shots: Sequence[Shot]) -> None:
    """Write a video of camera moves, with some grain.

    Args:
        path: Where to write it; its folder must exist.
        shots: The camera moves, one after the other.

    Raises:
        FacestreamError: If a photograph is missing.
    """
    pictures: dict[str, npt.NDArray[np.uint8]] = {}
    for photo in (GROUP, ASTRONAUT):
        data = np.fromfile(photo.path(), np.uint8)
        pictures[photo.file] = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    noise = np.random.default_rng(1)
    with VideoWriter(path, WIDTH_PX, HEIGHT_PX, FPS) as writer:
        for shot, view, gain in _frames(shots):
            if shot.photo is None:
                image = np.full((HEIGHT_PX, WIDTH_PX, 3), 12.0, np.float32)
            else:
                picture = cv2.warpAffine(
                    pictures[shot.photo.file], view, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR
                )
                image = picture.astype(np.float32)
            grain = cv2.resize(noise.normal(0, 2, (HEIGHT_PX // 2, WIDTH_PX // 2)), (WIDTH_PX, HEIGHT_PX))
            image *= np.float32(gain)
            # By OpenCV: NumPy takes four times as long for one grey value beside three colours.
            frame = cv2.add(image, cv2.cvtColor(grain.astype(np.float32), cv2.COLOR_GRAY2BGR))
            writer.write(np.clip(frame, 0, 255).astype(np.uint8))


def _frames(shots: Sequence[Shot]) -> Iterator[tuple[Shot, npt.NDArray[np.float64], float]]:
    """Each frame's shot, the transform from photograph to frame (2, 3), and the brightness."""
    for shot in shots:
        count = round(shot.seconds * FPS)
        for k in range(count):
            # Eased: a camera starts and stops softly.
            t = k / max(count - 1, 1)
            t = t * t * (3 - 2 * t)
            x, y, width = np.array(shot.start) * (1 - t) + np.array(shot.end) * t
            scale = WIDTH_PX / width
            view = np.array(
                [[scale, 0, WIDTH_PX / 2 - scale * x], [0, scale, HEIGHT_PX / 2 - scale * y]], np.float64
            )
            yield shot, view, shot.gain[0] * (1 - t) + shot.gain[1] * t
