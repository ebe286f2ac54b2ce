"""Percentiles of what was measured again and again."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; `share` is from 0 to 1."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
