"""Puts together who is let in."""

from __future__ import annotations

from facestream.configuration.serve_table import ServeTable, listed
from facestream.web.access import Access
from facestream.web.listening import is_loopback
from facestream.wiring import make_token_store
from storage.connection import RedisHandle
from storage.keys import Keys


def make_access(handle: RedisHandle, keys: Keys, serve: ServeTable) -> Access:
    """Who is let in: on this machine anybody, unless the settings say that others can get here."""
    others = (*listed(serve.allowed_hosts), *listed(serve.trusted_proxies))
    return Access(
        keys.collection,
        serve.require_token or bool(others) or not is_loopback(serve.host),
        serve.session_hours * 3600,
        _tokens=make_token_store(handle, keys),
        _handle=handle,
    )
