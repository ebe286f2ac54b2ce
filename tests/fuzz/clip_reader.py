"""Reads damaged copies of small clips, in a process of its own: `python clip_reader.py FOLDER FIRST END`.

Prints a line of JSON for each: how many frames, what was refused, seconds, and the most memory so far.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import threading
import time
from pathlib import Path

from stream.errors import StreamError
from stream.video import VideoFile

_SIZES = (1, 2, 4, 16, 188, 1000, 8000)


def damaged(whole: bytes, number: int) -> bytes:
    """A copy with bits flipped, parts left out or in one another's place, or sizes overwritten."""
    chance = random.Random(number)
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        # Of what is left.
        length = max(len(data), 1)
        size = min(chance.choice(_SIZES), length)
        # Headers are a small part, and the one in which most can go wrong.
        start = chance.randrange(length if chance.random() < 0.5 else min(length, 600))
        other = chance.randrange(length)
        match chance.randrange(6):
            case 0 | 1:
                data[start : start + 1] = bytes(
                    [(data[start : start + 1] or b"\0")[0] ^ 1 << chance.randrange(8)]
                )
            case 2:
                if chance.random() < 0.2:
                    del data[max(start, length // 4) :]
            case 3:
                del data[start : start + size]
            case 4:
                one, two = bytes(data[start : start + size]), bytes(data[other : other + size])
                data[start : start + size], data[other : other + size] = two, one
            case _:
                data[start : start + 4] = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)).to_bytes(
                    4
                )
    return bytes(data)


def read(path: Path) -> tuple[int, str]:
    """How many frames were read, and why no more were."""
    frames = 0
    try:
        for frame in VideoFile(path, "v-1", fps=None).frames(threading.Event()):
            assert frame.image_bgr.ndim == 3
            frames += 1
    except StreamError as error:
        return frames, type(error).__name__
    return frames, ""


def peak_mb() -> int:
    """The most memory that this process has had so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        # On Linux `ru_maxrss` begins with that of the process that started this one.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20


def main(folder: Path, first: int, end: int) -> None:
    """Damage clips and read them."""
    clips = sorted(folder.glob("whole.*"))
    for number in range(first, end):
        clip = clips[number % len(clips)]
        path = folder / f"damaged{clip.suffix}"
        path.write_bytes(damaged(clip.read_bytes(), number))
        began_s = time.monotonic()
        frames, refused = read(path)
        told = {
            "number": number,
            "clip": clip.name,
            "frames": frames,
            "refused": refused,
            "seconds": round(time.monotonic() - began_s, 3),
            "peak_mb": peak_mb(),
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
