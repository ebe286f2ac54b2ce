"""Addresses of cameras, read tolerantly and shown without their secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, unquote

from stream.camera_url_mask import masked_credentials, masked_path, masked_query
from stream.errors import CameraUrlError
from stream.secret_reference import (
    MalformedReferenceError,
    references_in,
    with_references,
    with_values,
    without_references,
)

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""Schemes of cameras in a network, each with its own port."""

_RTSP = ("rtsp", "rtsps")
_KNOWN_ELSEWHERE = frozenset({"ftp", "onvif", "rtmp", "rtmps", "rtp", "s3", "sftp", "srt", "tcp", "udp"})
_SCHEMES = "use rtsp://, rtsps://, http://, https:// or webcam:0"
_EXAMPLE = "rtsp://user:password@192.168.1.20:554/stream1"
_LONGEST = 4096
_HIGHEST_PORT = 65535
# With the colon between them, percent-encoded: `auth` of FFmpeg's RTSPState, less the zero at its end.
_LONGEST_CREDENTIALS = 127

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_WEBCAM = re.compile(r"webcam:([0-9]{1,3})", re.IGNORECASE)
_DEVICE = re.compile(r"(?:v4l2://)?(/dev/(?:video[0-9]{1,3}|v4l/by-(?:id|path)/[A-Za-z0-9._:+-]+))")
_LOCAL = re.compile(r"[/.~\\]|[A-Za-z]:[\\/]|file:", re.IGNORECASE)
_MEDIA_NAME = re.compile(r"[^@?]*\.(?:mp4|mkv|avi|mov|webm|m4v|ts|flv|jpe?g|png|webp|bmp)", re.IGNORECASE)
_HOST = r"(?:[\w.-]+|\[[0-9A-Fa-f:.]*\])"
_PLACE = re.compile(rf"({_HOST})(?::([0-9]*))?(?=[/?#]|$)")
_ESCAPED = re.compile(r"(%[0-9A-Fa-f]{2})")
_CREDENTIALS_SAFE = "!$&'()*+,;=~"
_PATH_SAFE = "/:;=@,+$!*'()~&"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True, slots=True, repr=False)
class CameraUrl:
    """Where a camera is found. The whole of it is a secret but `masked`, which is all that is ever shown.

    A user, a password, a part of the path or of the query may be a reference, ``{env:NAME}`` or
    ``{file:/absolute/path}``, which `resolved` puts right when the camera is opened.

    Attributes:
        scheme: rtsp, rtsps, http, https, v4l2 or synthetic.
        user: User name, percent-encoded, or None. References stand in it and below as they were written.
        password: Password, percent-encoded, or None.
        host: Host name or IP address (IPv6 in brackets); "" for a webcam; free for ``synthetic``.
        port: 1 to 65535, or None for the scheme's own.
        path: Percent-encoded, with its first slash; the device of a webcam.
        query: Percent-encoded, without its question mark.
    """

    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    path: str = ""
    query: str = ""

    @classmethod
    def parse(cls, text: str) -> CameraUrl:
        """Read what a person wrote.

        A password that nobody percent-encoded (``rtsp://user:p@ss:w/rd@host/path``) is understood: the last
        @ ends the credentials. What can be read in two ways is refused.

        Args:
            text: ``rtsp://``, ``rtsps://``, ``http://``, ``https://`` (MJPEG, HLS), ``synthetic://``,
                ``webcam:0``, ``/dev/video0`` or ``v4l2:///dev/video0``.

        Raises:
            CameraUrlError: If it is none of these. The text says what is wrong and holds no part of the URL.
        """
        text = text.strip()
        _check_characters(text)
        webcam = _WEBCAM.fullmatch(text)
        if webcam:
            return cls("v4l2", path=f"/dev/video{int(webcam[1])}")
        device = _DEVICE.fullmatch(text)
        if device:
            return cls("v4l2", path=device[1])
        scheme, rest = _split_scheme(text)
        rest, references = _without_references(rest)
        return _in_all_parts(_read(scheme, rest), lambda part: with_references(part, references))

    @property
    def masked(self) -> str:
        """The URL for people and logs: all that could be a secret is ``***``."""
        if self.scheme == "v4l2":
            return f"v4l2://{self.path}"
        port = "" if self.port is None else f":{self.port}"
        credentials = masked_credentials(self.user, self.password)
        return f"{self.scheme}://{credentials}{self.host}{port}{masked_path(self.path)}{masked_query(self.query)}"

    @property
    def address(self) -> str:
        """The whole URL with its secrets, percent-encoded, as FFmpeg takes it; `parse` reads it back."""
        if self.scheme == "v4l2":
            return self.path
        password = "" if self.password is None else f":{self.password}"
        credentials = "" if self.user is None else f"{self.user}{password}@"
        port = "" if self.port is None else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{credentials}{self.host}{port}{self.path}{query}"

    @property
    def references(self) -> tuple[str, ...]:
        """What `resolved` will ask for, such as ``env:CAMERA_PASSWORD``; no secrets."""
        parts = "\n".join((self.user or "", self.password or "", self.path, self.query))
        return references_in(parts)

    def resolved(self, environ: Mapping[str, str], read_file: Callable[[str], str]) -> CameraUrl:
        """Put the values of the references in.

        Args:
            environ: Environment variables.
            read_file: Gives the text of the file of an absolute path; may raise `OSError` and `UnicodeError`.

        Raises:
            CameraUrlError: If a variable isn't set, or a file can't be read, is empty or has several lines,
                or if user name and password are longer than FFmpeg's RTSP takes.
        """
        url = _in_all_parts(self, lambda part: with_values(part, environ, read_file))
        length = len(f"{url.user or ''}:{url.password or ''}")
        if url.scheme in _RTSP and length > _LONGEST_CREDENTIALS:
            # FFmpeg would cut them short, and the camera call them wrong.
            raise CameraUrlError(
                f"User name and password of the camera's URL have {length} characters, percent-encoded; at "
                f"most {_LONGEST_CREDENTIALS} can be sent over RTSP. Give the camera a shorter password."
            )
        return url

    def __repr__(self) -> str:
        return f"CameraUrl({self.masked!r})"

    def __str__(self) -> str:
        return self.masked


