"""What is promised to be quick, on a machine that does other work as well."""

from __future__ import annotations

from collections.abc import Callable


def quickest(measure: Callable[[], float], promised: float, tries: int = 5) -> float:
    """The quickest of a few tries: what another program takes away from one of them is not ours.

    Args:
        measure: Does it once and says how long that took.
        promised: How long it may take, in the same unit; the first try within it is the last.
        tries: How often at most.
    """
    best = measure()
    while best >= promised and tries > 1:
        best, tries = min(best, measure()), tries - 1
    return best
