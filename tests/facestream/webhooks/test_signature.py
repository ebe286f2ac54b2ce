import hashlib
import hmac
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.webhooks.signature import is_signed, sign


@given(st.text(min_size=1, max_size=20), st.binary(max_size=100), st.integers(0, 4_000_000_000))
def test_a_receiver_can_check_what_we_sign(secret: str, body: bytes, at_s: int) -> None:
    header = sign(secret, body, at_s + 0.7)
    # As anybody would who knows nothing but the documentation.
    expected = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    assert header == f"t={at_s},v1={expected}"
    assert is_signed(secret, body, header, now_s=at_s)


@pytest.mark.parametrize(
    ("secret", "body", "header", "now_s"),
    [
        ("other", b"{}", None, 1000.0),
        ("secret", b"{ }", None, 1000.0),
        ("secret", b"{}", None, 1400.0),
        ("secret", b"{}", None, 600.0),
        ("secret", b"{}", "", 1000.0),
        ("secret", b"{}", "t=1000,v1=", 1000.0),
        ("secret", b"{}", "v1=" + "0" * 64, 1000.0),
    ],
)
def test_what_is_not_ours_or_old_is_refused(
    secret: str, body: bytes, header: str | None, now_s: float
) -> None:
    good = sign("secret", b"{}", 1000.0)
    assert is_signed("secret", b"{}", good, now_s=1001.0)
    assert not is_signed(secret, body, good if header is None else header, now_s=now_s)


def test_the_receiver_of_the_documentation_takes_what_is_ours_alone() -> None:
    page = Path(__file__).parents[3] / "docs" / "webhooks.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    receiver: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(example, str(page), "exec"), receiver)
    header = sign(receiver["SECRET"], b"{}", time.time())
    assert receiver["is_ours"](header, b"{}")
    assert not receiver["is_ours"](header, b"{} ")
    assert not receiver["is_ours"](sign(receiver["SECRET"], b"{}", time.time() - 400), b"{}")
    assert not receiver["is_ours"](sign("another", b"{}", time.time()), b"{}")
    for written in ("", "t=,v1=", "v1", header.replace("v1=", "v1=\u00e9")):
        assert not receiver["is_ours"](written, b"{}")
