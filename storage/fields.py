"""Fields of Redis hashes and stream entries, read with checks.

docs/redis.md is the reference for people who read the records directly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from storage.errors import RecordError

FloatArray = npt.NDArray[np.float32]
Fields = dict[str, str | bytes | int | float]
Raw = Mapping[bytes, bytes]


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
    if not np.isfinite(value):
        raise RecordError(f"field {name!r} is not finite: {written[:40]!r}", field=name)
    return value


def optional_number(raw: Raw, name: str) -> float | None:
    """A finite number, or None where the field is missing or empty.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    return number(raw, name) if raw.get(name.encode()) else None


def float_array(raw: Raw, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> FloatArray:
    """An array of finite numbers as float32; -1 in `shape` stands for whatever fits.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    data = raw.get(name.encode(), b"")
    try:
        array = np.frombuffer(data, dtype).reshape(shape).astype(np.float32)
    except ValueError as error:
        raise RecordError(
            f"field {name!r} has {len(data)} bytes, which don't make {shape}", field=name
        ) from error
    if not np.isfinite(array).all():
        raise RecordError(f"field {name!r} holds values that are not finite", field=name)
    return array
