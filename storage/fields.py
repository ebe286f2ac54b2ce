"""Fields of Redis hashes and stream entries, read with checks.

docs/redis.md is the reference for people who read the records directly.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping

from storage.commands import Value
from storage.errors import RecordError

Fields = dict[str, Value]
Raw = Mapping[bytes, bytes]

# The beginning of the year 3000, and as far before 1970.
_LATEST_S = 32_503_680_000.0


@contextlib.contextmanager
def reading(key: str) -> Iterator[None]:
    """Name the key in errors of the record that it holds."""
    try:
        yield
    except RecordError as error:
        raise error.at(key) from error


def text(raw: Raw, name: str, default: str | None = None) -> str:
    """A text field.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    value = raw.get(name.encode())
    if value is None:
        if default is None:
            raise RecordError(f"field {name!r} is missing", field=name)
        return default
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RecordError(f"field {name!r} is not UTF-8", field=name) from error


def number(raw: Raw, name: str, default: str | None = None) -> float:
    """A finite number.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    written = text(raw, name, default)
    try:
        value = float(written)
    except ValueError as error:
        raise RecordError(f"field {name!r} is not a number: {written[:40]!r}", field=name) from error
    if not math.isfinite(value):
        raise RecordError(f"field {name!r} is not finite: {written[:40]!r}", field=name)
    return value


def optional_number(raw: Raw, name: str) -> float | None:
    """A finite number, or None where the field is missing or empty.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    return number(raw, name) if raw.get(name.encode()) else None


def unix_time(raw: Raw, name: str) -> float | None:
    """A unix time that a date can hold, or None where the field is missing or empty.

    Raises:
        RecordError: If the field is malformed.
    """
    value = optional_number(raw, name)
    if value is not None and abs(value) > _LATEST_S:
        raise RecordError(f"field {name!r} is no date of the years 1 to 3000: {value:g}", field=name)
    return value


def count(raw: Raw, name: str, default: str | None = None) -> int:
    """A whole number, zero or more.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    value = number(raw, name, default)
    if value < 0 or not value.is_integer():
        raise RecordError(f"field {name!r} is not a count: {value:g}", field=name)
    return int(value)


def flag(raw: Raw, name: str, default: str | None = None) -> bool:
    """A truth value, written 1 or 0.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    written = text(raw, name, default)
    if written not in ("0", "1"):
        raise RecordError(f"field {name!r} is neither 0 nor 1: {written[:40]!r}", field=name)
    return written == "1"
