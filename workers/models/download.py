"""One file from the web: goes on where it stopped, is checked, and is never taken for whole too early."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from workers.errors import DownloadError
from workers.models.model_file import is_zip, other_kind
from workers.models.part_file import PartFile
from workers.models.transfer import PassingError, answer_problem, connection_problem, total_bytes
from workers.models.web_address import check_address, next_url, shown_url

# So much may have to be asked for again when a connection breaks off.
_CHUNK_BYTES = 1 << 16
_MOST_REDIRECTS = 8
# Models are some hundred MB; a server that declares no size must not fill the disk.
_MOST_BYTES = 4 << 30
# Whoever gets so much further may fail as often again.
_PROGRESS_BYTES = 1 << 20

Tell = Callable[[int, int], None]
"""Told of bytes that are there, and of all bytes (0 while nobody knows)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, and how often tried.

    Attributes:
        connect_s: For a connection, s.
        read_s: For the next bytes, s.
        tries: Tries in a row that may fail.
        first_pause_s: Pause before the second try, s; it doubles from one to the next.
        longest_pause_s: Longest pause, s.
    """

    connect_s: float = 15.0
    read_s: float = 30.0
    tries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0


PATIENCE = Patience()
# While a server was never reached, it is more likely that it can't be.
_FIRST_TRIES = 2


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was downloaded.

    Attributes:
        url: Where it came from, without user, password and query.
        size_bytes: Its size.
        sha256: Its checksum, hexadecimal.
    """

    url: str
    size_bytes: int
    sha256: str


def download(
    url: str,
    path: Path,
    *,
    size_bytes: int | None = None,
    sha256: str | None = None,
    patience: Patience = PATIENCE,
    tell: Tell | None = None,
) -> Fetched:
    """Download a file to `path`, or what is missing of it.

    What is there of an interrupted download is completed (RFC 9110, ranges) if the server says that the file
    is still the same one, and thrown away if not. Goes through the proxy of HTTPS_PROXY or HTTP_PROXY.

    Args:
        url: http or https; a redirect never leads from https to http.
        path: Where it is written; stays for the next try when this one fails or is interrupted, with a note
            and a lock beside it, which `PartFile.clear` takes away.
        size_bytes: Size that it must have, if that is known.
        sha256: Checksum that it must have, if that is known.
        patience: How long is waited, and how often tried.
        tell: Is told how far it is.

    Raises:
        DownloadError: If it can't be had, is not the expected file, or the disk is full. What is wrong is not
            left there.
    """
    check_address(url)
    _keep_addresses_out_of_the_log()
    shown = shown_url(url)
    part = PartFile(path, url)
    try:
        with part.held(), requests.Session() as session:
            session.headers.update({"Accept-Encoding": "identity", "User-Agent": "facestream"})
            job = _Job(session, url, part, size_bytes, patience, tell or (lambda _done, _total: None))
            resumed = job.run()
            digest = part.sha256()
            if resumed and sha256 not in (None, digest):
                # What was left of an earlier try may have been damaged on this side.
                part.discard()
                job.run()
                digest = part.sha256()
            _check(part, shown, digest, sha256)
            return Fetched(shown, part.size_bytes, digest)
    except OSError as error:
        raise _unwritable(error, path, shown) from error


