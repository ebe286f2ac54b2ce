"""What a file is that was taken for a video or a photo."""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 1024
"""How much of the file's beginning is enough to tell."""

# Beginnings, in lower case and without white space before them.
_PLAYLISTS = (b"#extm3u", b"ffconcat version", b"[playlist]", b"<asx", b"<smil", b"[reference]")
_XML_PLAYLISTS = (b"<mpd", b"<smil", b"<smoothstreamingmedia", b"<playlist")
_WEB_PAGES = (b"<!doctype html", b"<html")
_ARCHIVES = (b"pk\x03\x04", b"rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"\xfd7zxz\0", b"bzh")
_TEXT_CONTROLS = b"\t\n\r\f"


@dataclass(frozen=True, slots=True)
class Mistaken:
    """Another kind of file.

    Attributes:
        kind: What it is, with its article.
        advice: What to do about it.
        playlist: Whether it names other files, which must never be opened for it.
    """

    kind: str
    advice: str
    playlist: bool = False


_PLAYLIST = Mistaken(
    "a playlist, which names other files", "for safety none of them is opened: name them here", playlist=True
)


def mistaken_for_media(head: bytes) -> Mistaken | None:
    """Tell what a file is that can't be read as a video or photo.

    Args:
        head: Its first `HEAD_BYTES`.

    Returns:
        Its kind, or None if that can't be told.
    """
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(_PLAYLISTS) or (begin.startswith(b"<?xml") and _has(begin, _XML_PLAYLISTS)):
        return _PLAYLIST
    if begin.startswith(b"v=0") and b"\no=" in begin:
        return _PLAYLIST
    if begin.startswith(_WEB_PAGES) or (_is_text(head) and _has(begin, _WEB_PAGES)):
        return Mistaken("a web page", "a failed download leaves one, so open it in a browser to see why")
    if begin.startswith(b"%pdf-"):
        return Mistaken("a PDF document", "take its pictures out of it first")
    if begin.startswith(_ARCHIVES):
        return Mistaken("an archive or an office document", "unpack it first")
    if _is_text(head):
        return Mistaken("a text file", "check which file was meant")
    return None


def is_video(head: bytes) -> bool:
    """Whether a file begins as videos do that are common.

    Args:
        head: Its first bytes, 12 at least.
    """
    container = head[4:8] == b"ftyp" or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
    return container or head.startswith((b"\x1aE\xdf\xa3", b"FLV"))


def _has(begin: bytes, words: tuple[bytes, ...]) -> bool:
    return any(word in begin for word in words)


def _is_text(head: bytes) -> bool:
    """Whether there is nothing but text in UTF-8, the last character perhaps cut off."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return bool(text) and all(character >= " " or character.encode() in _TEXT_CONTROLS for character in text)
