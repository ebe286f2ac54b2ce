"""Addresses of files in the web: shown without secrets, and followed only where that is safe."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from workers.errors import DownloadError


def check_address(url: str) -> None:
    """Refuse what is no address of a file in the web.

    Raises:
        DownloadError: If it is none.
    """
    if not _is_address(url):
        shown = shown_url(url)
        raise DownloadError(f"{shown}: not an address of a file, which begins with https://.", url=shown)


def shown_url(url: str) -> str:
    """An address without what may be secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        return "the address"
    if "@" in (url.partition(parts.netloc)[2] if parts.netloc else url):
        # A password with a slash, perhaps, of which the beginning would count as a host; or what is no URL.
        return "the address"
    return urlunsplit((parts.scheme, address, parts.path, "", ""))


def next_url(url: str, location: str) -> str:
    """Where a redirect leads.

    Args:
        url: The address that was asked.
        location: What it answered.

    Raises:
        DownloadError: If it leads from an encrypted connection to one that isn't, or out of the web.
    """
    shown = shown_url(url)
    try:
        target = urljoin(url, location)
    except ValueError:
        # Its message may hold user and password.
        raise DownloadError(f"{shown}: leads on to what is no address.", url=shown) from None
    wrong = "no address of a file in the web"
    if _is_address(target):
        if urlsplit(target).scheme == "https" or urlsplit(url).scheme == "http":
            return target
        wrong = "not encrypted"
    raise DownloadError(
        f"{shown}: leads on to {shown_url(target)}, which is {wrong}, and that is not followed.", url=shown
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
