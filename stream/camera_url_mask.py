"""Which parts of a camera's URL can be shown: only what can't be a secret stays readable."""

from __future__ import annotations

import re
from urllib.parse import unquote

_MASK = "***"
_USER = re.compile(r"[A-Za-z0-9._-]{1,32}")
# Anywhere in a name, so that `userpwd`, `authToken` and `api_key` are among them.
_SECRET = re.compile(r"pass|pwd|tok|key|auth|user|usr|login|secret|cred|sess|sig|pin\b|\bpw\b", re.IGNORECASE)
# What cameras call the parts of a URL that choose a picture and open nothing.
_PLAIN_NAMES = frozenset(
    {
        "camera",
        "channel",
        "ch",
        "codec",
        "compression",
        "fps",
        "framerate",
        "height",
        "id",
        "media",
        "profile",
    }
    | {"proto", "quality", "resolution", "rate", "stream", "streamid", "streamtype", "substream", "subtype"}
    | {"track", "trackid", "transport", "type", "unicast", "videocodec", "width"}
)
_SECRET_NAMES = frozenset({"auth", "key", "pass", "passwd", "password", "pwd", "token", "user", "username"})
_PLAIN_VALUE = re.compile(r"[A-Za-z]{0,12}[0-9]{0,5}(?:[x.:][0-9]{1,5})?")
# A word with a few digits, as in `h264Preview_01_main` or `Channels`; a random token has many changes between
# small letters, capitals and digits.
_PLAIN_WORD = re.compile(r"(?:[0-9]{0,4}(?:[A-Z]{1,8}|[A-Z]?[a-z]{1,15})){1,3}[0-9]{0,4}|[0-9]{0,5}")
_LONGEST_PLAIN = 40


def masked_credentials(user: str | None, password: str | None) -> str:
    """What stands before the host, with its @; "" where there is nothing.

    A name before a password stays readable. A name alone, or before an empty password, is often a token, and
    a stranger one may be a password in the wrong place.

    Args:
        user: Percent-encoded.
        password: Percent-encoded.
    """
    if user is None:
        return ""
    if password is None:
        return f"{_MASK}@"
    return f"{user if password and _USER.fullmatch(user) else _MASK}:{_MASK}@"


def masked_path(path: str) -> str:
    """The path, percent-encoded; from the first part that names a secret on, every part is masked."""
    shown: list[str] = []
    secret = False
    for part in path.split("/"):
        text = unquote(part)
        secret = secret or _SECRET.search(text) is not None
        shown.append(part if not part or (not secret and _is_plain(text)) else _MASK)
    return "/".join(shown)


def masked_query(query: str) -> str:
    """The query with its question mark; of what is not known to be harmless, at most the name is left."""
    if not query:
        return ""
    return "?" + "&".join(_masked_option(option) for option in query.split("&"))


def _masked_option(option: str) -> str:
    name, equals, value = option.partition("=")
    if not equals:
        return option if option.lower() in _PLAIN_NAMES else _MASK
    if name.lower() in _PLAIN_NAMES:
        return option if _PLAIN_VALUE.fullmatch(value) else f"{name}={_MASK}"
    return f"{name}={_MASK}" if name.lower() in _SECRET_NAMES else _MASK


def _is_plain(text: str) -> bool:
    name, equals, value = text.partition("=")
    if equals:
        return name.lower() in _PLAIN_NAMES and _PLAIN_VALUE.fullmatch(value) is not None
    return len(text) <= _LONGEST_PLAIN and all(map(_PLAIN_WORD.fullmatch, re.split("[-_.]", text)))
