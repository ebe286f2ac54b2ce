"""HEIC, the photos of phones: read where a decoder of them is installed, which is left to the user."""

from __future__ import annotations

import functools
import importlib.util

ENDINGS = frozenset({".heic", ".heif", ".hif"})
"""How such files are called."""

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""What their first box says they are; the last is also said of AVIF."""

HINT = "HEIC is read once its decoder is installed: pip install 'facestream[heic]'"
"""What is said where it isn't. The decoder's libraries are under the LGPL, so nobody has it unasked."""


def is_heif(prefix: bytes) -> bool:
    """Whether a file that begins so, with at least 12 bytes, may be one."""
    return prefix[4:8] == b"ftyp" and prefix[8:12] in BRANDS


@functools.cache
def decoder_installed() -> bool:
    """Whether they can be read."""
    return importlib.util.find_spec("pi_heif") is not None


@functools.cache
def teach_pillow() -> None:
    """Let Pillow open them. Not at the start: hardly anybody has such photos, and it takes 0.1 s."""
    import pi_heif

    pi_heif.register_heif_opener()
