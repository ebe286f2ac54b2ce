"""Basic and digest authentication, from the camera's side (RFC 2617)."""

import base64
import hashlib
import re

REALM, NONCE = "camera", "6f1b2c"


def is_allowed(authorization: str, method: str, user: str, password: str) -> bool:
    """Whether a request's Authorization header proves the user and password."""
    way, _, rest = authorization.partition(" ")
    if way == "Basic":
        return rest == base64.b64encode(f"{user}:{password}".encode()).decode()
    if way != "Digest":
        return False
    fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    who = _md5(f"{user}:{REALM}:{password}")
    what = _md5(f"{method}:{fields.get('uri', '')}")
    return fields.get("username") == user and fields.get("response") == _md5(f"{who}:{NONCE}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
