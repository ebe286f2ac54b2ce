"""Numbers that Python programs give, within their bounds."""

from __future__ import annotations

import math
from numbers import Integral, Real

from facestream.errors import UsageError


def check_type(value: object, what: str) -> None:
    """Refuse what is no number.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(f"{what} is {value!r}; it must be a number.")


def _is_finite(value: object) -> bool:
    try:
        return math.isfinite(value)  # type: ignore[arg-type]
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
    kind = Integral if whole else Real
    fits = isinstance(value, kind) and not isinstance(value, bool)
    # NaN lies within all bounds.
    if fits and _is_finite(value) and least <= value <= most and not (above and value == least):  # type: ignore[operator]
        return
    if above:
        bounds = f"more than {least:g}" + ("" if math.isinf(most) else f" and at most {most:g}")
    else:
        bounds = f"{least:g} or more" if math.isinf(most) else f"{least:g} to {most:g}"
    raise UsageError(f"{what} is {value!r}; it must be a {'whole ' if whole else ''}number, {bounds}.")
