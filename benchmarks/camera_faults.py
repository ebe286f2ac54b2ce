"""Cameras that freeze, die and come back under the default settings; and what many reconnects leave behind.

    python benchmarks/camera_faults.py [--cameras 3] [--cycles 20] [--reconnects 1000] [--json FILE]

The cameras are scripted RTSP servers in a process of their own. In the first part each freezes and loses its
power in turns, while the others play, and the time from its return to its next frame is taken. In the second
part they end every connection after a few pictures, and threads, descriptors and resident memory of this
process are counted.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from benchmark_script import run_script
from figure import Figure
from result import Result, add_json_option

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer
from cameras.viewing import Viewing

from stream.live_settings import LiveSettings
from stream.live_state import CameraState

_PLAYS_S = (2.0, 6.0)
# A freeze is noticed after three seconds, and the connection given up after ten: some last longer than that.
_FAILS_S = {Fault.FREEZE: (2.0, 14.0), Fault.REFUSE: (1.0, 6.0)}
_NOTICED_S = 60.0
_FRAMES_PER_CONNECTION = 3
_SHARES = (0.2, 0.6, 1.0)


class Cameras:
    """Scripted cameras in another process."""

    def __init__(self, count: int, pipe: Connection, urls: list[str]) -> None:
        self.count, self.urls = count, urls
        self._pipe = pipe

    def set(self, camera: int, fault: Fault, after_frames: int = 0) -> None:
        """Let a camera fail from now on; `Fault.REFUSE` takes its power."""
        self._pipe.send((camera, fault, after_frames))


@contextlib.contextmanager
def running(count: int) -> Iterator[Cameras]:
    """Cameras that play."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(count, theirs))
    process.start()
    theirs.close()
    try:
        yield Cameras(count, ours, ours.recv())
    finally:
        ours.close()
        process.join()


def serve(count: int, pipe: Connection) -> None:
    """Be the cameras, until the other end of the pipe is closed."""
    film = painted_film(size=(320, 240))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(RtspServer(film)) for _ in range(count)]
        pipe.send([server.url for server in servers])
        with contextlib.suppress(EOFError):
            while True:
                camera, fault, after_frames = pipe.recv()
                servers[camera].after_frames, servers[camera].fault = after_frames, fault


def failures(cameras: Cameras, cycles: int) -> dict[str, object]:
    """Let every camera fail `cycles` times, each at its own times."""

    def watch(camera: int) -> list[tuple[Fault, float]]:
        chance = random.Random(camera)
        taken: list[tuple[Fault, float]] = []
        with Viewing(cameras.urls[camera], LiveSettings()) as viewing:
            for cycle in range(cycles):
                need(viewing.until_frames(1, _NOTICED_S), viewing)
                idle(viewing, chance.uniform(*_PLAYS_S))
                fault = Fault.FREEZE if cycle % 2 else Fault.REFUSE
                known = len(viewing.reported)
                cameras.set(camera, fault)
                need(viewing.until(left_streaming(viewing, known), _NOTICED_S), viewing)
                idle(viewing, chance.uniform(*_FAILS_S[fault]))
                cameras.set(camera, Fault.NONE)
                returned_s = time.monotonic()
                need(viewing.until_frames(1, _NOTICED_S), viewing)
                taken.append((fault, time.monotonic() - returned_s))
        return taken

    with ThreadPoolExecutor(cameras.count) as pool:
        taken = [one for per_camera in pool.map(watch, range(cameras.count)) for one in per_camera]
    row: dict[str, object] = {"cameras": cameras.count, "cycles": cycles}
    for name, fault in (("freeze", Fault.FREEZE), ("power", Fault.REFUSE)):
        times_s = [taken_s for kind, taken_s in taken if kind is fault]
        if times_s:
            row[f"{name}_recovery_median_s"] = round(statistics.median(times_s), 2)
            row[f"{name}_recovery_worst_s"] = round(max(times_s), 2)
    return row


def reconnects(cameras: Cameras, wanted: int) -> dict[str, object]:
    """Connect `wanted` times, and count what is held after 20, 60 and 100 % of them."""
    quick = LiveSettings(fps=25, first_backoff_s=0.01, longest_backoff_s=0.01)
    process = psutil.Process()
    with contextlib.ExitStack() as stack:
        viewings = [stack.enter_context(Viewing(url, quick)) for url in cameras.urls]
        for camera in range(cameras.count):
            cameras.set(camera, Fault.CLOSE, _FRAMES_PER_CONNECTION)
        held = []
        for share in _SHARES:
            while sum(viewing.status.connects for viewing in viewings) < share * wanted:
                for viewing in viewings:
                    while viewing.source.take() is not None:
                        pass
                    viewing.reported.clear()
                time.sleep(0.05)
            held.append((process.num_threads(), process.num_fds(), process.memory_info().rss / 1e6))
        connects = sum(viewing.status.connects for viewing in viewings)
    threads, descriptors, rss_mb = zip(*held, strict=True)
    return {
        "reconnects": connects,
        "threads": threads,
        "descriptors": descriptors,
        "rss_mb": [round(one) for one in rss_mb],
    }


def left_streaming(viewing: Viewing, known: int) -> Callable[[], bool]:
    """Whether the failure has been noticed, by what was reported since."""
    return lambda: any(status.state is not CameraState.STREAMING for status in viewing.reported[known:])


def idle(viewing: Viewing, for_s: float) -> None:
    """Look at the camera for some time, whatever it does."""
    viewing.until(lambda: False, for_s)
    viewing.frames.clear()


def need(done: bool, viewing: Viewing) -> None:
    """End the benchmark where a camera doesn't do its part."""
    if not done:
        sys.exit(f"not within {_NOTICED_S:g} s: {viewing.reported[-5:]}")


def figures_of(row: dict[str, Any]) -> list[Figure]:
    """What is told."""
    figures = [
        Figure(f"next frame after {words}, {which}", row[f"{name}_recovery_{which}_s"], "s")
        for name, words in (("power", "a loss of power"), ("freeze", "a freeze"))
        for which in ("median", "worst")
        if f"{name}_recovery_{which}_s" in row
    ]
    if "reconnects" in row:
        span = f"from {_SHARES[0]:.0%} of {row['reconnects']:,} connections to the last"
        for name, unit in (("threads", ""), ("descriptors", ""), ("rss_mb", "MB")):
            what = {"rss_mb": "memory"}.get(name, name)
            figures.append(Figure(f"more {what} {span}", row[name][-1] - row[name][0], unit))
    return figures


def main() -> None:
    """Watch, count, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=3)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--reconnects", type=int, default=1000)
    add_json_option(parser)
    args = parser.parse_args()
    row: dict[str, Any] = {}
    if args.cycles:
        with running(args.cameras) as cameras:
            row |= failures(cameras, args.cycles)
    if args.reconnects:
        with running(args.cameras) as cameras:
            row |= reconnects(cameras, args.reconnects)
    print("\n".join(f"{key:26} {value}" for key, value in row.items()))
    Result(figures_of(row), details=row).write(args.json)


if __name__ == "__main__":
    run_script(main)
