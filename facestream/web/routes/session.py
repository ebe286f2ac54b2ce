"""Routes of session: the page logs in with a token, as it can't send headers with pictures and events."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, SecretStr
from starlette.concurrency import run_in_threadpool

from facestream.web.access_gate import address_of, check_failures, session_of, unauthorised
from facestream.web.context import Context
from facestream.web.schemas import Body
from facestream.web.scopes import Scope, caller_of, needs_read

router = APIRouter(tags=["session"])


class Login(Body):
    """What is needed to log in."""

    token: SecretStr


class Session(BaseModel):
    """Who is logged in."""

    scope: Scope
    name: str | None


@router.post("/session", openapi_extra={"security": []})
async def log_in(request: Request, response: Response, context: Context, login: Login) -> Session:
    """Log in with a token: a cookie holds the session from now on, which no script can read."""
    access = context.access
    token = login.token.get_secret_value().strip()
    check_failures(access, request, token)
    begun = await run_in_threadpool(access.log_in, token)
    if begun is None:
        access.failures.count(address_of(request))
        raise unauthorised("There is no such token, or it was removed.")
    caller, session_id = begun
    response.set_cookie(
        access.cookie,
        session_id,
        max_age=int(access.session_s),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return Session(scope=caller.scope, name=caller.name)


@router.get("/session", dependencies=[needs_read])
async def show(request: Request) -> Session:
    """Who the caller is; the name is null on the machine itself, where no token is needed."""
    caller = caller_of(request)
    return Session(scope=caller.scope, name=caller.name)


@router.delete("/session", dependencies=[needs_read], status_code=204)
async def log_out(request: Request, response: Response, context: Context) -> None:
    """Log out: the session ends, also where its cookie was copied to."""
    session_id = session_of(request.headers, context.access.cookie)
    if session_id is not None:
        await run_in_threadpool(context.access.log_out, session_id)
    response.delete_cookie(context.access.cookie, path="/", httponly=True, samesite="strict")
