"""What answers of web servers mean for a download: whether to try again, and what to say."""

from __future__ import annotations

import re
import socket
import ssl

import requests

from workers.errors import DownloadError

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 3600


class PassingError(Exception):
    """It did not work, and may work when it is tried again.

    Attributes:
        wait_s: How long the server asks to wait before, s; None if it doesn't say.
    """

    def __init__(self, message: str, *, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def answer_problem(answer: requests.Response, shown: str) -> Exception | None:
    """What is wrong with an answer, before its body is read: a `DownloadError`, a `PassingError` or None.

    Args:
        answer: The answer.
        shown: The address, fit to be shown.
    """
    code = answer.status_code
    if code in _LATER:
        return PassingError(f"the server answers {code} {answer.reason}", wait_s=_asked_wait_s(answer))
    if code in (200, 206):
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            return DownloadError(
                f"{shown}: a web page came instead of a model (a login, or a page of the network?). Open the "
                "address in a browser to see it.",
                url=shown,
            )
        if answer.headers.get("content-encoding", "identity") != "identity":
            return DownloadError(f"{shown}: is sent compressed, which was not asked for.", url=shown)
        return None
    if code == 416:
        return None
    what = {
        401: "needs a login",
        403: "may not be read",
        404: "is not there: it was moved or deleted, or the address is mistyped",
        407: "the proxy wants a login: put it into HTTPS_PROXY",
        410: "is not there any more",
    }.get(code, f"the server answers {code} {answer.reason}")
    return DownloadError(f"{shown}: {what}.", url=shown)


def connection_problem(error: requests.RequestException, shown: str) -> Exception:
    """What a failed connection means: a `DownloadError`, or a `PassingError`.

    Messages of libraries are not passed on: they hold the whole address, with what is secret in it. Raise it
    `from None`, as tracebacks show the messages of causes.

    Args:
        error: What was raised.
        shown: The address, fit to be shown.
    """
    kinds = requests.exceptions
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return DownloadError(
            f"{shown}: its certificate can't be verified. Behind a proxy that looks into connections, set "
            "REQUESTS_CA_BUNDLE to the proxy's certificate.",
            url=shown,
        )
    if isinstance(error, kinds.InvalidProxyURL):
        return DownloadError(f"{shown}: HTTPS_PROXY or HTTP_PROXY is not an address of a proxy.", url=shown)
    if isinstance(error, kinds.ProxyError):
        return PassingError("the proxy of HTTPS_PROXY or HTTP_PROXY can't be reached, or refuses")
    if isinstance(error, kinds.InvalidURL):
        return DownloadError(f"{shown}: not a valid address.", url=shown)
    if isinstance(error, kinds.Timeout):
        return PassingError("the server does not answer")
    if any(isinstance(cause, TimeoutError) or "timed out" in str(cause) for cause in causes):
        return PassingError("the server does not go on sending")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return PassingError("the name of the server is not known: is this machine online?")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return PassingError("the server refuses the connection")
    return PassingError("the connection broke off")


def total_bytes(answer: requests.Response, have: int) -> int | None:
    """Size of the whole file by an answer; None if it doesn't say.

    Args:
        answer: With status 200, or 206 for the bytes from `have` on.
        have: Bytes that are there already.

    Raises:
        PassingError: If other bytes come than those that were asked for.
    """
    if answer.status_code == 206:
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("content-range", ""))
        if span is None or int(span[1]) != have:
            raise PassingError("the server sends other bytes than those that are missing")
        return int(span[2]) + 1 if span[3] == "*" else int(span[3])
    length = answer.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _asked_wait_s(answer: requests.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), _LONGEST_WAIT_S) if text.isascii() and text.isdigit() else None


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what it came from, as it is chained and as the libraries wrap it."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
