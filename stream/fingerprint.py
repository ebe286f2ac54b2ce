"""A name for a file's content."""

import hashlib
import os
from pathlib import Path

from stream.errors import SourceUnreadableError
from stream.local_file import open_local

_WHOLE_UP_TO_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 64 * 1024
_BLOCKS = 256


def fingerprint(path: Path, first_bytes: int | None = None) -> str:
    """Name the content of a file: the same bytes give the same name wherever and whatever they are called.

    Files up to 16 MiB are hashed whole. Of a larger one, its size and 256 evenly spaced blocks of 64 KiB are
    hashed, the first and the last among them: reading all of a 50 GB recording would delay the first result
    by minutes. The price: two larger files of exactly the same size that differ only between those blocks
    count as the same. Encoded video doesn't do that by chance; a file patched in place can.

    Stored identities refer to these names: a change of this function makes every known file unknown.

    Args:
        path: A regular file.
        first_bytes: Only so much of it, as if it ended there; None for all.

    Returns:
        32 lower-case hexadecimal digits (BLAKE2b, 128 bits).

    Raises:
        StreamError: If the file is missing, a folder, empty or unreadable (see `open_local`).
    """
    with open_local(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            if first_bytes is not None:
                size = min(size, first_bytes)
            digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
            if size <= _WHOLE_UP_TO_BYTES:
                left = size
                # What is written meanwhile, behind the end of now, belongs to another file.
                while block := file.read(min(_BLOCK_BYTES, left)):
                    digest.update(block)
                    left -= len(block)
            else:
                for number in range(_BLOCKS):
                    file.seek(number * (size - _BLOCK_BYTES) // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK_BYTES))
        except OSError as error:
            raise SourceUnreadableError(
                f"{str(path)!r} failed while being read: {error}; check the disk", str(path)
            ) from error
    return digest.hexdigest()
