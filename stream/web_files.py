"""What a camera of the web sends in parts or names in playlists, over HTTP and HTTPS and nothing else."""

import io
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPPasswordMgrWithDefaultRealm, Request

from stream.errors import (
    CameraError,
    CameraForbiddenError,
    CameraLoginError,
    CameraLostError,
    CameraRefusedError,
    CameraUnreachableError,
)
from stream.web_opener import web_opener

_PARTIAL_CONTENT = 206
_PORTS = {"http": 80, "https": 443}
_SKIPPED_BYTES = 1 << 16
_PEEKED_BYTES = 16

MOST_BYTES = 32 << 20
"""Most that is read without anything coming of it: a picture of 8K in JPEG has less."""


class WebFiles:
    """Opens, for FFmpeg, a camera that sends parts, and what playlists name: `io_open` of `av.open`.

    FFmpeg's own HTTP needs bare connections on its list of protocols, and would then open a nested playlist
    of ``tcp://`` as well. So each address is looked at here, and so is each redirection: whoever makes a
    playlist can name other web servers, but no file, no device and no other protocol. And so it is counted
    what comes: FFmpeg holds a picture in memory until its end has come, however long that takes.

    User and password go to the host in whose address they stand. Certificates are not verified: FFmpeg
    doesn't either, and cameras sign theirs themselves. Of a playlist that is redirected, relative addresses
    are taken relative to the address that was asked for.

    Attributes:
        deadline_s: `time.monotonic()` after which opening and reading fail, however much comes; see
            `step_begins`.
        failure: Why something could not be fetched while the camera was being opened, None if all went well.
        opened: Whether the camera is open. Until then what can't be fetched counts as empty, since a playlist
            may name several variants of which one is enough; from then on it ends the connection.

    Args:
        timeout_s: Longest silence of a server, seconds.
        shown: The masked URL of the camera, for errors.
        check_host: As that of `LiveSettings`.
    """

    def __init__(
        self, timeout_s: float, shown: str, check_host: Callable[[str, int], None] | None = None
    ) -> None:
        self.deadline_s = time.monotonic() + timeout_s
        self.failure: CameraError | None = None
        self.opened = False
        self._timeout_s, self._shown = timeout_s, shown
        self._step_s, self._step_bytes, self._has_failed = timeout_s, 0, False
        self._sends_parts = False
        self._first: dict[str, IO[bytes] | _WebFile] = {}
        self._passwords = HTTPPasswordMgrWithDefaultRealm()
        self._check_host = check_host
        self._opener = web_opener(self._passwords, self._check, self._time_left_s)
        self._open: set[_WebFile] = set()

    def step_begins(self, longest_s: float) -> None:
        """Say before each read of FFmpeg, and before it opens something, how long that may take, seconds."""
        self.deadline_s = time.monotonic() + longest_s
        self._step_s, self._step_bytes, self._has_failed = longest_s, 0, False

    def sends_parts(self, address: str) -> bool:
        """Open the camera; returns whether it sends pictures as parts of one answer, and no playlist.

        FFmpeg, which opens the same address next, is given what was opened here. Parts may be as far from one
        another as a step may take.

        Args:
            address: Of the camera.
        """
        file = self._first[address] = self(address, 0, {})
        self._sends_parts = isinstance(file, _WebFile) and file.has_parts
        return self._sends_parts

    def __call__(self, address: str, _flags: int, options: dict[str, str]) -> IO[bytes] | "_WebFile":
        """Open one address for reading.

        Args:
            address: As FFmpeg made it from the playlist's own and what stands in it.
            _flags: FFmpeg's; nothing but reading is asked for.
            options: FFmpeg's; ``offset`` and ``end_offset`` ask for a part.

        Raises:
            CameraRefusedError: If it is no address of the web.
            CameraLoginError: If it refuses the user or password, and the camera was not open yet.
            CameraError: If its host may not be connected to.
            CameraLostError: If it can't be fetched, and the camera was open.
        """
        if address in self._first:
            return self._first.pop(address)
        if self._has_failed:
            return io.BytesIO()
        if address.startswith("crypto"):
            raise CameraRefusedError("its playlist is encrypted, which can't be read here", self._shown)
        try:
            response = self._fetch(
                urlsplit(address), int(options.get("offset", 0)), options.get("end_offset")
            )
        except CameraError:
            raise
        except (OSError, HTTPException, ValueError) as error:
            code = ""
            if isinstance(error, HTTPError):
                code = f" ({error.code})"
                error.close()
            words = f"what its playlist names can't be fetched{code}"
            if self.opened:
                self._has_failed = True
                raise CameraLostError(words, self._shown) from None
            self.failure = self._unfetched(error, words)
            if isinstance(error, HTTPError) and error.code == HTTPStatus.UNAUTHORIZED:
                # What else it names would be given the same password.
                raise self.failure from None
            return io.BytesIO()
        file = _WebFile(self, response)
        self._open.add(file)
        return file

    def close(self) -> None:
        """Close what FFmpeg has left open."""
        for file in tuple(self._open):
            file.close()

    def read(self, response: Any, size: int) -> bytes:
        """Up to `size` bytes of what was opened; empty at its end, and for the rest of a step that failed.

        Raises:
            CameraLostError: If the connection broke, `deadline_s` is over, or too much came in this step.
        """
        if self._has_failed:
            # FFmpeg reads on for a while. PyAV holds one error until that is over and would print all others.
            return b""
        try:
            read = self._read(response, size)
        except CameraLostError:
            self._has_failed = True
            raise
        self._step_bytes += len(read)
        return read

    def forget(self, file: "_WebFile") -> None:
        """A file was closed."""
        self._open.discard(file)

    def _read(self, response: Any, size: int) -> bytes:
        slow = CameraLostError(
            f"it sent no whole picture for {self._step_s:g} s"
            if self._sends_parts
            else "what its playlist names comes too slowly",
            self._shown,
        )
        if time.monotonic() > self.deadline_s:
            raise slow
        if self._step_bytes > MOST_BYTES:
            raise CameraLostError(f"it sent {MOST_BYTES >> 20} MB that make no picture", self._shown)
        try:
            read: bytes = response.read1(size)
        except TimeoutError:
            raise slow from None
        except (OSError, HTTPException, ValueError):
            raise CameraLostError("the connection broke", self._shown) from None
        return read

    def _fetch(self, place: SplitResult, offset: int, end: str | None) -> Any:
        if place.scheme not in ("http", "https") or not place.hostname:
            raise CameraRefusedError(
                "its playlist names what is neither http:// nor https://, and nothing else is opened",
                self._shown,
            )
        self._check(place)
        credentials, _, host = place.netloc.rpartition("@")
        if credentials:
            user, _, password = credentials.partition(":")
            self._passwords.add_password(None, f"{place.scheme}://{host}/", unquote(user), unquote(password))
        request = Request(place._replace(netloc=host, fragment="").geturl())  # noqa: S310 - looked at above
        if end is not None:
            request.add_header("Range", f"bytes={offset}-{int(end) - 1}")
        response = self._opener.open(request, timeout=self._timeout_s)
        if response.status != _PARTIAL_CONTENT:
            # In pieces: a playlist may say that a part begins anywhere.
            while offset > 0 and (skipped := response.read1(min(offset, _SKIPPED_BYTES))):
                offset -= len(skipped)
        return response

    def _unfetched(self, error: Exception, words: str) -> CameraError:
        """Why something can't be fetched at first: by whom it can be mended."""
        match error:
            case HTTPError(code=HTTPStatus.UNAUTHORIZED):
                return CameraLoginError(
                    f"{words}: the user name or password is refused; check both", self._shown
                )
            case HTTPError(code=HTTPStatus.FORBIDDEN):
                return CameraForbiddenError(
                    f"{words}: this user may not look; check the user's rights in the camera", self._shown
                )
        return CameraUnreachableError(words, self._shown)

    def _time_left_s(self) -> float:
        left_s = self.deadline_s - time.monotonic()
        return max(left_s if self._sends_parts else min(self._timeout_s, left_s), 0.0)

    def _check(self, place: SplitResult) -> None:
        """Refuse a host that may not be connected to."""
        if self._check_host is not None and place.hostname and place.scheme in _PORTS:
            self._check_host(place.hostname, place.port or _PORTS[place.scheme])


class _WebFile:
    """A response as the file that FFmpeg reads."""

    def __init__(self, files: WebFiles, response: Any) -> None:
        self._files, self._response = files, response

    @property
    def has_parts(self) -> bool:
        """Whether it is made of parts; not all cameras say so."""
        if self._response.headers.get_content_maintype() == "multipart":
            return True
        try:
            begin: bytes = self._response.peek(_PEEKED_BYTES)
        except (OSError, HTTPException, ValueError):
            # Whoever reads it is told.
            return False
        return begin.lstrip(b"\r\n").startswith(b"--")

    def read(self, size: int) -> bytes:
        return self._files.read(self._response, size)

    def close(self) -> None:
        self._response.close()
        self._files.forget(self)
