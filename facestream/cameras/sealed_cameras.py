"""Cameras that come out of a backup, with URLs that were sealed for the collection that it was made of."""

from __future__ import annotations

import os
from pathlib import Path

from storage.camera_store import CameraStore
from storage.errors import RecordError, SealError
from storage.sealed_camera import SealedCamera
from storage.sealing import open_seal


def adopt_cameras(store: CameraStore, folder: Path, sealed_for: str, collection: str) -> tuple[str, ...]:
    """Seal the URLs of cameras anew, where they were sealed for another collection.

    Args:
        store: The cameras.
        folder: Data folder, which may hold the key.
        sealed_for: Collection that they were sealed for.
        collection: Collection that they are in now.

    Returns:
        Names of those that can't be opened with the key that is here, or for want of one, or are damaged.
    """
    names = store.names()
    if not names:
        return ()
    try:
        seal = open_seal(folder, os.environ)
    except SealError:
        return tuple(names)
    old, new = SealedCamera(seal, sealed_for), SealedCamera(seal, collection)
    closed = []
    for name in names:
        try:
            if sealed_for == collection:
                old.url(store.get(name))
            else:
                store.change(name, lambda record: new.taken_over(record, old))
        except (SealError, RecordError):
            closed.append(name)
    return tuple(closed)
