from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

# Tests run side by side and keep the processors busy by themselves: threads that wait for each other at every
# product of matrices only take a tenth more time. Read when NumPy is loaded, here and in what tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings
from own_server import OwnServer
from rewriting import rewrite_share

# Times of single examples say nothing on a machine that does other work as well.
settings.register_profile("facestream", deadline=None)
settings.load_profile("facestream")


# Whoever starts tests in the background has it ignored, and what tests start would never hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: many tests wait for other processes."""
    return (os.cpu_count() or 1) + 2


def pytest_sessionstart(session: pytest.Session) -> None:
    """Workers share what each of them would do in full; a few files are not worth it."""
    worker = getattr(session.config, "workerinput", None)
    if worker is not None and session.config.args == session.config.getini("testpaths"):
        rewrite_share(session.config, int(worker["workerid"].removeprefix("gw")), worker["workercount"])


def pytest_collection_finish() -> None:
    """What all tests share is never garbage: to look for some so often takes a twentieth of their time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server of a test's own, which keeps nothing on disk."""
    with OwnServer(tmp_path_factory.mktemp("own")) as running:
        yield running
