"""What a soak test lets run: `facestream serve` with the workers that it keeps, and a Redis server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from soak_figures import Life, Soak

from storage.commands import commands_of
from storage.keys import Keys
from storage.server_binary import find_server_binary

_STARTS_S, _ENDS_S = 60.0, 40.0
_KEYS = Keys("default")
_ROLES = ("cluster-worker", "worker")


class Server:
    """A Redis server of a user's own, that is killed and started as a test likes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "redis.sock"
        # Asked while it is stopped as well: what it doesn't answer at once is left out.
        self.client = redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Let it run; returns when it answers."""
        words = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder)]
        words += ["--appendonly", "yes", "--save", "", "--logfile", str(self._folder / "redis.log")]
        self._process = subprocess.Popen([str(find_server_binary()), *words])
        deadline_s = time.monotonic() + _STARTS_S
        while True:
            with contextlib.suppress(redis.RedisError):
                self.client.ping()
                return
            if time.monotonic() > deadline_s:
                sys.exit("the Redis server doesn't start")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self, frozen: bool) -> None:
        """Stop it, or let it go on."""
        os.kill(self.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.kill()


class Site:
    """A collection with cameras that is served.

    Args:
        folder: Where files may be put.
        server: Its Redis server.
        urls: The cameras.
        retention_days: How long people are kept.
        look_fps: Looks per second at each camera.
    """

    def __init__(
        self, folder: Path, server: Server, urls: Sequence[str], retention_days: float, look_fps: float
    ) -> None:
        self._folder, self._server = folder, server
        kept = f"{retention_days:.6f}"
        self._environ = {
            **os.environ,
            "FACESTREAM_DATA_DIR": str(folder / "data"),
            "FACESTREAM_REDIS": server.url,
            **{
                f"FACESTREAM_RETENTION_{what}": kept
                for what in ("UNNAMED", "NAMED", "SIGHTINGS", "PICTURES", "STREAMS")
            },
        }
        self.cameras = [f"cam{number}" for number in range(len(urls))]
        for name, url in zip(self.cameras, urls, strict=True):
            self._run("camera", "add", name, url, "--no-test", "--fps", f"{look_fps:g}")
        self._log = (folder / "serve.log").open("w+")
        self._serve = subprocess.Popen(
            [sys.executable, "-m", "facestream", "serve", "--port", "0", "--json"],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._serve.stdout is not None
        line = self._serve.stdout.readline()
        if not line:
            self.complain("serve doesn't start")
        self.api = json.loads(line)["api"]
        self._lives: dict[int, Life] = {}

    def complain(self, words: str) -> None:
        """End the test with what the processes said."""
        sys.exit(f"{words}:\n{(self._folder / 'serve.log').read_text()[-3000:]}")

    def said(self) -> list[str]:
        """What was said of processes that ended."""
        lines = (self._folder / "serve.log").read_text(errors="replace").splitlines()
        return [line for line in lines if " ended: " in line]

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        """All that run, by role."""
        with contextlib.suppress(psutil.Error):
            main = psutil.Process(self._serve.pid)
            yield "serve", main
            for child in main.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    words = child.cmdline()
                    for role in _ROLES:
                        if "facestream.processes.beside" in words and role in words:
                            yield role, child
        with contextlib.suppress(psutil.Error):
            yield "redis", psutil.Process(self._server.pid)

    def kill(self, role: str) -> bool:
        """Kill the process of a role; whether there was one."""
        for name, process in self.processes():
            if name == role:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    return True
        return False

    def sample(self, soak: Soak, now_s: float) -> None:
        """Count everything once."""
        for role, process in self.processes():
            with contextlib.suppress(psutil.Error):
                with process.oneshot():
                    rss_mb = process.memory_info().rss / 1e6
                    descriptors, threads = process.num_fds(), process.num_threads()
                life = self._lives.get(process.pid)
                if life is None:
                    life = self._lives[process.pid] = Life(role, process.pid)
                    soak.lives.append(life)
                life.at_s.append(now_s)
                life.rss_mb.append(rss_mb)
                life.descriptors.append(descriptors)
                life.threads.append(threads)
        with contextlib.suppress(redis.RedisError):
            queued = int(self._server.client.xlen(_KEYS.samples))
            memory_mb = int(self._server.client.info("memory")["used_memory_dataset"]) / 1e6
            soak.at_s.append(now_s)
            soak.queued.append(queued)
            soak.redis_mb.append(memory_mb)

    def leader(self) -> bytes | None:
        """Token of the cluster worker in charge."""
        token = self._server.client.get(_KEYS.leader)
        return token if isinstance(token, bytes) else None

    def all_stream(self, since_s: float) -> bool:
        """Whether a worker has said of every camera that it streams, since that Unix time."""
        for name in self.cameras:
            found = commands_of(self._server.client).hmget(_KEYS.camera_status(name), ["state", "at_s"])
            state, at_s = found
            if state != b"streaming" or float(at_s or 0) < since_s:
                return False
        return True

    def states(self) -> str:
        """What the cameras do and since when nobody has said that, and who leads, in words."""
        words = []
        with contextlib.suppress(redis.RedisError):
            for name in self.cameras:
                found = commands_of(self._server.client).hmget(
                    _KEYS.camera_status(name), ["state", "last_error", "at_s"]
                )
                state, error, at_s = (value or b"" for value in found)
                ago_s = time.time() - float(at_s or 0)
                words.append(f"{name} {state.decode()} ({error.decode()}), {ago_s:.0f} s ago")
            words.append(f"leader {self.leader()!r}")
        return "; ".join(words)

    def end(self) -> int | None:
        """End it as by Ctrl-C; returns its exit code, or None where it had to be killed."""
        self._serve.send_signal(signal.SIGINT)
        try:
            return self._serve.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            for _, process in list(self.processes())[:-1]:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            self._serve.wait()
            return None
        finally:
            self._log.close()

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "facestream", *words],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"facestream {' '.join(words[:2])} ended with {done.returncode}: {done.stderr[-2000:]}")
