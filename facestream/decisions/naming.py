"""Names that people give: what can be one."""

from __future__ import annotations

import re
import unicodedata

from facestream.errors import UsageError

MAX_NAME_CHARACTERS = 200


def checked_name(name: str) -> str:
    """A name as it is stored: composed (NFC), without spaces around it; empty takes a name away.

    HTML, emoji and scripts that run from right to left are fine: whoever shows a name escapes it. Refused is
    what could not be shown on one line or not be seen at all, turns the text around it, or looks like an id.

    Raises:
        UsageError: If it can't be one; says why.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if len(name) > MAX_NAME_CHARACTERS:
        raise UsageError(
            f"the name has {len(name):,} characters, and {MAX_NAME_CHARACTERS} are allowed. Choose a shorter "
            "one."
        )
    for place, character in enumerate(name, 1):
        kind = unicodedata.category(character)
        turning = unicodedata.bidirectional(character) in _TURNING
        if turning or kind in ("Cc", "Cs", "Zl", "Zp"):
            what = "turns the direction of the text around it" if turning else "can't stand on one line"
            label = _LABELS.get(character) or unicodedata.name(character, f"U+{ord(character):04X}")
            raise UsageError(f"character {place} of the name, {label}, {what}. Leave it out.")
    if name and all(unicodedata.category(character) in _UNSEEN for character in name):
        raise UsageError("nothing of the name could be seen. Choose one with letters or signs in it.")
    # As it looks: wide letters are others, and what can't be seen hides what can.
    seen = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    if _LIKE_AN_ID.fullmatch(seen):
        raise UsageError(
            f"{name!r} looks like the id of a person, and would be taken for one wherever somebody is asked "
            "for. Choose another name."
        )
    return name


_LIKE_AN_ID = re.compile(r"[pP][0-9]+")
# Marks without a letter, spaces, and what only steers how others are shown.
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Mc", "Zs"})
_LABELS = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}


# Embeddings, overrides and isolates; the marks LRM and RLM are harmless and belong to some names.
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
