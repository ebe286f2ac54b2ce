"""Vectors and pictures of faces, sealed before they go into Redis, and the keys that seal them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from storage.data_key_file import KEY_FILE, KEY_FILE_VARIABLE, KEY_VARIABLE, decoded_keys, keys_in_file
from storage.errors import DataKeyError, RecordError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"\xff\xff\xff\xffFSE1"
"""What every sealed value begins with. As numbers of a vector or a template it would be NaN, and no JPEG
begins so."""

_ID_BYTES = 4
_NONCE_BYTES = 12
_NONCE_AT = len(MAGIC) + _ID_BYTES
_SEALED_AT = _NONCE_AT + _NONCE_BYTES

OVERHEAD_BYTES = _SEALED_AT + 16
"""How much longer a value is sealed: what it begins with, the key's id, a nonce and a tag."""


def key_id(key: bytes) -> str:
    """Eight hex digits that name a key and tell nothing of it."""
    return hashlib.sha256(b"facestream data key\0" + key).hexdigest()[: 2 * _ID_BYTES]


def sealed_with(value: bytes) -> str:
    """Id of the key that a value is sealed with; empty for one that is not sealed."""
    return value[len(MAGIC) : _NONCE_AT].hex() if value.startswith(MAGIC) else ""


def vector_context(sample_id: str) -> str:
    """What the vector of a sample is bound to: put anywhere else, it does not open."""
    return f"sample {sample_id} vector"


def crop_context(sample_id: str) -> str:
    """What the picture of a sample is bound to."""
    return f"sample {sample_id} crop_jpeg"


def template_context(track_id: str) -> str:
    """What the template of a track is bound to."""
    return f"template {track_id}"


def kept_out_context(field: str) -> str:
    """What the templates are bound to that are kept of people who were forgotten."""
    return f"kept_out {field}"


def staged_context(sample_id: str) -> str:
    """What a vector is bound to that another model made of a sample."""
    return f"reembed {sample_id}"


class DataSeal:
    """Seals values with AES-256-GCM, each with a random nonce and bound to where it belongs.

    Args:
        cipher: Of the key; None leaves values as they are, for a collection that is not encrypted.
        name: Id of the key, eight hex digits; empty without one.
    """

    def __init__(self, cipher: AESGCM | None = None, name: str = "") -> None:
        self._cipher = cipher
        self._head = MAGIC + bytes.fromhex(name)
        self.key_id = name

    def seal(self, value: bytes, context: str) -> bytes:
        """Seal a value; an empty one, which says that there is none, stays empty.

        Args:
            value: A vector, a template or a picture.
            context: Where it belongs; it opens nowhere else.
        """
        if self._cipher is None or not value:
            return value
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, value, context.encode())


PLAIN = DataSeal()
"""Leaves values as they are."""


class DataKeys:
    """All keys that are here. They are read when the first one is needed, and anew when one is missing.

    So a process that runs on comes to know a key that was added for a rotation.

    Args:
        read: Gives the keys, the one to seal with first; raises `DataKeyError` if they can't be used.
        place: Where they come from, for messages.
    """

    def __init__(self, read: Callable[[], list[bytes]], place: str) -> None:
        self._read = read
        self._place = place
        # Replaced as a whole: threads may look at the same time.
        self._ciphers: dict[str, AESGCM] = {}

    @classmethod
    def of(cls, folder: Path, environ: Mapping[str, str]) -> DataKeys:
        """The keys of the environment, or of a file that it names, or of a data folder, in this order.

        Args:
            folder: The data folder, which need not be there.
            environ: Environment variables.
        """
        written, named = environ.get(KEY_VARIABLE), environ.get(KEY_FILE_VARIABLE)
        if written:
            return cls(lambda: decoded_keys(written, f"The variable {KEY_VARIABLE}"), KEY_VARIABLE)
        if named:
            path = Path(named)
            return cls(lambda: keys_in_file(path, shared=True), f"{path} ({KEY_FILE_VARIABLE})")
        own = folder / KEY_FILE
        return cls(lambda: keys_in_file(own) if own.exists() else [], str(own))

    @property
    def place(self) -> str:
        """Where they come from."""
        return self._place

    def ids(self) -> tuple[str, ...]:
        """Their ids; new values are to be sealed with the first.

        Raises:
            DataKeyError: If they can't be used.
        """
        self._load()
        return tuple(self._ciphers)

    def sealing(self, name: bytes | None) -> DataSeal:
        """What seals with the key of a collection.

        Args:
            name: Field `data_key` of its `meta`; empty or None where it is not encrypted.

        Raises:
            DataKeyError: If that key is not here.
        """
        return DataSeal(self._cipher(name.decode()), name.decode()) if name else PLAIN

    def open(self, value: bytes, context: str) -> bytes:
        """What was sealed; a value that is not sealed, as it is.

        Args:
            value: As it is stored.
            context: Where it was found.

        Raises:
            DataKeyError: If the key is not here.
            RecordError: If it was sealed for another place, was cut off, or changed since.
        """
        if not value.startswith(MAGIC):
            return value
        if len(value) < OVERHEAD_BYTES:
            raise RecordError(
                f"{context}: what is sealed there was cut off", field=context.rpartition(" ")[2]
            )
        from cryptography.exceptions import InvalidTag

        cipher = self._cipher(sealed_with(value))
        try:
            return cipher.decrypt(value[_NONCE_AT:_SEALED_AT], value[_SEALED_AT:], context.encode())
        except (InvalidTag, ValueError):
            raise RecordError(
                f"{context}: what is sealed there was sealed for another place, or changed since",
                field=context.rpartition(" ")[2],
            ) from None

    def _cipher(self, name: str) -> AESGCM:
        found = self._ciphers.get(name)
        if found is None:
            self._load()
            found = self._ciphers.get(name)
        if found is None:
            here = f"holds {', '.join(self._ciphers)}" if self._ciphers else "holds none"
            raise DataKeyError(
                f"this collection is encrypted with the data key {name}, which is not here ({self._place} "
                f"{here}). Give it: {KEY_FILE_VARIABLE} names a file with it, or copy {KEY_FILE} out of the "
                "data folder in which encryption was turned on.",
                key_id=name,
            )
        return found

    def _load(self) -> None:
        # Late: most collections need it not.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._ciphers = {key_id(key): AESGCM(key) for key in self._read()}


NO_DATA_KEYS = DataKeys(list, "this process")
"""For who opens no encrypted collection."""