def _wrong(what: str, example: str = _EXAMPLE) -> CameraUrlError:
    return CameraUrlError(f"The camera's URL {what}. It should look like {example}")


def _check_characters(text: str) -> None:
    if not text:
        raise _wrong("is empty")
    if len(text) > _LONGEST:
        raise _wrong(f"has {len(text)} characters; at most {_LONGEST} are allowed")
    # The private ones stand for the references below; nobody types them.
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xF8FF for c in text):
        raise _wrong("holds a control character or one that is no text; write it percent-encoded, like %0A")


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.fullmatch(text)
    if match is None:
        if _LOCAL.match(text) or _MEDIA_NAME.fullmatch(text):
            raise _local()
        raise _wrong("has no scheme such as rtsp:// in front")
    scheme, rest = match[1].lower(), match[2]
    if scheme in (*PORTS, "synthetic"):
        return scheme, rest
    if scheme == "file":
        raise _local()
    if scheme == "v4l2":
        raise _wrong("names no video device", "v4l2:///dev/video0, /dev/video0 or webcam:0")
    if scheme in _KNOWN_ELSEWHERE:
        raise _wrong(f"begins with {scheme}://, which can't be read; {_SCHEMES}")
    # An unknown scheme is not repeated: it may be a part of what should have stayed secret.
    near = " or ".join(f"{name}://" for name in sorted(get_close_matches(scheme, PORTS, n=2)))
    raise _wrong(f"has an unknown scheme before ://{f' (did you mean {near}?)' if near else ''}; {_SCHEMES}")


def _local() -> CameraUrlError:
    return _wrong(
        "is a path on this computer, and a camera has none; videos and photos go to `facestream run`"
    )


