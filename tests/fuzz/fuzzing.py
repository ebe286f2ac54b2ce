"""How long is fuzzed, and values that are seldom right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
"""Settings of each test here."""

slowly_fuzzed = settings(fuzzed, max_examples=max(EXAMPLES // 10, 3))
"""The same where one example takes some milliseconds."""

_WRITTEN = [
    *(
        "",
        "0",
        "-0",
        "-1",
        "1",
        "2",
        "0.5",
        "1e309",
        "-1e309",
        "nan",
        "inf",
        "-inf",
        "1e-320",
        "0x10",
        " 1 ",
        "1_0",
    ),
    *(
        "9" * 19,
        "9" * 400,
        "9" * 5000,
        "1" + "0" * 308,
        "\u0661",
        "true",
        "null",
        "{}",
        "[]",
        '""',
        "[[]]",
        '[""]',
    ),
    *(
        "[" * 3000,
        '{"a":' * 3000,
        '{"a":NaN}',
        "[1e999]",
        '["\\ud800"]',
        '"\\u0000"',
        "p1",
        "p0",
        "p" + "9" * 40,
    ),
    *("..", "../../etc/passwd", "a|b|c", "|", "|nan|inf", "x" * 10_000, "\x00", "\r\n", "\u202e", "\ud7ff"),
]
_BYTES = [
    b"\xff",
    b"\xff\xfe",
    b"\x00" * 64,
    b"\xff" * 64,
    b"\x80" * 3,
    b"\x00\x00\xc0\x7f" * 4,
    b"\xff\xd8\xff\xe0",
]

bad_values = (
    st.sampled_from([*(value.encode() for value in _WRITTEN), *_BYTES])
    | st.binary(max_size=80)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.floats().map(lambda value: repr(value).encode())
    | st.integers().map(lambda value: str(value).encode())
)
"""Values of fields, some of which are right by chance."""


@st.composite
def mutations(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes of a file with some of them changed, left out, put in twice or somewhere else."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        start = draw(st.integers(0, len(data) - 1))
        end = min(start + draw(st.sampled_from([1, 2, 4, 16, 300, 5000])), len(data))
        match draw(st.integers(0, 5)):
            case 0:
                data[start] ^= 1 << draw(st.integers(0, 7))
            case 1:
                del data[start:]
            case 2:
                del data[start:end]
            case 3:
                data[start:start] = data[start:end]
            case 4:
                data[start:end] = draw(st.binary(min_size=1, max_size=16))
            case _:
                data[start:end] = bytes([draw(st.sampled_from([0, 0x7F, 0x80, 0xFF]))]) * (end - start)
    return bytes(data)


_NAMES = [
    "id",
    "name",
    "state",
    "scope",
    "sha256",
    "created_at_s",
    "source_ids",
    "sides",
    "kind",
    "progress",
    "fps",
]
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
"""Values in JSON, and in what Python takes for it."""


def refusal(call: Callable[[], object], *errors: type[Exception]) -> str:
    """How a call was refused, in words; empty where it was not."""
    try:
        call()
    except errors as error:
        return str(error) or "without a word"
    return ""
