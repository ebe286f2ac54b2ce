"""URLs made fit for messages and logs: only what can't be a secret stays readable."""

from __future__ import annotations

import re

_MASK = "***"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_PLAIN_SCHEMES = frozenset({"redis", "rediss", "unix", "valkey", "valkeys", "http", "https", "rtsp"})
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_ADDRESS = re.compile(rf"(?:{_HOST.pattern})?(?::[0-9]{{1,5}})?")
_USER = re.compile(r"[A-Za-z0-9._-]+")
_DATABASE_PATH = re.compile(r"/?|/[0-9]{1,3}")
_DATABASE_OPTION = re.compile(r"db=[0-9]{1,3}")
_SECRET_OPTIONS = ("username", "password", "ssl_password")


def redact_url(url: str) -> str:
    """Mask the secrets of a Redis URL; what can't be told from a secret is masked with them.

    Host, port, database number, socket path and the user name before a password stay readable.

    Args:
        url: Anything that a person may have given as a URL, well-formed or not.

    Returns:
        The text for a message, such as ``redis://user:***@host:6379/0``. Never raises on any string.
    """
    match = _SCHEME.fullmatch(url)
    if match is None:
        return _redact_rest(url, scheme=None)
    scheme, rest = match[1].lower(), match[2]
    shown = scheme if scheme in _PLAIN_SCHEMES else _MASK
    return f"{shown}://{_redact_rest(rest, scheme=scheme)}"


def _redact_rest(rest: str, *, scheme: str | None) -> str:
    # The *last* @ ends the credentials, so that an @, : or / inside a password that nobody escaped stays
    # hidden.
    credentials, at, location = rest.rpartition("@")
    if "?" in credentials or "#" in credentials:
        # Either a password holds this character or an option's value holds the @: nobody can say which part
        # is secret.
        return _MASK
    location, hash_sign, _ = location.partition("#")
    location, question, query = location.partition("?")
    prefix = f"{_redact_credentials(credentials)}@" if at else ""
    suffix = f"?{_redact_query(query)}" if question else ""
    return (
        prefix + _redact_location(location, scheme, bare=not at) + suffix + (f"#{_MASK}" if hash_sign else "")
    )


def _redact_credentials(credentials: str) -> str:
    user, _, password = credentials.partition(":")
    # A lone "user" is often a password in the wrong place.
    if not password:
        return _MASK
    shown = user if not user or _USER.fullmatch(user) else _MASK
    return f"{shown}:{_MASK}"


def _redact_location(location: str, scheme: str | None, *, bare: bool) -> str:
    address, slash, path = location.partition("/")
    path = slash + path
    if scheme is None and bare and ":" not in address:
        # A single word without scheme, port or @ may be the password itself.
        return _MASK
    shown = address if _ADDRESS.fullmatch(address) else _MASK
    if scheme == "unix" and shown == address and not _has_control(path):
        return shown + path
    return shown + (path if _DATABASE_PATH.fullmatch(path) else f"/{_MASK}")


def _redact_query(query: str) -> str:
    shown: list[str] = []
    for option in query.split("&"):
        if _DATABASE_OPTION.fullmatch(option):
            shown.append(option)
            continue
        name = option.partition("=")[0]
        shown.append(f"{name}={_MASK}" if name in _SECRET_OPTIONS else _MASK)
    return "&".join(shown)


def _has_control(text: str) -> bool:
    return any(not character.isprintable() for character in text)
