"""Cameras watched for a long time while everything fails at random: does anything grow or stay down?

    python benchmarks/soak.py [FOLDER] [--minutes 60] [--cameras 3] [--seed 1]
    python benchmarks/soak.py --minutes 5                                   # as for continuous integration

FOLDER holds `clips/heads/*.mp4`; default: FACESTREAM_TEST_DATA; without it the demo's video is shown. The
cameras are RTSP servers in a process of their own that loop these clips. `facestream serve` keeps a cluster
worker and a worker beside it; the Redis server is one of a user's own. Faults come one after the other, each
when all is well again after the one before:

- a camera freezes, loses its power, resets its connections, sends garbage or spoilt pictures, and is mended;
- the Redis server is stopped (SIGSTOP), or killed and started again;
- the worker or the cluster worker is killed (SIGKILL), in the first half alone, so that one life of each is
  long enough to tell whether it grows.

Everything that is found is kept for a sixth of the time (retention), so that Redis must stay flat as well.
Counted are resident memory, descriptors and threads of every process, the queue and the memory of Redis. It
passes if nothing grows behind the warm-up, nothing died by itself, and at the end all cameras stream, the
queue is empty, the API says that all is well and everything ends by Ctrl-C. The exit code is 1 if it doesn't.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis
from benchmark_script import run_script
from camera_scenes import scenes_of
from camera_servers import ScriptedCameras, scripted_cameras
from result import Result, add_json_option
from soak_figures import Soak, figures_of, report_of, show
from soak_site import Server, Site

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.rtsp_faults import Fault

_SIZE_PX, _FPS, _AWAY_S, _LOOK_FPS = (640, 360), 10.0, 4.0, 4.0
_BEGINS_S, _MENDED_S = 120.0, 60.0
_CAMERA_FAULTS = (Fault.FREEZE, Fault.REFUSE, Fault.RESET, Fault.GARBAGE, Fault.CORRUPT, Fault.LOSS)


@dataclass(frozen=True)
class Trouble:
    """A fault that is made and mended.

    Attributes:
        words: What it is; the first word is its kind.
        begin: Makes it.
        end: Mends it.
        lasts_s: How long it lasts.
    """

    words: str
    begin: Callable[[], object]
    end: Callable[[], object]
    lasts_s: float


def troubles(
    chance: random.Random, cameras: ScriptedCameras, server: Server, site: Site, soak: Soak
) -> Iterator[Trouble]:
    """Faults without end."""
    count = len(site.cameras)

    def kill(role: str) -> None:
        soak.kills[role] = soak.kills.get(role, 0) + site.kill(role)

    def killed_server() -> None:
        soak.kills["redis"] = soak.kills.get("redis", 0) + 1
        server.kill()

    def nothing() -> None:
        pass

    while True:
        kind = chance.choices(("camera", "stop", "crash", "worker", "cluster-worker"), (5, 1, 1, 1, 1))[0]
        if kind == "camera":
            number, fault = chance.randrange(count), chance.choice(_CAMERA_FAULTS)
            yield Trouble(
                f"camera {number}: {fault}",
                partial(cameras.set, number, fault),
                partial(cameras.set, number, Fault.NONE),
                chance.uniform(3.0, 15.0),
            )
        elif kind == "stop":
            yield Trouble(
                "redis-stopped",
                lambda: server.freeze(True),
                lambda: server.freeze(False),
                chance.uniform(3.0, 20.0),
            )
        elif kind == "crash":
            yield Trouble("redis-killed", killed_server, server.start, chance.uniform(1.0, 8.0))
        else:
            yield Trouble(f"{kind}-killed", partial(kill, kind), nothing, 0.0)


def soak_test(site: Site, server: Server, cameras: ScriptedCameras, seconds: float, seed: int) -> Soak:
    """Let everything fail for a while, one after the other, and count."""
    soak = Soak()
    chance = random.Random(seed)
    faults = troubles(chance, cameras, server, site, soak)
    every_s = min(max(seconds / 300, 1.0), 5.0)
    # So that a short one has some dozen of them as well.
    between_s = min(max(seconds / 40, 4.0), 30.0)
    began_s = time.monotonic()
    sampled_s, next_s = 0.0, between_s
    under_way: Trouble | None = None
    since_s, since_unix_s, leader = 0.0, 0.0, None
    is_mended = False
    while (now_s := time.monotonic() - began_s) < seconds or under_way:
        if now_s >= sampled_s:
            site.sample(soak, now_s)
            sampled_s = now_s + every_s
        if under_way is None:
            if now_s >= next_s:
                trouble = next(faults)
                if trouble.words.startswith(("worker", "cluster")) and now_s > seconds / 2:
                    continue
                tell(f"{now_s:6.0f} s  {trouble.words} for {trouble.lasts_s:.0f} s")
                soak.faults.append((now_s, trouble.words, trouble.lasts_s))
                leader = site.leader() if trouble.words.startswith("cluster") else None
                trouble.begin()
                under_way, since_s, is_mended = trouble, now_s, False
        elif not is_mended:
            if now_s >= since_s + under_way.lasts_s:
                under_way.end()
                since_s, since_unix_s, is_mended = now_s, time.time(), True
        else:
            well = is_well(site, since_unix_s, leader)
            if well or now_s - since_s > _MENDED_S:
                soak.recovered_s.append(now_s - since_s if well else math.inf)
                if not well:
                    tell(f"{now_s:6.0f} s  not well again: {site.states()}")
                under_way, next_s = None, now_s + chance.expovariate(1 / between_s)
        time.sleep(0.1)
    return soak


def is_well(site: Site, since_s: float, not_leader: bytes | None = None) -> bool:
    """Whether all cameras stream since that Unix time, and a cluster worker leads; another one if need be."""
    try:
        return site.all_stream(since_s) and site.leader() not in (None, not_leader)
    except redis.RedisError:
        return False


def settle(site: Site, server: Server, soak: Soak, began_s: float) -> None:
    """Look whether everything is well again."""
    settled_s = time.time()

    def all_stream() -> bool:
        return is_well(site, settled_s)

    def is_empty() -> bool:
        # While people come and go there is always something on its way.
        return int(server.client.xlen("fs:{default}:samples")) < 50

    def is_ready() -> bool:
        with urllib.request.urlopen(f"{site.api.removesuffix('/api/v1')}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)

    for words, condition in (
        ("all cameras stream, and a cluster worker leads", all_stream),
        ("the queue is empty", is_empty),
        ("the server is ready", is_ready),
    ):
        soak.ended[words] = within(_MENDED_S, condition)
    site.sample(soak, time.monotonic() - began_s)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether something comes about in time."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        try:
            if condition():
                return True
        except (redis.RedisError, OSError):
            pass
        time.sleep(0.5)
    return False


def tell(words: str) -> None:
    """Say how it gets on."""
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Make the films, serve, let it fail, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--cameras", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    add_json_option(parser)
    args = parser.parse_args()
    scenes = scenes_of(args.folder, args.cameras, size=_SIZE_PX, fps=_FPS, away_s=_AWAY_S, look_fps=_LOOK_FPS)
    seconds = args.minutes * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "redis").mkdir()
        server = stack.enter_context(Server(folder / "redis"))
        cameras = stack.enter_context(scripted_cameras([shown.film for shown in scenes]))
        site = Site(folder, server, cameras.urls, seconds / 6 / 86400, _LOOK_FPS)
        try:
            if not within(_BEGINS_S, lambda: is_well(site, 0.0)):
                site.complain("the cameras are not watched")
            began_s = time.monotonic()
            soak = soak_test(site, server, cameras, seconds, args.seed)
            settle(site, server, soak, began_s)
            soak.said = site.said()
        finally:
            code = site.end()
    soak.ended["all ends by Ctrl-C"] = code == 0
    report = report_of(soak)
    if not report["passed"]:
        tell("\n".join(soak.said))
    show(report)
    Result(figures_of(report), details=report).write(args.json)
    sys.exit(0 if report["passed"] else 1)


if __name__ == "__main__":
    run_script(main)
