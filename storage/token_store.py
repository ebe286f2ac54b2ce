"""Tokens of the HTTP API and the sessions that were begun with them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from typing import cast

import redis

from storage.commands import Hash, commands_of
from storage.errors import NoSuchTokenError, RecordError, TokenExistsError
from storage.fields import reading
from storage.keys import TOKEN_PREFIX, Keys, check_token_name
from storage.optimistic import begin_collection
from storage.people_reader import leave_out
from storage.token_record import Scope, TokenRecord

MAX_TOKENS = 100
MAX_SESSIONS = 1000

_BYTES = 32
_USE_EVERY_S = 60.0


class TokenStore:
    """Reads and writes tokens and sessions. What is removed counts no longer at once, in all processes.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._told_at_s: dict[str, float] = {}

    # Tokens ------------------------------------------------------------------------------------------------

    def add(self, name: str, scope: Scope) -> str:
        """Make a token.

        Args:
            name: What it is called, by the rules of `check_token_name`.
            scope: What it allows.

        Returns:
            The token: this is the only time that it is known.

        Raises:
            ValueError: If it can't be called so.
            TokenExistsError: If there is one of that name, or there are `MAX_TOKENS`.
        """
        check_token_name(name)
        if self.count() >= MAX_TOKENS:
            raise TokenExistsError(f"There are {MAX_TOKENS} tokens. Remove one that nobody needs.", name=name)
        token = TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)
        record = TokenRecord(name, scope, _hash(token), time.time())
        written = record.encode()
        # Asked again after an answer that was lost, it may be there as we wrote it.
        if not self._client.hsetnx(self._keys.tokens, name, written) and not self._is_ours(name, written):
            raise TokenExistsError(
                f"There is a token {name!r} in collection {self._keys.collection!r} already. Choose another "
                "name, or remove that one first.",
                name=name,
            )
        with self._client.pipeline() as pipe:
            # Of one that was called so before.
            pipe.hdel(self._keys.tokens_used, name)
            begin_collection(pipe, self._keys)
            pipe.execute()
        return token

    def _is_ours(self, name: str, written: str) -> bool:
        return self._client.hget(self._keys.tokens, name) == written.encode()

    def count(self) -> int:
        """How many tokens there are."""
        return self._client.hlen(self._keys.tokens)

    def all(self) -> list[tuple[TokenRecord, float | None]]:
        """All tokens by name, each with when it was last used, to a minute; damaged ones are left out."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._keys.tokens)
            pipe.hgetall(self._keys.tokens_used)
            tokens, used = cast("tuple[Hash, Hash]", pipe.execute())
        records = sorted(self._readable(tokens), key=lambda record: record.name)
        return [(record, _time(used.get(record.name.encode()))) for record in records]

    def remove(self, name: str) -> None:
        """Take a token away, and end the sessions that were begun with it.

        Raises:
            ValueError: If none can be called so.
            NoSuchTokenError: If there is none of that name.
        """
        check_token_name(name)
        with self._client.pipeline() as pipe:
            pipe.hdel(self._keys.tokens, name)
            pipe.hdel(self._keys.tokens_used, name)
            removed, _ = pipe.execute()
        if not removed:
            names = ", ".join(record.name for record, _ in self.all()[:10])
            there = f"there are {names}" if names else "there are none"
            where = f"in collection {self._keys.collection!r}"
            raise NoSuchTokenError(f"There is no token {name!r} {where}: {there}.", name=name)
        self._drop_sessions()

    def find(self, token: str) -> TokenRecord | None:
        """The token that somebody shows, or None if it is none. Takes equally long for any that is none."""
        return self._by_hash(_hash(token), self._client.hgetall(self._keys.tokens))

    def note_use(self, record: TokenRecord) -> None:
        """Remember that a token was used just now, to a minute."""
        now_s = time.time()
        if now_s - self._told_at_s.get(record.sha256, 0.0) >= _USE_EVERY_S:
            self._told_at_s[record.sha256] = now_s
            self._client.hset(self._keys.tokens_used, record.name, f"{now_s:.3f}")

    # Sessions ----------------------------------------------------------------------------------------------

    def open_session(self, record: TokenRecord, life_s: float) -> str:
        """Begin a session with a token.

        Args:
            record: The token.
            life_s: How long it lasts, s.

        Returns:
            Its id, which is as secret as a token; only a hash of it is kept.
        """
        self._drop_sessions(MAX_SESSIONS - 1)
        session_id = secrets.token_urlsafe(_BYTES)
        row = {"token": record.sha256, "ends_at_s": round(time.time() + life_s, 3)}
        self._client.hset(self._keys.sessions, _hash(session_id), json.dumps(row))
        return session_id

    def session(self, session_id: str) -> TokenRecord | None:
        """The token that a session was begun with; None where the session has ended, or the token is gone."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hget(self._keys.sessions, _hash(session_id))
            pipe.hgetall(self._keys.tokens)
            row, tokens = cast("tuple[bytes | None, Hash]", pipe.execute())
        sha256, ends_at_s = _session(row)
        return self._by_hash(sha256, tokens) if time.time() < ends_at_s else None

    def end_session(self, session_id: str) -> None:
        """End a session."""
        with self._client.pipeline() as pipe:
            pipe.hdel(self._keys.sessions, _hash(session_id))
            pipe.execute()

    def _drop_sessions(self, most: int = MAX_SESSIONS) -> None:
        """Drop those that count no longer, and the ones that end first where there are too many."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._keys.sessions)
            pipe.hgetall(self._keys.tokens)
            rows, tokens = cast("tuple[Hash, Hash]", pipe.execute())
        known = {record.sha256 for record in self._readable(tokens)}
        ends = {
            name.decode(): (ends_at_s if sha256 in known else 0.0)
            for name, (sha256, ends_at_s) in ((name, _session(row)) for name, row in rows.items())
        }
        now_s = time.time()
        latest = sorted(ends, key=lambda name: ends[name], reverse=True)
        gone = [name for place, name in enumerate(latest) if place >= most or ends[name] <= now_s]
        if gone:
            with self._client.pipeline() as pipe:
                pipe.hdel(self._keys.sessions, *gone)
                pipe.execute()

    def _by_hash(self, sha256: str, tokens: Hash) -> TokenRecord | None:
        found = None
        for record in self._readable(tokens):
            # Without an early end, which would tell how far one is right.
            if hmac.compare_digest(record.sha256.encode(), sha256.encode()):
                found = record
        return found

    def _readable(self, tokens: Hash) -> list[TokenRecord]:
        records = []
        for name, value in tokens.items():
            try:
                with reading(self._keys.tokens):
                    records.append(TokenRecord.decode(name, value))
            except RecordError as error:
                leave_out(error)
        return records


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _time(value: bytes | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _session(row: bytes | None) -> tuple[str, float]:
    """Hash of the token, and when it ends; of what is none, an end long ago."""
    try:
        facts = json.loads(row or b"")
        return str(facts["token"]), float(facts["ends_at_s"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return "", 0.0
