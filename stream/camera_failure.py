"""Why a camera can't be opened, in our own words: FFmpeg's texts hold the URL with its password."""

import errno

import av

from stream.errors import (
    CameraError,
    CameraForbiddenError,
    CameraLoginError,
    CameraRefusedError,
    CameraUnreachableError,
)

_LATE = 0.9

UNAUTHORIZED = "it refuses the user name or password (401); check both"
FORBIDDEN = "it forbids this user to look (403); check the user's rights in the camera"

# Seen first to last; the first that fits counts.
_REFUSED: tuple[tuple[type[Exception], str], ...] = (
    (av.error.HTTPNotFoundError, "it has nothing under that path (404); check the path of the URL"),
    (av.error.ProtocolNotFoundError, "it names a protocol that is never opened"),
    (av.error.DemuxerNotFoundError, "it sends a format that can't be read here"),
    (av.error.ArgumentError, "it sends a format, or names a protocol, that is never opened"),
    (av.error.FileNotFoundError, "there is no such device; check that it is plugged in"),
    (av.error.PermissionError, "this user may not read the device; add the user to the group 'video'"),
)
_UNREACHABLE: tuple[tuple[type[Exception], str], ...] = (
    (
        av.error.ConnectionRefusedError,
        "nobody listens on that port; check host and port, and that it is switched on",
    ),
    (av.error.HTTPServerError, "it answers with an error of its own (5xx); restart it if that stays"),
    (av.error.HTTPError, "it refuses the request (4xx); check path and port of the URL"),
    (av.error.EOFError, "it closes the connection without an answer"),
    (av.error.ConnectionResetError, "it closes the connection without an answer"),
    (av.error.BrokenPipeError, "it closes the connection without an answer"),
    (av.error.InvalidDataError, "what it answers is no video; check port and path of the URL"),
)
_NUMBERS = {
    errno.EIO: "the host's name is unknown or the connection failed; check the host",
    errno.EHOSTUNREACH: "no way leads to the host; check the network",
    errno.ENETUNREACH: "no way leads to the host; check the network",
    errno.EBUSY: "another program uses the device",
}


def unopened(error: av.FFmpegError, waited_s: float, timeout_s: float, shown: str) -> CameraError:
    """Put into words why the opening failed. Raise the result outside of `except`, the cause holds the URL.

    Args:
        error: What PyAV raised.
        waited_s: How long the opening took, seconds.
        timeout_s: How long it might have taken.
        shown: The masked URL, for `StreamError.source`.
    """
    # However late: an account is locked all the same.
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return CameraLoginError(UNAUTHORIZED, shown)
    if isinstance(error, av.error.HTTPForbiddenError):
        return CameraForbiddenError(FORBIDDEN, shown)
    # An interrupted RTSP answer is reported as invalid data.
    if waited_s >= _LATE * timeout_s or isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return CameraUnreachableError(
            f"no answer within {timeout_s:g} s; check host, port and network", shown
        )
    for kind, words in _REFUSED:
        if isinstance(error, kind):
            return CameraRefusedError(words, shown)
    if error.errno == errno.EPROTONOSUPPORT:
        return CameraRefusedError("it doesn't offer that transport; try the other one, or auto", shown)
    for kind, words in _UNREACHABLE:
        if isinstance(error, kind):
            return CameraUnreachableError(words, shown)
    words = _NUMBERS.get(error.errno or 0, f"it can't be opened ({type(error).__name__})")
    return CameraUnreachableError(words, shown)
