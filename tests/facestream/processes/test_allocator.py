from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import ctypes, sys, threading
from facestream.processes.allocator import steady_memory

if sys.argv[2] == "limited":
    steady_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
ready, over = threading.Barrier(9), threading.Event()

def work():
    libc.malloc(50_000)
    ready.wait()
    over.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
ready.wait()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
over.set()
"""


def arenas(path: Path, how: str) -> int:
    """How many arenas a process with eight threads has."""
    subprocess.run([sys.executable, "-c", SCRIPT, str(path), how], check=True, timeout=100)
    return path.read_text().count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_threads_share_two_arenas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    assert arenas(tmp_path / "limited.xml", "limited") <= 2
    assert arenas(tmp_path / "free.xml", "free") > 2
    # Who chose another number has it.
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert arenas(tmp_path / "chosen.xml", "limited") == 4


MAPPED = """
import ctypes, sys
from facestream.processes.allocator import steady_memory

if sys.argv[1] == "steady":
    steady_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd".split()] + [
        ("rest", ctypes.c_size_t * 5)
    ]

libc.mallinfo2.restype = Mallinfo2
libc.free(libc.malloc(2_000_000))
before = libc.mallinfo2().hblks
libc.malloc(700_000)
print(libc.mallinfo2().hblks - before)
"""


def mapped(how: str) -> int:
    """Whether a block the size of a picture is mapped on its own, after another one was freed."""
    done = subprocess.run(
        [sys.executable, "-c", MAPPED, how], check=True, timeout=100, capture_output=True, text=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_pictures_are_mapped_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    assert mapped("free") == 0
    assert mapped("steady") == 1
    # Who chose another size has it.
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "1000000")
    assert mapped("steady") == 0
