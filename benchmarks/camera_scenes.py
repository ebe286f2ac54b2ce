"""What the cameras of benchmarks show, and what is known of it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from facestream.demo_video import ASTRONAUT, GROUP, make_video
from facestream.wiring import make_pack
from stream.video import VideoFile
from workers.face_worker_settings import FaceWorkerSettings
from workers.models.pack import Pack

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import H264Film, painted_film

Image = npt.NDArray[np.uint8]

_KEYFRAME_S = 2.0
# How long somebody takes from the edge to the middle of the picture.
_ENTERS_S = 0.8
_GOOD = 3
_GRAIN_LEVELS = 2.0
_GRAINS = 8


@dataclass(frozen=True)
class Clip:
    """A video to be shown.

    Attributes:
        path: The file.
        people: Who is in it; people of one name are one person.
    """

    path: Path
    people: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """What one camera shows.

    Attributes:
        clip: Where it is from.
        film: The film that is looped.
        third_good: Place in the film of the third good picture of a face, where one picture in
            `1 / look_fps` seconds is captured, at the earliest; None if there are fewer.
    """

    clip: Clip
    film: H264Film
    third_good: int | None


def clips_in(folder: Path | None, count: int) -> list[Clip]:
    """So many clips: `clips/heads/*.mp4` in turn, one person each; without a folder, the demo's video."""
    if folder is None:
        demo = Clip(
            make_video(Path.home() / ".cache" / "facestream-benchmarks"), (*GROUP.faces, *ASTRONAUT.faces)
        )
        return [demo] * count
    paths = sorted((folder / "clips" / "heads").glob("*.mp4"))
    if not paths:
        sys.exit(f"no clips/heads/*.mp4 in {folder}")
    clips = [Clip(path, (path.stem,)) for path in paths]
    return [clips[number % len(clips)] for number in range(count)]


def scene(
    clip: Clip, pack: Pack, *, size: tuple[int, int] | None, fps: float | None, away_s: float, look_fps: float
) -> Scene:
    """What a camera shows.

    Args:
        clip: The video.
        pack: Judges which pictures of a face are good.
        size: Width and height, px, or None for those of the video.
        fps: Pictures per second, or None for those of the video.
        away_s: How long nobody is there in each loop, s. Then people enter from the left and leave likewise.
        look_fps: How many pictures a second are captured at most.
    """
    rate = round(min(fps or np.inf, fps_of(clip.path)))
    search = GoodFaces(pack, rate, look_fps)
    images = (search.take(image) for image in pictures(clip.path, size, rate, away_s))
    first = next(images)
    film = painted_film(
        size=(first.shape[1], first.shape[0]),
        fps=rate,
        keyframe_every=round(_KEYFRAME_S * rate),
        images=after(first, images),
    )
    return Scene(clip, film, search.third)


def scenes_of(
    folder: Path | None,
    count: int,
    *,
    look_fps: float,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    away_s: float = 0.0,
) -> list[Scene]:
    """What so many cameras show, see `clips_in` and `scene`; each clip is made once.

    Args:
        folder: Labelled data; None: FACESTREAM_TEST_DATA, and where that isn't set the demo's video.
        count: Number of cameras.
        look_fps: How many pictures a second are captured at most.
        size: Width and height, px, or None for those of the video.
        fps: Pictures per second, or None for those of the video.
        away_s: How long nobody is there in each loop, s.
    """
    given = os.environ.get("FACESTREAM_TEST_DATA")
    clips = clips_in(folder or (Path(given) if given else None), count)
    pack = make_pack("open", device="cpu")
    made = {
        clip: scene(clip, pack, size=size, fps=fps, away_s=away_s, look_fps=look_fps)
        for clip in dict.fromkeys(clips)
    }
    return [made[clip] for clip in clips]


class GoodFaces:
    """Looks for the third good picture of a face among pictures that come one after the other.

    Attributes:
        third: Its place, once it came.

    Args:
        pack: Judges.
        fps: Pictures per second.
        look_fps: How many of them are captured at most.
    """

    def __init__(self, pack: Pack, fps: float, look_fps: float) -> None:
        self.third: int | None = None
        self._pack, self._period = pack, max(fps / look_fps, 1.0)
        self._place, self._good = -1, 0
        self._next = 0.0

    def take(self, image: Image) -> Image:
        """Look at the next picture; gives it back."""
        self._place += 1
        if self.third is None and self._place >= self._next and self._is_good(image):
            self._good += 1
            self._next = self._place + self._period
            if self._good == _GOOD:
                self.third = self._place
        return image

    def _is_good(self, image: Image) -> bool:
        least_px = FaceWorkerSettings().min_face(*image.shape[:2])
        found = self._pack.detector.detect([image], least_px)[0]
        return any(face.score >= self._pack.manifest.detector.sure_score for face in found)


def pictures(path: Path, size: tuple[int, int] | None, fps: float, away_s: float) -> Iterator[Image]:
    """Pictures of one loop, uint8 (H, W, 3)."""
    frames = [frame.image_bgr for frame in VideoFile(path, "clip", fps=fps).frames(threading.Event())]
    if size is None and not away_s:
        yield from frames
        return
    width, height = size or frames[0].shape[1::-1]
    background, grain = wall(width, height), Grain(width, height)
    for _ in range(round(away_s * fps)):
        yield grain.over(background)
    enters = max(round(_ENTERS_S * fps), 1)
    for number, frame in enumerate(frames):
        scale = min(width / frame.shape[1], height / frame.shape[0])
        shown = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shown = shown[:height, :width]
        middle = (width - shown.shape[1]) // 2
        out = max(1 - number / enters, 1 - (len(frames) - 1 - number) / enters, 0.0) if away_s else 0.0
        left = round(middle - out * (middle + shown.shape[1]))
        image = background.copy()
        top = (height - shown.shape[0]) // 2
        visible = shown[:, max(-left, 0) :]
        image[top : top + len(shown), max(left, 0) : max(left, 0) + visible.shape[1]] = visible
        yield grain.over(image)


def wall(width_px: int, height_px: int) -> Image:
    """An uneven wall without anybody, uint8 (H, W, 3)."""
    coarse = np.random.default_rng(1).uniform(90, 160, (9, 16, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth, 0, 255), np.uint8)


class Grain:
    """The noise of a sensor: a few fields in turn, so that it costs little.

    Args:
        width_px: Width of the pictures.
        height_px: Height of the pictures.
        levels: Standard deviation, of 255.
    """

    def __init__(self, width_px: int, height_px: int, levels: float = _GRAIN_LEVELS) -> None:
        chance = np.random.default_rng(2)
        shape = (_GRAINS, height_px, width_px, 1)
        self._fields = np.rint(chance.standard_normal(shape, np.float32) * levels).astype(np.int16)
        self._number = 0

    def over(self, image: Image) -> Image:
        """A picture with the next noise."""
        self._number += 1
        return np.asarray(np.clip(image + self._fields[self._number % _GRAINS], 0, 255), np.uint8)


def fps_of(path: Path) -> float:
    """Pictures per second of a video."""
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate or 25)


def after(first: Image, rest: Iterator[Image]) -> Iterator[Image]:
    """Put the first picture back in front of the others."""
    yield first
    yield from rest
