"""What is read of videos whose frames carry their own number."""

import threading

from painted_video import read_number

from stream.frame import Frame
from stream.video import VideoFile


def frames_of(video: VideoFile) -> list[Frame]:
    return list(video.frames(threading.Event()))


def numbers_of(frames: list[Frame]) -> list[int]:
    return [read_number(frame.image_bgr) for frame in frames]
