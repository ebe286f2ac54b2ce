"""What somebody meant who wrote a name wrongly."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str | None:
    """What somebody who wrote a name most likely meant, or None."""
    by_folded = {other.lower().replace("-", "_"): other for other in names}
    like = difflib.get_close_matches(name.lower().replace("-", "_"), list(by_folded), 1, 0.65)
    return by_folded[like[0]] if like else None
