"""Small videos of people who are known, and photos of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import av
from PIL import ExifTags, Image

from facestream.demo_video import ASTRONAUT, FPS, GROUP, Shot, write_shots

# One face in each, so that a frame number says who it is.
ASTRONAUT_SHOT = Shot(ASTRONAUT, 1.6, (235, 150, 480), (225, 125, 330))
FIFTH_SHOT = Shot(GROUP, 1.6, (956, 150, 330), (956, 140, 260))

DUO = (ASTRONAUT_SHOT, FIFTH_SHOT)
# The same two in other pictures, the other one first.
AGAIN = (
    Shot(GROUP, 1.6, (950, 150, 290), (956, 150, 330), (1.0, 0.85)),
    Shot(ASTRONAUT, 1.6, (220, 130, 300), (230, 140, 420), (0.8, 1.0)),
)
# Four people, some of them twice, and a dark moment.
LONG = (
    Shot(ASTRONAUT, 2.4, (235, 150, 480), (225, 125, 330)),
    Shot(GROUP, 2.4, (215, 282, 426), (217, 278, 434), (0.8, 1.1)),
    Shot(GROUP, 2.0, (956, 150, 330), (956, 140, 260)),
    Shot(None, 0.6),
    Shot(ASTRONAUT, 2.4, (220, 130, 300), (230, 140, 420), (0.7, 0.9)),
    Shot(GROUP, 2.4, (217, 278, 434), (215, 284, 420)),
)
# All seven, six of them at once, and two of them twice.
SEVEN = (ASTRONAUT_SHOT, Shot(GROUP, 2.0, (640, 400, 1270), (640, 385, 1200)), Shot(None, 0.6), *DUO)
DARK = (Shot(None, 1.0),)

SECONDS = sum(shot.seconds for shot in DUO)


def sampled_frames(seconds: float = SECONDS, fps: int = 5) -> list[int]:
    """Numbers of the frames that a run looks at, where the rates divide."""
    return list(range(0, round(seconds * FPS), FPS // fps))


def video(folder: Path, name: str, shots: Sequence[Shot]) -> Path:
    path = folder / name
    write_shots(path, shots)
    return path


def remux(source: Path, target: Path) -> None:
    """Put the pictures of a video into another container as they are."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)


def repeat(source: Path, target: Path, times: int) -> Path:
    """A longer video, made much quicker than by drawing it: the pictures of another one again and again."""
    with av.open(str(target), "w") as new:
        stream = None
        for turn in range(times):
            with av.open(str(source)) as old:
                video = old.streams.video[0]
                stream = stream or new.add_stream_from_template(video)
                for packet in old.demux(video):
                    if packet.dts is not None and packet.pts is not None:
                        packet.pts += turn * (video.duration or 0)
                        packet.dts += turn * (video.duration or 0)
                        packet.stream = stream
                        new.mux(packet)
    return target


def photos(folder: Path) -> Path:
    """A folder of photos: the group, and the astronaut as a camera on its side would have stored her."""
    folder.mkdir()
    shutil.copy(GROUP.path(), folder / "group.jpg")
    exif = Image.Exif()
    # To be turned clockwise by 90 degrees when shown.
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.DateTimeOriginal: "2024:05:01 10:00:00", ExifTags.Base.OffsetTimeOriginal: "+02:00"}
    )
    with Image.open(ASTRONAUT.path()) as upright:
        on_its_side = upright.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    on_its_side.save(folder / "astronaut.jpg", exif=exif, quality=95)
    return folder
