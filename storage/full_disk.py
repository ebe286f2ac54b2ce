"""Whether the disk under the embedded server is full."""

from __future__ import annotations

import os
import re
from pathlib import Path

# The server cuts off what it could write of a batch, so that there may be some space again when it has ended.
_NO_SPACE = re.compile(
    r"No space left on device|Disk quota exceeded|Short write while writing to the AOF", re.IGNORECASE
)
# Nor can it always write into its log why it ends.
_LEAST_FREE_BYTES = 64 * 1024


def is_disk_full(folder: Path, log_tail: str) -> bool:
    """Whether a server ended for want of space.

    Args:
        folder: Where it keeps its files.
        log_tail: The last it wrote into its log.
    """
    if _NO_SPACE.search(log_tail):
        return True
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    # Some file systems do not tell their size.
    return disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < _LEAST_FREE_BYTES