def _without_references(text: str) -> tuple[str, list[str]]:
    try:
        return without_references(text)
    except MalformedReferenceError:
        raise _wrong(
            "holds a reference that names no environment variable and no absolute path (a brace of a "
            "password is written %7B)",
            "rtsp://user:{env:CAMERA_PASSWORD}@host/path or rtsp://user:{file:/run/secrets/camera}@host/path",
        ) from None


def _in_all_parts(url: CameraUrl, change: Callable[[str], str]) -> CameraUrl:
    return replace(
        url,
        user=None if url.user is None else change(url.user),
        password=None if url.password is None else change(url.password),
        path=change(url.path),
        query=change(url.query),
    )


def _read(scheme: str, rest: str) -> CameraUrl:
    at = _end_of_credentials(rest)
    credentials, location = (rest[:at], rest[at + 1 :]) if at >= 0 else (None, rest)
    place = _PLACE.match(location)
    if place is None:
        if scheme != "synthetic" or re.match(r"[/?#]|$", location) is None:
            raise _no_place(location)
        host, port, tail = "", None, location
    else:
        host, port, tail = _host(place[1]), _port(place[2]), location[place.end() :]
    if "#" in tail:
        raise _wrong("holds a #, which means nothing here; one that belongs to a password or a path is %23")
    path, _, query = tail.partition("?")
    user, colon, password = (None, "", "") if credentials is None else credentials.partition(":")
    return CameraUrl(
        scheme,
        user=None if user is None else _quoted_again(user),
        password=_quoted_again(password) if colon else None,
        host=host,
        port=port,
        path=_quoted(path, _PATH_SAFE),
        query=_quoted(query, _QUERY_SAFE),
    )


def _end_of_credentials(rest: str) -> int:
    """Position of the last @, which the host follows; -1 where there are no credentials."""
    mark = re.search(r"[?#]", rest)
    if mark and "@" in rest[mark.start() :]:
        # A password with a ? in it, or a query with an @ in it: guessing wrong would show a part of the one,
        # or send it to a name server.
        raise _wrong(
            "can be read in two ways, since an @ stands behind a ? or #; write such an @ as %40, and a ? or "
            "# of a password as %3F or %23",
            "rtsp://user:p%40ss%3F@192.168.1.20/stream1",
        )
    return rest.rfind("@")


def _no_place(location: str) -> CameraUrlError:
    authority = re.split(r"[/?#]", location, maxsplit=1)[0]
    if not authority or authority.startswith(":"):
        return _wrong("has no host")
    host, _, port = authority.rpartition(":")
    if ":" in host and re.fullmatch("[0-9A-Fa-f:]*", host):
        return _wrong("has an IPv6 address without brackets", "rtsp://user:password@[fd00::20]:554/stream1")
    if re.fullmatch(_HOST, host) and port:
        return _wrong(f"has a port that is no number from 1 to {_HIGHEST_PORT}")
    return _wrong("has a host with a character that no host name and no IP address has")


def _host(text: str) -> str:
    try:
        if text.startswith("["):
            return f"[{IPv6Address(text[1:-1])}]"
        if re.fullmatch(r"[0-9.]+", text):
            return str(IPv4Address(text))
        if not text.isascii():
            return text.encode("idna").decode("ascii")
    except (AddressValueError, UnicodeError):
        # Their texts repeat what was given.
        raise _wrong("has a host that is no IP address and no host name") from None
    labels = text.removesuffix(".").split(".")
    if any(not 0 < len(label) <= 63 for label in labels) or len(text) > 253:
        raise _wrong("has a host that is no host name: a part between dots is empty or too long")
    return text.lower()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or len(text) > 5 or not 0 < int(text or 0) <= _HIGHEST_PORT:
        raise _wrong(f"has a port that is no number from 1 to {_HIGHEST_PORT}")
    return int(text)


def _quoted_again(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape"), safe=_CREDENTIALS_SAFE, errors="surrogateescape")


def _quoted(text: str, safe: str) -> str:
    pieces = _ESCAPED.split(text)
    return "".join(piece if n % 2 else quote(piece, safe=safe) for n, piece in enumerate(pieces))
