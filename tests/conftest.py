from __future__ import annotations

import os

from hypothesis import settings

# Times of single examples say nothing on a machine that does other work as well.
settings.register_profile("facestream", deadline=None)
settings.load_profile("facestream")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for other processes."""
    return (os.cpu_count() or 1) + 1
