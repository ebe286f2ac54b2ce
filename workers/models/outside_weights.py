"""Whether a model keeps weights in other files than its own.

The file is read as far as it takes, over its weights and without the package onnx, which takes long to load:
https://protobuf.dev/programming-guides/encoding and the numbers of fields in onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Fields that lead to tensors, by the kind of message: number of the field, and the kind that it holds.
_FIELDS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
# Of a tensor: keys and values that say where its numbers are, and whether those count.
_ENTRY, _PLACE, _OUTSIDE = 13, 14, 1
_KEY, _VALUE = 1, 2
_LOCATION = b"location"
# What is no larger is looked through for the key as a whole, in a fraction of the time.
_SMALL_BYTES = 1 << 16

_VARINT, _EIGHT, _BYTES, _OPENS, _CLOSES, _FOUR = range(6)
_LONGEST_VARINT = 10
# Of more bits, parsers leave out the upper ones.
_MOST_OF_ENUM = 0xFFFFFFFF


class _CutOffError(ValueError):
    """The file is no ONNX model, or cut off."""


def outside_weights(path: Path) -> str | None:
    """The name of another file that a model takes weights from; None for a model that has all of them.

    Of a file that is no model it says nothing: ONNX Runtime does.

    Args:
        path: The ONNX file, which is not empty.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # A list and no recursion: a file could nest its graphs too deep for that.
        waiting = [("model", 0, len(data))]
        try:
            while waiting:
                kind, start, end = waiting.pop()
                if kind == "tensor":
                    name = _named_by(data, start, end)
                    if name is not None:
                        return name
                    continue
                inner = _FIELDS[kind]
                waiting += [
                    (inner[number], first, last)
                    for number, first, last in _parts(data, start, end)
                    if number in inner and _may_name(data, first, last)
                ]
        except _CutOffError:
            return None
    return None


def _may_name(data: mmap.mmap, start: int, end: int) -> bool:
    return end - start > _SMALL_BYTES or _LOCATION in data[start:end]


def _named_by(data: mmap.mmap, start: int, end: int) -> str | None:
    """The file that a tensor is in, or None."""
    outside, name = False, ""
    for number, first, last in _parts(data, start, end):
        if number == _PLACE:
            # The same number may be written with more bytes than it takes.
            outside = _varint(data, first, last)[0] & _MOST_OF_ENUM == _OUTSIDE
        elif number == _ENTRY:
            entry = {part: data[begin:stop] for part, begin, stop in _parts(data, first, last)}
            if entry.get(_KEY) == _LOCATION:
                name = entry.get(_VALUE, b"").decode(errors="replace")
    return name if outside else None


def _parts(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number of each field of a message, and where what it holds begins and ends.

    Groups, which models have none of, are passed over with all that is in them, as parsers do.
    """
    at, depth = start, 0
    while at < end:
        tag, first = _varint(data, at, end)
        wire = tag & 7
        if wire in (_OPENS, _CLOSES):
            at, depth = first, depth + (1 if wire == _OPENS else -1)
            if depth < 0:
                raise _CutOffError
            continue
        if wire == _BYTES:
            length, first = _varint(data, first, end)
            at = first + length
        elif wire == _VARINT:
            _, at = _varint(data, first, end)
        elif wire in (_EIGHT, _FOUR):
            at = first + (8 if wire == _EIGHT else 4)
        else:
            raise _CutOffError
        if at > end:
            raise _CutOffError
        if not depth:
            yield tag >> 3, first, at


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """A number, and where what follows it begins."""
    value = 0
    for place in range(min(_LONGEST_VARINT, end - at)):
        byte = data[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise _CutOffError
