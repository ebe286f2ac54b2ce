"""Small files that nobody but their owner reads: keys, and what a data folder says of itself."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        text: Its beginning; what is not ASCII is replaced.
        mode: Its permissions.
    """

    text: str
    mode: int


def content_of(path: Path, most_bytes: int) -> Content:
    """Read the beginning of a file, with the permissions of that very file.

    Args:
        path: The file.
        most_bytes: More are not read.

    Raises:
        OSError: If it can't be read.
    """
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        return Content(file.read(most_bytes).decode("ascii", "replace"), mode)


@contextlib.contextmanager
def written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Write a file beside another one, to take its place by a rename or a link.

    Whoever reads that place then sees all of it or none, also after a power cut. The file is private from its
    first moment, and on the disk before the block begins; where it is still beside in the end, it goes.

    Args:
        path: The place.
        content: What the file holds.

    Raises:
        OSError: If it can't be written.
    """
    # Made with mode 600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)
