"""What somebody sees who may not read everything, whoever runs the tests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534


@contextlib.contextmanager
def unprivileged(inside: Path) -> Iterator[None]:
    """As long as it lasts root is nobody, who may look into a test's own folder and those above it.

    Args:
        inside: The test's own folder.
    """
    for folder in (inside, *inside.parents):
        if folder.stat().st_uid == os.geteuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    user = os.geteuid()
    if user == 0:  # root may read everything
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
