"""A password that is put wherever one may be put, and looked for wherever none may be."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import redis

WORD = "Canary7Xq"
# Escaped, it is one with which URLs can be built; as it is, people write it into them all the same.
PASSWORD = f"{WORD}/@ %{WORD}#?"
QUOTED = quote(PASSWORD, safe="")


def _forms() -> frozenset[bytes]:
    """How the word may be written: as it is, turned around, in hexadecimal digits, in base64 at any place."""
    word = WORD.encode()
    found = {word.lower(), word[::-1].lower(), word.hex().encode()}
    for before in range(3):
        whole = base64.b64encode(b"." * before + word)
        # Without the letters that its neighbours have a part in.
        found.add(whole[-(-8 * before // 6) : -4].lower())
    return frozenset(found)


_FORMS = _forms()


def shows(text: str | bytes) -> bool:
    """Whether a text, or bytes, hold the canary in any form."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return any(form in data.lower() for form in _FORMS)


def values_of(client: redis.Redis) -> dict[bytes, bytes]:
    """Every key of a server with all that is in it, as the server writes it."""
    return {key: key + bytes(client.dump(key) or b"") for key in client.scan_iter("*")}


def files_below(*folders: Path) -> dict[Path, bytes]:
    """Content of all files."""
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
