"""Hosts on a network of their own, as network namespaces behind a switch, whose cables can be pulled."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

_CLONE_NEWNET = 0x4000_0000


class Network:
    """Hosts that reach each other, and nothing else."""

    def __init__(self) -> None:
        self._tag = f"fs-{uuid4().hex[:8]}"
        self._names: list[str] = []
        self._add_namespace("switch")
        self._ip("switch", "link", "add", "bridge", "type", "bridge")
        self._ip("switch", "link", "set", "bridge", "up")

    def add(self, host: str) -> str:
        """Connect one more; returns its address."""
        self._add_namespace(host)
        address = f"10.77.0.{len(self._names)}"
        self._ip(
            "switch", "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", self.space(host)
        )
        self._ip("switch", "link", "set", host, "master", "bridge", "up")
        self._ip(host, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            self._ip(host, "link", "set", device, "up")
        return address

    @contextlib.contextmanager
    def cut_off(self, *hosts: str) -> Iterator[None]:
        """As long as it lasts their cables are pulled: what is sent is lost without a word."""
        for host in hosts:
            self._ip("switch", "link", "set", host, "down")
        try:
            yield
        finally:
            for host in hosts:
                self._ip("switch", "link", "set", host, "up")

    def space(self, host: str) -> str:
        """The name of its namespace."""
        return f"{self._tag}-{host}"

    def end(self) -> None:
        for name in self._names:
            _run("ip", "netns", "delete", name)

    def _add_namespace(self, host: str) -> None:
        _run("ip", "netns", "add", self.space(host))
        self._names.append(self.space(host))

    def _ip(self, host: str, *words: str) -> None:
        _run("ip", "-n", self.space(host), *words)


def move_to(space: str) -> None:
    """What this thread, and those that it starts, open from now on is opened on that host."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", space).open() as namespace:
        if libc.setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {space}")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """A network; skips the test where nobody may make one."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and the program ip")
    try:
        made = Network()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    try:
        yield made
    finally:
        made.end()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)
