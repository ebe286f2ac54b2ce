"""Percentiles of what was measured again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies, between two of them by what lies beside it.

    Args:
        values: One at least.
        share: From 0 to 1; 0.5 for the median, 1 for the largest.
    """
    return float(np.quantile(values, share))
