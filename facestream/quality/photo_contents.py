"""Which files hold the very same bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from stream.errors import StreamError
from stream.fingerprint import fingerprint


def photo_contents(paths: Iterable[Path]) -> dict[Path, str]:
    """Name what files hold: files of the same bytes have the same name.

    Only those of which another is as long are read.

    Args:
        paths: The files.

    Returns:
        The name of each; those that can't be read are not among them.
    """
    of_size: dict[int, list[Path]] = defaultdict(list)
    for path in dict.fromkeys(paths):
        try:
            of_size[path.stat().st_size].append(path)
        except (OSError, ValueError):  # what a table calls a file may be no path at all
            continue
    names: dict[Path, str] = {}
    for size_bytes, alike in of_size.items():
        if len(alike) == 1:
            names[alike[0]] = f"{size_bytes} bytes"
            continue
        for path in alike:
            try:
                names[path] = fingerprint(path)
            except StreamError:
                continue
    return names
