"""Signatures of webhooks: who receives one can tell that we sent it, and when."""

from __future__ import annotations

import hashlib
import hmac
import re
import time

HEADER = "X-Facestream-Signature"
"""Header that holds the signature."""

TOLERANCE_S = 300.0
"""Age above which receivers should refuse a delivery: somebody may have kept it to send it again."""

_WRITTEN = re.compile(r"t=([0-9]{1,15}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, at_s: float) -> str:
    """The header of a delivery: HMAC-SHA256 over the time of sending, a dot, and the body.

    Args:
        secret: What sender and receiver know.
        body: As it is sent.
        at_s: Unix time of sending.
    """
    at = str(int(at_s))
    return f"t={at},v1={_digest(secret, at, body)}"


def is_signed(
    secret: str, body: bytes, header: str, tolerance_s: float = TOLERANCE_S, now_s: float | None = None
) -> bool:
    """Whether a delivery is ours, unchanged and recent.

    Args:
        secret: What sender and receiver know.
        body: As it was received, before anything parsed it.
        header: What the header `HEADER` says.
        tolerance_s: Largest age, s.
        now_s: Unix time; default: now.
    """
    written = _WRITTEN.fullmatch(header)
    if written is None:
        return False
    age_s = (time.time() if now_s is None else now_s) - int(written[1])
    return abs(age_s) <= tolerance_s and hmac.compare_digest(written[2], _digest(secret, written[1], body))


def _digest(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
