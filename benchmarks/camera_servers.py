"""Cameras that benchmarks watch: RTSP servers in processes of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.gst_server import GstServer
from cameras.h264_film import H264Film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer

Sent = list[tuple[int, float]]


class CameraServers(Protocol):
    """Cameras that play, each its film over and over again.

    Attributes:
        urls: Where they are.
    """

    urls: Sequence[str]

    def end(self, camera: int) -> None:
        """Take a camera's power."""
        ...

    def sent(self, camera: int) -> Sent:
        """Place in the film, and Unix time, of each picture that a camera has sent; empty if unknown."""
        ...

    def cpu_s(self) -> float:
        """Processor time that the servers have taken."""
        ...


class ScriptedCameras:
    """Cameras of the tests' scripted server, in one process."""

    def __init__(self, urls: Sequence[str], pipe: Connection, process: psutil.Process) -> None:
        self.urls, self._pipe, self._process = urls, pipe, process

    def end(self, camera: int) -> None:
        """Take a camera's power."""
        self.set(camera, Fault.REFUSE)

    def set(self, camera: int, fault: Fault) -> None:
        """Let a camera fail from now on; `Fault.NONE` mends it."""
        self._pipe.send((fault, camera))

    def sent(self, camera: int) -> Sent:
        """Place and time of each picture."""
        self._pipe.send(("sent", camera))
        answer: Sent = self._pipe.recv()
        return answer

    def cpu_s(self) -> float:
        """Processor time of the process."""
        return cpu_of(self._process)


class GstCameras:
    """Cameras of GStreamer's RTSP server, a process each; when a picture was sent is not known."""

    def __init__(self, servers: Sequence[GstServer], processes: Sequence[psutil.Process]) -> None:
        self.urls: Sequence[str] = [server.url() for server in servers]
        self._servers, self._processes = servers, processes

    def end(self, camera: int) -> None:
        """Take a camera's power."""
        self._servers[camera].kill()

    def sent(self, camera: int) -> Sent:  # noqa: ARG002 - as the protocol has it
        """Nothing."""
        return []

    def cpu_s(self) -> float:
        """Processor time of all processes."""
        return sum(cpu_of(process) for process in self._processes)


@contextlib.contextmanager
def scripted_cameras(films: Sequence[H264Film]) -> Iterator[ScriptedCameras]:
    """Cameras that play until the end of the context."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process: SpawnProcess = context.Process(target=_serve, args=(list(films), theirs))
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield ScriptedCameras(ours.recv(), ours, psutil.Process(process.pid))
    finally:
        ours.close()
        process.join()


@contextlib.contextmanager
def gst_cameras(films: Sequence[H264Film], folder: Path) -> Iterator[GstCameras]:
    """Cameras that play until the end of the context.

    Args:
        films: What they show.
        folder: Where files may be put.

    Raises:
        GstMissingError: If GStreamer's server is not on this machine.
    """
    with contextlib.ExitStack() as stack:
        servers = []
        for number, film in enumerate(films):
            place = folder / f"server{number}"
            place.mkdir()
            servers.append(stack.enter_context(GstServer([film], place)))
        children = {child.pid: child for child in psutil.Process().children()}
        processes = [child for child in children.values() if "gst_script.py" in " ".join(child.cmdline())]
        yield GstCameras(servers, processes)


def cpu_of(process: psutil.Process) -> float:
    """Processor time that a process has taken, s; 0 if it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _serve(films: Sequence[H264Film], pipe: Connection) -> None:
    """Be the cameras, until the other end of the pipe is closed."""
    sent: list[Sent] = [[] for _ in films]
    with contextlib.ExitStack() as stack:
        servers = [RtspServer(film) for film in films]
        for server, log in zip(servers, sent, strict=True):
            server.on_picture = lambda place, log=log: log.append((place, time.time()))
            stack.enter_context(server)
        pipe.send([server.url for server in servers])
        with contextlib.suppress(EOFError):
            while True:
                wish, camera = pipe.recv()
                if wish == "sent":
                    pipe.send(list(sent[camera]))
                else:
                    servers[camera].fault = wish
