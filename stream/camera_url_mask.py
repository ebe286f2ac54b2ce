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
# Numbers, sizes, and what cameras call streams and codecs: any other word may be somebody's password.
_PLAIN_VALUE = re.compile(
    r"(?:[0-9]{1,5}(?:[x.:][0-9]{1,5})?)?"
    r"|(?:av|cam|camera|ch|channel|main|media|mediaprofile|mode|profile|stream|sub|track|trackid|video)"
    r"[_-]?[0-9]{0,3}"
    r"|main_?stream|sub_?stream|(?:first|second|third|primary|secondary|extra|mobile|native|live|full)"
    r"|h\.?26[45][+]?|avc|hevc|m?jpe?g|mpeg[24]?|mp4v?|vp[89]|av1|aac|onvif"
    r"|rtp|rtsp|udp|tcp|https?|uni|unicast|multi|multicast"
    r"|true|false|yes|no|on|off|auto|low|mid|medium|high|best"
    r"|[0-9]{3,4}[pi]|[248]k|(?:q|q?v|s|x|w)ga|[q4]?cif|d1|hd|sd|fhd|uhd|fullhd|vga|qvga",
    re.IGNORECASE,
)
# What stands behind one of these in a path is its password.
_ACCOUNT = re.compile(
    r"admin[0-9]{0,3}|administrator|root|users?|viewer|operator|guest|service|supervisor|support|ubnt|anonymous",
    re.IGNORECASE,
)
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
    """The path, percent-encoded; from the first part that names a secret on, every part is masked.

    So is every part behind the usual name of an account, and one that has such a name and something else.
    """
    shown: list[str] = []
    secret = False
    for part in path.split("/"):
        text = unquote(part)
        is_account = _ACCOUNT.fullmatch(text) is not None
        secret = secret or (_SECRET.search(text) is not None and not is_account)
        # The rest of the part would be the password.
        is_joined = not is_account and any(map(_ACCOUNT.fullmatch, re.split("[-_.:,;=]", text)))
        shown.append(part if not part or (not (secret or is_joined) and _is_plain(text)) else _MASK)
        secret = secret or is_account or is_joined
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
