"""Where the keys are that vectors and pictures of faces are sealed with."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from pathlib import Path

from storage.errors import DataKeyError, SealError
from storage.private_file import content_of, written_beside
from storage.sealing import key_of

KEY_VARIABLE = "FACESTREAM_DATA_KEY"
"""Environment variable with keys in base64, the newest first, separated by spaces or new lines."""

KEY_FILE_VARIABLE = "FACESTREAM_DATA_KEY_FILE"
"""Environment variable with the path of a file of keys, one a line, the newest first."""

KEY_FILE = "data.key"
"""File with keys, in the data folder: what counts where neither variable is set."""

_KEY_BYTES = 32
_LONGEST_FILE = 10_000
_HEAD = "# Keys of encrypted collections. The first one seals; others only open what was sealed before.\n"


def decoded_keys(written: str, what: str) -> list[bytes]:
    """The keys of a text, the newest first; lines that begin with # say nothing.

    Args:
        written: Keys in base64.
        what: What it is, for messages.

    Raises:
        DataKeyError: If one of them is no key, or there is none.
    """
    lines = [line for line in written.splitlines() if not line.lstrip().startswith("#")]
    try:
        keys = [key_of(word, what) for line in lines for word in line.split()]
    except SealError as error:
        raise DataKeyError(str(error)) from None
    if not keys:
        raise DataKeyError(f"{what} holds no key. `openssl rand -base64 32` makes one.")
    return keys


def keys_in_file(path: Path, *, shared: bool = False) -> list[bytes]:
    """The keys of a file.

    Args:
        path: The file.
        shared: Whether others may read it, as mounted secrets of containers are.

    Raises:
        DataKeyError: If it can't be read or is too long, others can read it, or what it holds are no keys.
    """
    try:
        content = content_of(path, _LONGEST_FILE)
    except OSError as error:
        raise DataKeyError(f"The key file {path} can't be read: {error.strerror}.") from error
    if content.mode & (0o022 if shared else 0o077):
        what = "written" if shared else "read or written"
        raise DataKeyError(
            f"The key file {path} can be {what} by others than its owner. Run `chmod 600` on it; if they "
            "could have read it, rotate the key: facestream encryption rotate."
        )
    _check_length(path, content.text)
    return decoded_keys(content.text, f"The key file {path}")


def add_key(path: Path) -> bytes:
    """Put a new random key in front of the others of a file, which is made if it isn't there.

    The file is whole at any moment, and on the disk before this returns. Several processes may do so at once:
    each collection of a data folder is encrypted for itself, and all of them have this file.

    Raises:
        DataKeyError: If it can't be written, has no room for one more, or what it holds are no keys.
    """
    try:
        # For writing, as file systems of other machines want it for a lock.
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataKeyError(f"The key file {path} can't be written: {error.strerror}.") from error
    try:
        # Who reads it before another one has written would put that one's key away.
        fcntl.flock(lock, fcntl.LOCK_EX)
        older = keys_in_file(path) if path.exists() else []
        key = secrets.token_bytes(_KEY_BYTES)
        content = _HEAD + "".join(base64.b64encode(each).decode() + "\n" for each in (key, *older))
        _check_length(path, content)
        with written_beside(path, content.encode()) as beside:
            beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            # What is sealed with a key that a power cut takes is lost.
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise DataKeyError(f"The key file {path} can't be written: {error.strerror}.") from error
    finally:
        os.close(lock)
    return key


def _check_length(path: Path, content: str) -> None:
    """Refuse a file of which not all would be read: keys at its end would be lost with the next rotation."""
    if len(content) >= _LONGEST_FILE:
        raise DataKeyError(
            f"The key file {path} is too long, or would be with one key more. Those that no collection and "
            "no backup needs any more can go."
        )
