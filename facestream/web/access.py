"""Who is let in, and with what."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from facestream.web.caller import Caller
from facestream.web.failure_limit import FailureLimit
from facestream.web.known_tokens import KnownTokens
from storage.connection import RedisHandle
from storage.errors import StorageError
from storage.token_record import Scope, TokenRecord
from storage.token_store import TokenStore


@dataclass(slots=True, eq=False)
class Access:
    """Checks tokens and sessions. Its methods ask Redis, and may be called by several threads.

    Attributes:
        collection: Whose tokens.
        token_required: Whether everybody needs a token, and not only who shows one.
        session_s: How long a session lasts, s.
        failures: Who showed wrong ones.
        known: Tokens that were right before.
    """

    collection: str
    token_required: bool
    session_s: float
    failures: FailureLimit = field(default_factory=FailureLimit)
    known: KnownTokens = field(default_factory=KnownTokens)
    _tokens: TokenStore = field(kw_only=True, repr=False)
    _handle: RedisHandle = field(kw_only=True, repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie with the session: browsers keep those of all ports of a host together."""
        return f"facestream_{self.collection}"

    def by_token(self, token: str) -> Caller | None:
        """Who shows a token, or None if it is none."""
        with self._handle.errors():
            record = self._find(token)
        if record is None:
            return None
        self._note_use(record)
        return Caller(record.scope, record.name)

    def by_session(self, session_id: str) -> Caller | None:
        """Who has a session, or None if it is over, or its token was removed."""
        with self._handle.errors():
            record = self._tokens.session(session_id)
        if record is None:
            return None
        self._note_use(record)
        return Caller(record.scope, record.name, by_cookie=True)

    def anonymous(self) -> Caller | None:
        """Who shows nothing, where that is enough."""
        return None if self.token_required else Caller(Scope.ADMIN)

    def has_tokens(self) -> bool:
        """Whether there is a token that somebody could have."""
        with self._handle.errors():
            return self._tokens.count() > 0

    def log_in(self, token: str) -> tuple[Caller, str] | None:
        """Begin a session: who, and its id; None if the token is none."""
        with self._handle.errors():
            record = self._find(token)
            if record is None:
                return None
            session_id = self._tokens.open_session(record, self.session_s)
        self._note_use(record)
        return Caller(record.scope, record.name, by_cookie=True), session_id

    def log_out(self, session_id: str) -> None:
        """End a session."""
        with self._handle.errors():
            self._tokens.end_session(session_id)

    def _find(self, token: str) -> TokenRecord | None:
        record = self._tokens.find(token)
        if record is None:
            self.known.forget(token)
        else:
            self.known.remember(token)
        return record

    def _note_use(self, record: TokenRecord) -> None:
        # Nobody is kept out because that can't be written down.
        with contextlib.suppress(StorageError), self._handle.errors():
            self._tokens.note_use(record)
