"""The cameras of a collection, as commands work with them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from facestream.cameras.camera_wish import CameraWish
from facestream.errors import UsageError
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.errors import CameraExistsError, RecordError
from storage.keys import Keys, check_camera_name
from storage.sealed_camera import SealedCamera
from storage.sealing import open_seal
from stream.camera_url import CameraUrl
from stream.errors import CameraUrlError


class CameraBook:
    """Adds, changes and opens cameras.

    Args:
        store: The cameras of the collection.
        keys: Keys of the collection.
        folder: Data folder, which holds the key that URLs are sealed with.
        environ: Environment variables, which may hold it instead.
    """

    def __init__(
        self, store: CameraStore, keys: Keys, folder: Path, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._store = store
        self._keys = keys
        self._folder = folder
        self._environ = environ

    def cameras(self) -> dict[str, tuple[CameraRecord | RecordError, CameraStatus | None]]:
        """All cameras by name: the record, or what is wrong with it where it is damaged, and how it is doing.

        Of those of whom nobody has said lately how they are doing, the latter is None.
        """
        statuses = self._store.readable_statuses()
        return {name: (record, statuses.get(name)) for name, record in self._store.all().items()}

    def names(self) -> list[str]:
        """Names of all cameras, sorted."""
        return self._store.names()

    def found(self, names: Sequence[str]) -> list[str]:
        """Names of cameras that somebody typed, once each.

        Raises:
            UsageError: If no camera can be called so.
            NoSuchCameraError: If there is none of that name.
        """
        found = [camera_name(name) for name in dict.fromkeys(names)]
        self._store.check_names(found)
        return found

    def set_paused(self, names: Sequence[str], *, paused: bool) -> list[CameraRecord]:
        """Leave cameras alone for now, or no longer; errors as those of `CameraStore.change`."""
        return [self._store.set_paused(name, paused) for name in names]

    def remove(self, names: Sequence[str]) -> None:
        """Take cameras away; errors as those of `CameraStore.remove`."""
        for name in names:
            self._store.remove(name)

    def status(self, name: str) -> CameraStatus | None:
        """How one camera is doing; None where nobody has said lately."""
        return self._store.status(name)

    def get(self, name: str) -> CameraRecord:
        """One camera; errors as those of `CameraStore.get`."""
        return self._store.get(name)

    def add_all(
        self, wishes: Mapping[str, CameraWish], *, replace: bool = False, dry_run: bool = False
    ) -> list[CameraRecord]:
        """Add cameras, all or none of them.

        Args:
            wishes: What they are to be, by name.
            replace: Whether they take the place of those that have their names. Those stay paused, or sent by
                a reader, that are so.
            dry_run: Whether to check only.

        Raises:
            UsageError: If one can't be so.
            CameraExistsError: If there is one of such a name, and none is to be replaced.
            SealError: If there is no key to seal with, or not the one that the other cameras are sealed with.
        """
        there = self._store.names()
        taken = [name for name in wishes if name in there]
        if taken and not replace:
            raise CameraExistsError(
                f"There is a camera {taken[0]!r} in collection {self._keys.collection!r} already. Choose "
                "another name, or change that one with `facestream camera set`.",
                name=taken[0],
            )
        now_s = time.time()
        for name, wish in wishes.items():
            _checked(name, partial(wish.record, name, None, now_s))
        if dry_run:
            return []
        sealed = self._sealed(new=not there)
        before = {record.name: record for record in self._store.readable()} if taken else {}
        records = [wish.record(name, sealed, now_s, before.get(name)) for name, wish in wishes.items()]
        self._store.add_all(records, replace=replace)
        return records

    def change(self, name: str, wish: CameraWish) -> CameraRecord:
        """Change a camera; errors as those of `CameraStore.change`, and `SealedCamera.url` for a new URL.

        Raises:
            UsageError: If it can't be so.
        """
        # Before the key is asked for, which a wrong name needs not.
        self._store.get(name)
        sealed = None if wish.url is None and wish.sub_url is None else self._sealed(new=False)
        return self._store.change(name, lambda record: _checked(name, partial(wish.applied, record, sealed)))

    def urls(self, record: CameraRecord) -> tuple[CameraUrl, CameraUrl | None]:
        """URLs of a camera and of its smaller picture, with open references.

        Raises:
            SealError: If they can't be unsealed.
        """
        sealed = self._sealed(new=False, check=False)
        url, sub_url = sealed.url(record), sealed.sub_url(record)
        return CameraUrl.parse(url), CameraUrl.parse(sub_url) if sub_url else None

    def _sealed(self, *, new: bool, check: bool = True) -> SealedCamera:
        seal = open_seal(self._folder, self._environ, create=new)
        sealed = SealedCamera(seal, self._keys.collection)
        if check and not new:
            # A second key would make cameras that no worker can read all of.
            for record in self._store.readable()[:1]:
                sealed.url(record)
        return sealed


def _checked(name: str, make: Callable[[], CameraRecord]) -> CameraRecord:
    """A camera that may be one that there can't be."""
    try:
        return make()
    except ValueError as error:
        raise UsageError(f"{name}: {error}.") from error


def camera_url(text: str) -> CameraUrl:
    """A URL that somebody typed.

    Raises:
        UsageError: If it is none of a camera; holds no part of it.
    """
    try:
        return CameraUrl.parse(text)
    except CameraUrlError as error:
        raise UsageError(str(error)) from None


def camera_name(text: str) -> str:
    """A name that somebody typed.

    Raises:
        UsageError: If no camera can be called so.
    """
    try:
        check_camera_name(text)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    return text
