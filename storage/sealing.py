"""Secrets sealed before they go into Redis, and the key that seals them."""

from __future__ import annotations

import base64
import binascii
import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from storage.errors import SealError
from storage.private_file import content_of, written_beside

KEY_VARIABLE = "FACESTREAM_SECRET_KEY"
"""Environment variable with the key, base64; without it and the next one, the key file counts."""

KEY_FILE_VARIABLE = "FACESTREAM_SECRET_KEY_FILE"
"""Environment variable with the path of a file that holds the key, as containers are handed their secrets."""

KEY_FILE = "camera.key"
"""File with the key, in the data folder."""

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "1:"
_LONGEST_FILE = 1000
_WAY_OUT = (
    f"Set {KEY_VARIABLE} to the key that they were added with, or copy the file {KEY_FILE} out of the data "
    "folder that they were added from"
)


class Seal:
    """Seals texts with AES-256-GCM, each with a random nonce and bound to the context that it is sealed for.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        # Late: of all commands, only those for cameras need it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def seal(self, text: str, context: str) -> str:
        """Seal a text.

        Args:
            text: The secret.
            context: Where it belongs; `open` refuses it anywhere else.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, text.encode(), context.encode())
        return _VERSION + base64.urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str, context: str) -> str:
        """The text that was sealed.

        Raises:
            SealError: If it was sealed with another key or for another context, or was changed since.
        """
        from cryptography.exceptions import InvalidTag

        if not sealed.startswith(_VERSION):
            raise SealError(
                f"What is stored for {context} is not sealed as this version does it. Add it anew."
            )
        try:
            data = _decoded(sealed[len(_VERSION) :])
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError):
            raise SealError(
                f"The URL of {context} can't be unsealed: it was sealed with another key, or changed since. "
                f"{_WAY_OUT}; or add it anew."
            ) from None


def _decoded(written: str) -> bytes:
    """What URL-safe base64 says; of all ways to write the same bytes only that of `seal` is taken.

    Raises:
        ValueError: If it is written in another way.
    """
    data = base64.b64decode(written, altchars=b"-_", validate=True)
    # Python takes "+" for "-" and "/" for "_" as well, and passes over the last bits before the padding.
    if base64.urlsafe_b64encode(data).decode() != written:
        raise ValueError("not as it was sealed")
    return data


def open_seal(folder: Path, environ: Mapping[str, str], *, create: bool = False) -> Seal:
    """The seal of a data folder, or of the environment.

    A file that the environment names may be readable by others, as mounted secrets of containers are; the one
    in the data folder may not.

    Args:
        folder: The data folder.
        environ: Environment variables; the key in them wins over a file that they name, and both
                over the data folder.
        create: Whether to make the key file where there is no key yet.

    Raises:
        SealError: If there is no key, or it can't be used.
    """
    written = environ.get(KEY_VARIABLE)
    if written:
        return Seal(key_of(written, f"The environment variable {KEY_VARIABLE}"))
    if named := environ.get(KEY_FILE_VARIABLE):
        return Seal(_read_named(Path(named)))
    path = folder / KEY_FILE
    try:
        return Seal(_read(path))
    except FileNotFoundError:
        if not create:
            raise SealError(
                f"There is no key to unseal URLs with: neither {KEY_VARIABLE}, {KEY_FILE_VARIABLE} nor "
                f"{path}. {_WAY_OUT}."
            ) from None
    _make(path)
    # The one that is there now, which another process may have made at the same moment.
    return Seal(_read(path))


def _read_named(path: Path) -> bytes:
    what = f"The file {path} that {KEY_FILE_VARIABLE} names"
    try:
        content = content_of(path, _LONGEST_FILE)
    except OSError as error:
        raise SealError(f"{what} can't be read: {error.strerror}.") from error
    return key_of(content.text, what)


def _read(path: Path) -> bytes:
    try:
        content = content_of(path, _LONGEST_FILE)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SealError(f"The key file {path} can't be read: {error.strerror}.") from error
    if content.mode & 0o077:
        raise SealError(
            f"The key file {path} can be read or written by others than its owner. Run `chmod 600` on it; "
            "if they could have read it, change the passwords of the cameras as well."
        )
    return key_of(content.text, f"The key file {path}")


def key_of(written: str, what: str) -> bytes:
    """The 32 bytes of a key in base64.

    Args:
        written: The key.
        what: Where it was found, for messages, which hold nothing of it.

    Raises:
        SealError: If it is none.
    """
    made = "`openssl rand -base64 32` makes one"
    try:
        key = base64.b64decode(written.strip(), validate=True)
    except (binascii.Error, ValueError):
        # The error's text may hold what was given.
        raise SealError(f"{what} holds no base64. The key is 32 bytes as base64; {made}.") from None
    if len(key) != _KEY_BYTES:
        raise SealError(f"{what} holds {len(key)} bytes as base64, not {_KEY_BYTES}; {made}.")
    return key


def _make(path: Path) -> None:
    """Make a key file that appears, private and whole, only where there is none."""
    try:
        key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n"
        with written_beside(path, key) as beside:
            # Unlike a rename, a link never takes the place of a key that is in use.
            os.link(beside, path)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise SealError(f"The key file {path} can't be made: {error.strerror}.") from error