class _Job:
    """The tries at one file."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        part: PartFile,
        size_bytes: int | None,
        patience: Patience,
        tell: Tell,
    ) -> None:
        self._session, self._url, self._part = session, url, part
        self._shown = shown_url(url)
        self._size_bytes, self._patience, self._tell = size_bytes, patience, tell
        self._reached = False

    def run(self) -> bool:
        """Try until it is there; whether it went on from what an earlier process had left."""
        resumed = self._part.size_bytes > 0 and self._part.validator is not None
        failures, pause_s = 0, self._patience.first_pause_s
        while True:
            before = self._part.size_bytes
            try:
                self._transfer()
            except PassingError as error:
                if self._part.size_bytes - before >= _PROGRESS_BYTES:
                    failures, pause_s = 0, self._patience.first_pause_s
                failures += 1
                most = self._patience.tries if self._reached else min(_FIRST_TRIES, self._patience.tries)
                if failures >= most:
                    raise DownloadError(
                        f"{self._shown}: {error}, and so {failures} times in a row.", url=self._shown
                    ) from error
                time.sleep(min(error.wait_s or pause_s, self._patience.longest_pause_s))
                pause_s *= 2
            else:
                return resumed

    def _transfer(self) -> None:
        have, validator = self._part.size_bytes, self._part.validator
        asked = {"Range": f"bytes={have}-", "If-Range": validator} if have and validator else {}
        with self._answer(asked) as answer:
            if answer.status_code == 416:
                if answer.headers.get("content-range") == f"bytes */{have}":
                    return  # all is there: an earlier process ended between the last byte and the check
                # More is there than the file has: it is not of this file.
                self._part.discard()
                raise PassingError("the file is not what it was when its download began")
            goes_on = answer.status_code == 206 and bool(asked)
            if not goes_on:
                have = 0
            total = total_bytes(answer, have)
            self._check_size(total, have)
            if not goes_on:
                self._part.begin(_strong_validator(answer))
            self._write(answer, have, total)

    def _answer(self, asked: dict[str, str]) -> requests.Response:
        url = self._url
        for _ in range(_MOST_REDIRECTS):
            try:
                answer = self._session.get(
                    url,
                    headers=asked,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self._patience.connect_s, self._patience.read_s),
                )
            except requests.RequestException as error:
                raise connection_problem(error, self._shown) from None
            self._reached = True
            if not answer.is_redirect:
                problem = answer_problem(answer, self._shown)
                if problem is not None:
                    answer.close()
                    raise problem
                return answer
            answer.close()
            url = next_url(url, answer.headers["location"])
        raise DownloadError(
            f"{self._shown}: leads from one address to the next without end.", url=self._shown
        )

    def _check_size(self, total: int | None, have: int) -> None:
        if total is not None and self._size_bytes not in (None, total):
            raise DownloadError(
                f"{self._shown}: has {total:,} bytes, and the file that is wanted has {self._size_bytes:,}: "
                "it is another file.",
                url=self._shown,
            )
        needed = (total or self._size_bytes or 0) - have
        if (total or 0) > _MOST_BYTES:
            raise DownloadError(f"{self._shown}: has {total:,} bytes, too many for models.", url=self._shown)
        free = shutil.disk_usage(self._part.path.parent).free
        if needed > free:
            raise DownloadError(
                f"{self._part.path.parent}: {needed:,} bytes are needed and {free:,} are free. Free some "
                "space, then run the same command again.",
                url=self._shown,
            )

    def _write(self, answer: requests.Response, have: int, total: int | None) -> None:
        expected = total if total is not None else self._size_bytes
        most = expected if expected is not None else _MOST_BYTES
        with self._part.path.open("ab") as file:
            try:
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    have += len(chunk)
                    if have > most:
                        raise DownloadError(
                            f"{self._shown}: sends more than {most:,} bytes.", url=self._shown
                        )
                    file.write(chunk)
                    self._tell(have, expected or 0)
            except requests.RequestException as error:
                raise connection_problem(error, self._shown) from None
            finally:
                file.flush()
            if expected is not None and have < expected:
                raise PassingError(f"the connection ended after {have:,} of {expected:,} bytes")
            os.fsync(file.fileno())


def _keep_addresses_out_of_the_log() -> None:
    # What urllib3 tells below a warning holds whole addresses, with what is secret in them.
    logger = logging.getLogger("urllib3")
    logger.setLevel(max(logger.level, logging.WARNING))


def _strong_validator(answer: requests.Response) -> str | None:
    """What If-Range may be asked with: a strong entity tag, else the time of the last change."""
    tag = answer.headers.get("etag")
    if tag and not tag.startswith("W/"):
        return tag
    return answer.headers.get("last-modified")


def _check(part: PartFile, shown: str, digest: str, expected: str | None) -> None:
    # Packs come in zip files as well.
    problem = None if is_zip(part.path) else other_kind(part.path)
    if problem is None and expected not in (None, digest):
        problem = f"its sha256 is {digest}, and not {expected}: it is damaged or another file"
    if problem is not None:
        part.discard()
        raise DownloadError(f"{shown}: {problem}. What came was deleted.", url=shown)


def _unwritable(error: OSError, path: Path, shown: str) -> DownloadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(
            f"{path.parent}: the disk is full. Free some space, then run the same command again: it goes on "
            "where it stopped.",
            url=shown,
        )
    return DownloadError(
        f"{error.filename or path.parent}: can't be written ({error.strerror or error}). Make it writable, "
        "or choose another --data-dir.",
        url=shown,
    )
