"""URLs of Redis servers: what they ask for, and what is wrong with them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import redis
from redis.connection import parse_url

from storage.errors import RedisUrlError

_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
_URL_OPTIONS = frozenset({"db", "username", "password"})
_TLS_OPTIONS = frozenset(
    {
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
        "ssl_password",
    }
)


def options_of(url: str, where: str) -> dict[str, Any]:
    """What a connection pool is made with; host, port or path, database, TLS and who logs in.

    Args:
        url: ``redis://``, ``rediss://`` (TLS), ``unix://``, or ``valkey://`` and ``valkeys://``.
        where: The same without secrets, for messages.

    Raises:
        RedisUrlError: If it can't be read.
    """
    given_scheme, separator, rest = url.strip().partition("://")
    scheme = _SCHEMES.get(given_scheme.lower())
    if not separator or scheme is None:
        raise RedisUrlError(
            f"The Redis URL {where} should begin with redis://, rediss://, unix:// or valkey://.", where=where
        )
    if not rest.isprintable():
        raise _unreadable(where)
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        options: dict[str, Any] = parse_url(f"{scheme}://{rest}")  # type: ignore[no-untyped-call]
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        # As it will be done for the look-up; a part that is too long or empty raises.
        options.get("host", "").encode("idna")
    except ValueError:
        # From None: the parser's text quotes the part that it can't read, which may be the password's.
        raise _unreadable(where) from None
    allowed = _URL_OPTIONS | (_TLS_OPTIONS if scheme == "rediss" else frozenset())
    if not names <= allowed:
        # Not named: what stands after an unescaped ? may be the password's.
        raise RedisUrlError(
            f"The Redis URL {where} has an option that facestream does not know. It knows: "
            f"{', '.join(sorted(allowed))}. A ? in a password is written %3F.",
            where=where,
        )
    if scheme == "unix":
        if parts.netloc.rpartition("@")[2] or not options.get("path"):
            raise RedisUrlError(
                f"The Redis URL {where} should hold the absolute path of a socket, as unix:///run/redis.sock "
                "does.",
                where=where,
            )
    elif parts.fragment or not re.fullmatch(r"/?|/[0-9]+", parts.path):
        raise _unreadable(where)
    user, password = options.pop("username", None), options.pop("password", None)
    if user is not None or password is not None:
        # Behind a provider, not among the pool's own arguments, which its repr prints.
        options["credential_provider"] = redis.UsernamePasswordCredentialProvider(user, password)
    return options


def _unreadable(where: str) -> RedisUrlError:
    return RedisUrlError(
        f"The Redis URL {where} can't be read. It should look like redis://user:password@host:6379/0; in a "
        "password, write % as %25, / as %2F, ? as %3F, # as %23, @ as %40 and : as %3A.",
        where=where,
    )
