"""HEIC, the photos of phones: read where a decoder of them is installed, which is left to the user."""

from __future__ import annotations

import functools

ENDINGS = frozenset({".heic", ".heif", ".hif"})
"""How such files are called."""

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""What their first box says they are; the last is also said of AVIF."""

HINT = "HEIC is read once its decoder is installed: pip install pi-heif"
"""What is said where it isn't. The decoder's libraries are under the LGPL, so nobody has it unasked."""


def is_heif(prefix: bytes) -> bool:
    """Whether a file that begins so, with at least 12 bytes, may be one."""
    return prefix[4:8] == b"ftyp" and prefix[8:12] in BRANDS


@functools.cache
def is_readable() -> bool:
    """Let Pillow open such photos, if it can; returns whether.

    To be asked only where there is one: hardly anybody has any, and it takes 0.1 s.
    """
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.register_heif_opener()
    return True
