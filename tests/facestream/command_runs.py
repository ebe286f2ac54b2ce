"""The command line in processes of its own, as people run it."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from command_line import command_line
from preloaded import Preloaded

from storage.connection import open_redis
from storage.datafolder import DataFolder

# No wait is longer; a machine that does other work as well gets its time.
PATIENCE_S = 240.0


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Wait for a condition, and fail with what was waited for."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, f"{what} did not come about within {timeout_s:g} s"
        time.sleep(0.005)


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    def json(self) -> Any:
        return json.loads(self.stdout)

    def store(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Done:
        return cls(**json.loads(path.read_text()))


class Started:
    """A process under way; its output goes to files, so that no pipe holds it up.

    Args:
        words: The command line; without the name of the program, if `preloaded`.
        environment: All its variables.
        folder: Its working folder, in which the files are.
        preloaded: Whether it is the command line with its modules loaded already, which is much quicker.
    """

    def __init__(
        self, words: list[str], environment: dict[str, str], folder: Path, *, preloaded: bool = False
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("*.out")))
        self._out, self._err = folder / f"{number}.out", folder / f"{number}.err"
        self.process: subprocess.Popen[bytes] | Preloaded
        with self._out.open("wb") as out, self._err.open("wb") as err:
            if preloaded:
                self.process = Preloaded(command_line, words, environment, folder, self._out, self._err)
            else:
                self.process = subprocess.Popen(
                    words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
                )

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        return self._err.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until it has said something on either stream."""

        def said() -> bool:
            heard = text in self.stdout + self.stderr
            assert heard or self.process.poll() is None, f"ended without {text!r}: {self.stderr}"
            return heard

        wait_until(said, f"{text!r} in the output")

    def interrupt(self) -> Done:
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self, timeout_s: float = PATIENCE_S) -> Done:
        return Done(self.process.wait(timeout_s), self.stdout, self.stderr)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)


class Cli:
    """The command line over one data folder.

    Args:
        data_dir: The data folder, given as FACESTREAM_DATA_DIR.
        environment: Variables of all processes.
        work_dir: Where they run and their output goes; beside the data folder unless given.
        preloaded: Whether commands need not load their modules; nothing else is known to differ.
    """

    def __init__(
        self,
        data_dir: Path,
        environment: dict[str, str],
        work_dir: Path | None = None,
        *,
        preloaded: bool = True,
    ) -> None:
        self.data_dir = data_dir
        self._environment = environment
        self._preloaded = preloaded
        self._work_dir = work_dir or data_dir.with_name(f"{data_dir.name}.cwd")
        self._started: list[Started] = []

    def environment(self, **more: str) -> dict[str, str]:
        return self._environment | {"FACESTREAM_DATA_DIR": str(self.data_dir)} | more

    def start(self, *arguments: str | Path, **more: str) -> Started:
        """Start a command; more keywords are environment variables.

        Those that Python reads as it starts make it load everything itself.
        """
        words, environment = [*map(str, arguments)], self.environment(**more)
        if self._preloaded and not any(name.startswith("PYTHON") for name in more):
            started = Started(words, environment, self._work_dir, preloaded=True)
        else:
            command = [sys.executable, "-m", "facestream", *words]
            started = Started(command, environment, self._work_dir)
        self._started.append(started)
        return started

    def __call__(
        self, *arguments: str | Path, code: int = 0, timeout_s: float = PATIENCE_S, **more: str
    ) -> Done:
        """Run a command to its end, which must have this exit code."""
        done = self.start(*arguments, **more).end(timeout_s)
        assert done.code == code, f"{arguments}: {done}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def rows(self) -> list[dict[str, str]]:
        """What `facestream export` gives."""
        return list(csv.DictReader(io.StringIO(self("export").stdout)))

    def people(self) -> Any:
        return self("people", "--json").json()

    def records(self) -> dict[str, Any]:
        """Everything in Redis that should stay as it is when nothing is new."""
        readers: dict[bytes, Callable[[Any, bytes], Any]] = {
            b"hash": lambda client, key: client.hgetall(key),
            b"set": lambda client, key: client.smembers(key),
            b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
            b"string": lambda client, key: client.get(key),
            b"stream": lambda client, key: client.xrange(key),
        }
        with open_redis(None, DataFolder(self.data_dir)) as handle:
            return {
                key.decode(): readers[handle.client.type(key)](handle.client, key)
                for key in handle.client.scan_iter("fs:*")
            }

    def server_processes(self) -> list[int]:
        """Processes that serve or guard the data folder."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            serves = any("valkey-server" in w or "redis-server" in w or "guardian.py" in w for w in words)
            if serves and any(str(self.data_dir) in word for word in words):
                found.append(process.pid)
        return found

    def wait_for_the_server_to_go(self) -> None:
        """Wait until nobody holds the data folder and its server has stopped."""
        for name in ("guardian", "holders", "server"):
            with (self.data_dir / f"{name}.lock").open() as lock:
                wait_until(lambda lock=lock: _is_free(lock.fileno()), f"the release of {name}.lock")  # type: ignore[misc]

    def copy(self, data_dir: Path) -> Cli:
        """A command line over a copy of the data folder as it is now."""
        self.wait_for_the_server_to_go()
        return self.over(shutil.copytree(self.data_dir, data_dir))

    def over(self, data_dir: Path) -> Cli:
        """A command line over another data folder."""
        return Cli(data_dir, self._environment)

    def end_all(self) -> None:
        """End what a failed test has left."""
        for started in self._started:
            if started.process.poll() is None:
                started.kill()


@dataclass(frozen=True)
class Processed:
    """A data folder in which a video and photos of two to seven people were processed.

    Attributes:
        cli: Over it; its server is kept up, so that reading is quick.
        original: The data folder that it is a copy of, which nobody uses.
        video: What was processed first.
        photos: What was processed then.
        video_run: What was said of the video.
        photos_run: What was said of the photos.
    """

    cli: Cli
    original: Path
    video: Path
    photos: Path
    video_run: Done
    photos_run: Done

    def copy(self, data_dir: Path) -> Processed:
        """The same over a data folder of its own, to write to."""
        return replace(self, cli=self.cli.over(shutil.copytree(self.original, data_dir)))


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that the first process to ask for it fills; all others find it complete."""
    with folder.with_name(f"{folder.name}.made").open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        if not mark.seek(0, os.SEEK_END):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            mark.write("complete")
    return folder


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True
