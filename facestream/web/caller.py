"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from storage.token_record import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whom the API lets in.

    Attributes:
        scope: What they may do.
        name: Name of their token; None for somebody on this machine who needs none.
        by_cookie: Whether a browser sends what lets them in by itself.
    """

    scope: Scope
    name: str | None = None
    by_cookie: bool = False
