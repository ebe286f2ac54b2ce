import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.signature import is_signed, sign


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
