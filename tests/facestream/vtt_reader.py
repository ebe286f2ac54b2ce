"""WebVTT as the grammar of the W3C has it."""

from __future__ import annotations

import html
import re

STAMP = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"


def read_vtt(text: str) -> list[tuple[int, int, list[str]]]:
    """A strict reader: anything that the standard doesn't allow, or we don't write, is an error."""
    assert text.startswith("WEBVTT\n")
    head, *blocks = text.rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for block in blocks:
        timing, *lines = block.split("\n")
        match = re.fullmatch(f"{STAMP} --> {STAMP}", timing)
        assert match, timing
        numbers = [int(group) for group in match.groups()]
        start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (numbers[:4], numbers[4:]))
        assert start < end
        assert len(lines) == 1
        assert "-->" not in lines[0]
        assert "<" not in lines[0]
        assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)+", lines[0]), lines[0]
        found.append((start, end, html.unescape(lines[0]).split(", ")))
    return found
