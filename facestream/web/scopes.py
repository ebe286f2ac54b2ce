"""What a caller may do, as dependencies of routes."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request

from facestream.web.caller import Caller
from facestream.web.problems import Problem
from storage.token_record import Scope as Scope


def caller_of(request: Request) -> Caller:
    """Who asks.

    Raises:
        Problem: If nobody has let them in.
    """
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        # A route that is none of the API's.
        raise Problem(401, "This needs a token.")
    return caller


def _needs(scope: Scope) -> Any:
    # Asynchronous, as it doesn't wait: a thread of the pool would be the dearer way.
    async def check(request: Request) -> None:
        """Refuse a caller whose token does not allow it."""
        caller = caller_of(request)
        if not caller.scope.includes(scope):
            raise Problem(
                403,
                f"This needs a token with the scope {scope}; {caller.name!r} has {caller.scope}.",
                scope=scope,
            )

    return Depends(check)


needs_read = _needs(Scope.READ)
needs_write = _needs(Scope.WRITE)
needs_admin = _needs(Scope.ADMIN)
