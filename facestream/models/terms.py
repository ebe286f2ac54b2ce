"""Under which terms models may be used, in words."""

from __future__ import annotations

_USE = {True: "commercial use allowed", False: "no commercial use", None: "commercial use unknown"}


def terms(licence: str, commercial_use: bool | None) -> str:
    """A licence, and what it means for a business.

    Args:
        licence: By SPDX or in a few words; empty where nothing is known.
        commercial_use: Whether the models may be used in business, or None where that isn't known.
    """
    return f"licence {licence or 'unknown'}, {_USE[commercial_use]}"
