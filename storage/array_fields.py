"""Arrays in fields of Redis hashes and stream entries, read with checks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.errors import RecordError
from storage.fields import Raw

FloatArray = npt.NDArray[np.float32]


def float_array(raw: Raw, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> FloatArray:
    """A read-only array of finite numbers as float32; -1 in `shape` stands for whatever fits.

    Raises:
        RecordError: If the field is missing or malformed.
    """
    data = raw.get(name.encode(), b"")
    try:
        stored = np.frombuffer(data, dtype).reshape(shape)
    except ValueError as error:
        raise RecordError(
            f"field {name!r} has {len(data)} bytes, which don't make {shape}", field=name
        ) from error
    # Before the conversion, which warns of some values that are not numbers.
    if not np.isfinite(stored).all():
        raise RecordError(f"field {name!r} holds values that are not finite", field=name)
    array = stored.astype(np.float32)
    array.flags.writeable = False
    return array
