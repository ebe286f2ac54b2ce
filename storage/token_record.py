"""What a caller of the HTTP API may do, and by which token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from storage.errors import RecordError


class Scope(StrEnum):
    """What a token allows; each includes the ones before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: Scope) -> bool:
        """Whether who may do this may do the other as well."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token, of which only a hash is kept.

    Attributes:
        name: Unique in its collection.
        scope: What it allows.
        sha256: Hexadecimal SHA-256 of it. It has 256 random bits, so that nothing slower is needed.
        created_at_s: Unix time.
    """

    name: str
    scope: Scope
    sha256: str
    created_at_s: float

    def encode(self) -> str:
        """As the JSON that a value of the hash `tokens` is."""
        return json.dumps(
            {"scope": self.scope, "sha256": self.sha256, "created_at_s": round(self.created_at_s, 3)}
        )

    @classmethod
    def decode(cls, name: bytes, value: bytes) -> TokenRecord:
        """Read what `encode` wrote.

        Raises:
            RecordError: If it is something else.
        """
        try:
            facts = json.loads(value)
            record = cls(
                name.decode(), Scope(facts["scope"]), str(facts["sha256"]), float(facts["created_at_s"])
            )
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise RecordError("it is no token", field=name.decode("utf-8", "replace")) from error
        return record
