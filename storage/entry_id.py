"""Ids of entries of streams: milliseconds and a number, each of 64 bits."""

from __future__ import annotations

import re

_ID = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")

HIGHEST = (1 << 64) - 1
"""The largest of either part."""


def is_entry_id(written: str) -> bool:
    """Whether a text can be the id of an entry; Redis refuses any other."""
    return _ID.fullmatch(written) is not None and max(order(written)) <= HIGHEST


def order(entry_id: str | bytes) -> tuple[int, int]:
    """What ids of entries are sorted by."""
    milliseconds, _, number = (entry_id.decode() if isinstance(entry_id, bytes) else entry_id).partition("-")
    return int(milliseconds), int(number)
