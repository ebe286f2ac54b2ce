import pytest

from stream.mistaken import HEAD_BYTES, is_video, mistaken_for_media


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<!DOCTYPE html>\n<html>", "web page"),
        (b"\xef\xbb\xbf  \n<HTML lang='en'>", "web page"),
        (b"<!-- mirror 7 --><html>", "web page"),
        (b"#EXTM3U\n#EXTINF:2,\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile a.mp4\n", "playlist"),
        (b"[playlist]\nFile1=a.mp4\n", "playlist"),
        (b'<?xml version="1.0"?>\n<MPD type="static">', "playlist"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "playlist"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"PK\x03\x04\x14\0\0\0", "archive"),
        (b"\x1f\x8b\x08\0", "archive"),
        ("Liebe Grüße\r\n".encode(), "text file"),
        (b'<?xml version="1.0"?><svg/>', "text file"),
    ],
)
def test_other_kinds_of_files_are_told_by_their_beginning(head: bytes, kind: str) -> None:
    other = mistaken_for_media(head)
    assert other is not None
    assert kind in other.kind
    assert other.advice
    assert other.playlist == (kind == "playlist")


@pytest.mark.parametrize(
    "head",
    [b"", b"\0" * 100, b"\0\0\0\x18ftypisom", b"\x1aE\xdf\xa3", b"caf\xe9 is Latin-1", b"text\x1b[2J"],
)
def test_what_can_not_be_told_is_not_guessed(head: bytes) -> None:
    assert mistaken_for_media(head) is None


def test_a_character_that_is_cut_off_by_the_end_of_the_look_is_still_text() -> None:
    text = ("x" + "ü" * HEAD_BYTES).encode()
    other = mistaken_for_media(text[:HEAD_BYTES])
    assert other is not None
    assert other.kind == "a text file"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x18ftypisom\0\0", True),
        (b"\x1aE\xdf\xa3" + b"\0" * 12, True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"\xff\xd8\xff\xe0" + b"\0" * 12, False),
        (b"", False),
    ],
)
def test_common_videos_are_told_by_their_beginning(head: bytes, expected: bool) -> None:
    assert is_video(head) is expected
