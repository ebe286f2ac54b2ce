"""Names of what an answer holds, by which a browser asks whether it still does (RFC 9110, 8.8.3)."""

from __future__ import annotations


def is_known(etag: str, known: str) -> bool:
    """Whether who asks has it already.

    Args:
        etag: Of what would be answered.
        known: The header `If-None-Match`; empty without one.
    """
    seen = {one.strip().removeprefix("W/") for one in known.split(",")}
    return etag in seen or "*" in seen
