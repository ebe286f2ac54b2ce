"""What a camera costs that a reader on another box sends to a worker: as JPEG, and as the camera encodes it.

    python benchmarks/remote.py CLIP... [--seconds 20] [--fps 5]

The camera is an RTSP server in a process of its own, which shows a clip over and over, as it is encoded in
its file. `facestream reader` sends it through a Redis server of this run, and this process takes the frames
as a worker would, without models. Beside it stands a worker that connects to the camera itself, which takes
no reader. Counted is processor time after a warm-up: of the reader's process, and of this one; and what Redis
receives.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from benchmark_script import run_script
from camera_servers import cpu_of, scripted_cameras
from figure import Figure
from markdown_table import markdown_table
from result import Result, add_json_option
from watched import KEPT

from facestream.cameras.camera_book import CameraBook
from facestream.cameras.camera_wish import CameraWish
from facestream.configuration.settings import Place
from facestream.watch.remote_wiring import make_frame_streams, make_remote_cameras
from facestream.wiring import keys_of, make_camera_store, open_folder, open_handle
from storage.connection import RedisHandle
from stream.camera_url import CameraUrl
from stream.frame import Frame
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_source import LiveSource
from workers.remote_source import RemoteSource

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import film_of

_WARM_S = 5.0
_BEGINS_S = 60.0
_ENDS_S = 30.0
_NAME = "door"
_TELL_EVERY_S = 2.0

Take = Callable[[], Frame | None]


def taken(take: Take, tell: Callable[[float], None], seconds: float) -> int:
    """Take frames for so long, as a worker does; returns how many there were."""
    end_s, tell_s, count = time.monotonic() + seconds, 0.0, 0
    while (now_s := time.monotonic()) < end_s:
        frame = take()
        if frame is None:
            time.sleep(0.02)
            continue
        count += 1
        if now_s >= tell_s:
            tell(frame.media_s)
            tell_s = now_s + _TELL_EVERY_S
    return count


@contextmanager
def reader(place: Place, form: str) -> Iterator[psutil.Process]:
    """A `facestream reader` of the camera."""
    line = [sys.executable, "-m", "facestream", "reader", _NAME, "--remote", "--send", form, "--quiet"]
    options = ["--redis", str(place.redis_url), "--collection", place.collection]
    options += ["--data-dir", str(place.data_dir)]
    process = subprocess.Popen([*line, *options], env=os.environ | KEPT)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(_ENDS_S)


def sent(server: RedisHandle, place: Place, form: str, seconds: float, fps: float) -> dict[str, Any]:
    """Take frames that a reader sends."""
    keys = keys_of(place)
    statuses = make_remote_cameras(server, keys)
    with (
        reader(place, form) as process,
        RemoteSource(
            _NAME,
            f"c-{_NAME}",
            make_frame_streams(server, keys),
            lambda: statuses.status(_NAME),
            server.errors,
            fps,
        ) as source,
    ):
        wait_for(source.take)
        return measured(
            source.take,
            lambda media_s: source.told(media_s, at_once=False),
            seconds,
            lambda: (cpu_of(process), float(server.client.info("stats")["total_net_input_bytes"])),
        )


def direct(url: str, seconds: float, fps: float) -> dict[str, Any]:
    """Take frames of the camera itself."""
    settings = LiveSettings(fps=fps)
    with LiveSource(CameraUrl.parse(url), f"c-{_NAME}", settings, LiveClock(time.time())) as source:
        wait_for(source.take)
        return measured(source.take, lambda _: None, seconds, lambda: (0.0, 0.0))


def wait_for(take: Take) -> None:
    """Wait for the first frame.

    Raises:
        SystemExit: If none comes.
    """
    end_s = time.monotonic() + _BEGINS_S
    while take() is None:
        if time.monotonic() > end_s:
            raise SystemExit(f"No frame came within {_BEGINS_S:g} s.")
        time.sleep(0.05)


def measured(
    take: Take, tell: Callable[[float], None], seconds: float, others: Callable[[], tuple[float, float]]
) -> dict[str, Any]:
    """Processor time of reader and worker, and bytes into Redis, after a warm-up."""
    taken(take, tell, _WARM_S)
    (reader_s, received), worker_s, began_s = others(), time.process_time(), time.monotonic()
    count = taken(take, tell, seconds)
    (reader_end_s, received_end), took_s = others(), time.monotonic() - began_s
    return {
        "reader_percent": round(100 * (reader_end_s - reader_s) / took_s, 1),
        "worker_percent": round(100 * (time.process_time() - worker_s) / took_s, 1),
        "redis_kb_per_s": round((received_end - received) / took_s / 1000),
        "frames_per_s": round(count / took_s, 2),
    }


def main() -> None:
    """Serve, send, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="H.264 in a file")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each way")
    parser.add_argument("--fps", type=float, default=5.0, help="frames looked at a second")
    add_json_option(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, open_handle(Place(Path(folder) / "server")) as server:
        for number, clip in enumerate(args.clips):
            place = Place(Path(folder) / "edge", f"unix://{server.socket_path}", f"site{number}")
            keys = keys_of(place)
            with scripted_cameras([film_of(clip)]) as servers:
                wish = CameraWish(url=CameraUrl.parse(servers.urls[0]), settings={"fps": args.fps})
                book = CameraBook(make_camera_store(server, keys), keys, open_folder(place).path)
                book.add_all({_NAME: wish})
                ways = {
                    "connects itself": direct(servers.urls[0], args.seconds, args.fps),
                    "jpeg": sent(server, place, "jpeg", args.seconds, args.fps),
                    "packets": sent(server, place, "packets", args.seconds, args.fps),
                }
            rows += [{"clip": clip.name, "way": way, **row} for way, row in ways.items()]
    print(markdown_table(rows))
    figures = []
    for clip in {row["clip"]: None for row in rows}:
        jpeg, packets = (
            next(row for row in rows if (row["clip"], row["way"]) == (clip, way))
            for way in ("jpeg", "packets")
        )
        for name, unit in (
            ("reader_percent", "% of a core"),
            ("worker_percent", "% of a core"),
            ("redis_kb_per_s", "kB/s"),
        ):
            what = f"{clip}, sent as packets, {name.split('_')[0]}"
            figures.append(Figure(what, packets[name], unit, "less", jpeg[name], "JPEG"))
    Result(figures, details=rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
