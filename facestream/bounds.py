"""Numbers that Python programs give, within their bounds."""

from __future__ import annotations

import math
from numbers import Integral, Real

from facestream.errors import UsageError


def is_number(value: object, *, whole: bool = False) -> bool:
    """Whether something is a finite number, or a whole one; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number that no float can be.
        return False


def check_number(
    value: object,
    what: str,
    least: float = 0.0,
    most: float = math.inf,
    *,
    above: bool = False,
    whole: bool = False,
) -> None:
    """Refuse what is no finite number, or out of its bounds.

    Args:
        value: What was given.
        what: What it is called.
        least: The smallest that is allowed.
        most: The largest that is allowed.
        above: Whether it has to be more than `least`.
        whole: Whether it has to be a whole number.

    Raises:
        UsageError: If it can't be.
    """
    # NaN lies within all bounds.
    if is_number(value, whole=whole) and least <= value <= most and not (above and value == least):  # type: ignore[operator]
        return
    if above:
        bounds = f"more than {least:g}" + ("" if math.isinf(most) else f" and at most {most:g}")
    else:
        bounds = f"{least:g} or more" if math.isinf(most) else f"{least:g} to {most:g}"
    raise UsageError(f"{what} is {value!r}; it must be a {'whole ' if whole else ''}number, {bounds}.")
