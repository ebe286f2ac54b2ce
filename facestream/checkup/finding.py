"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        name: The thing.
        status: "failed" where facestream, or a part of it, can't work.
        detail: What is so.
        mend: What to do about it, or empty.
    """

    name: str
    status: Status
    detail: str
    mend: str = ""


def gigabytes(size_bytes: float) -> str:
    """A size in words."""
    return f"{size_bytes / 1e9:.1f} GB"
