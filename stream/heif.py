"""HEIC, the photos of phones: read where a decoder of them is installed, which is left to the user."""

from __future__ import annotations

import functools

ENDINGS = frozenset({".heic", ".heif", ".hif"})
"""How such files are called."""

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
"""What their first box says they are, alone or among others; the last four are several pictures."""

CONTAINER_BRANDS = frozenset({b"mif1", b"msf1"})
"""What it may say instead, which is also said of AVIF."""

AVIF_BRANDS = frozenset({b"avif", b"avis"})
"""What it says of AVIF."""

HINT = "HEIC is read once its decoder is installed: pip install pi-heif"
"""What is said where it isn't. The decoder's libraries are under the LGPL, so nobody has it unasked."""


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so may be one.

    Args:
        head: So much that its first box is whole, as a rule some 40 bytes.
    """
    if head[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(head[:4], "big"), len(head))
    # Between the first and the others stands a version.
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
    return bool(brands & BRANDS) or bool(brands & CONTAINER_BRANDS and not brands & AVIF_BRANDS)


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
