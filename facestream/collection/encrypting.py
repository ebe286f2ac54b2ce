"""Encryption at rest: faces of a collection are sealed, get another key, or stand open again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facestream.collection.catalogue import found
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.hint import command_line
from facestream.people.thumbnail_files import remove_thumbnails
from facestream.wiring import (
    keys_of,
    make_queue,
    make_staged_vectors,
    make_store,
    open_folder,
    open_handle,
    thumbnails_folders,
)
from storage.archive import Tell
from storage.connection import RedisHandle
from storage.data_key_file import KEY_FILE, KEY_FILE_VARIABLE, KEY_VARIABLE, add_key
from storage.encryption import Encryption, Rewritten, begin_change, end_change, rewrite
from storage.erasure import erase_history
from storage.errors import CollectionBusyError, DataKeyError
from storage.hold import hold_collection

Action = Literal["on", "rotate", "off"]


@dataclass(frozen=True, slots=True)
class EncryptionStatus:
    """Whether a collection is encrypted, and whether it can be opened here.

    Attributes:
        collection: Its name.
        key_id: Id of its key, eight hex digits; empty where it is not encrypted.
        changing: Whether a change was begun and is not finished: values of before and of now stand side by
            side.
        before: Id of the key of before such a change; empty where there was none.
        keys: Ids of the keys that are here; new values are to be sealed with the first.
        place: Where these keys are from.
        problem: Why it can't be opened here; empty where it can.
    """

    collection: str
    key_id: str
    changing: bool
    before: str
    keys: tuple[str, ...]
    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class EncryptionChange:
    """What a change of the encryption has done.

    Attributes:
        collection: The collection.
        changed: Whether there was anything to do.
        key_id: Id of its key now; empty where it is not encrypted.
        before: Id of its key before; empty where it was not.
        rewritten: What was written anew.
        logged_gone: Entries of the log `faces` that were deleted.
        key_made: File that a new key was put into; None where there was one.
        history_erased: Whether the server's files hold nothing of before: False for a server of the user's
            own.
        seconds: Time it took.
    """

    collection: str
    changed: bool
    key_id: str
    before: str
    rewritten: Rewritten
    logged_gone: int
    key_made: Path | None
    history_erased: bool
    seconds: float


def status(place: Place) -> EncryptionStatus:
    """Whether a collection is encrypted.

    Raises:
        NotFoundError: If there is no such collection.
        DataKeyError: If keys are here that can't be used.
    """
    with open_handle(place) as handle, handle.errors():
        found(handle, place)
        now = Encryption.of(handle.client, keys_of(place))
        problem = ""
        try:
            make_store(handle, keys_of(place)).check_key()
        except DataKeyError as error:
            problem = str(error)
        keys = handle.data_keys
        return EncryptionStatus(
            place.collection,
            now.key_id,
            now.before is not None,
            now.before or "",
            keys.ids(),
            keys.place,
            problem,
        )


def change(
    place: Place, action: Action, before: Callable[[int], None] | None = None, tell: Tell | None = None
) -> EncryptionChange:
    """Turn the encryption of a collection on or off, or give it the newest key.

    What is stopped half way is gone on with by the same call; the collection can be used meanwhile.

    Args:
        place: Where it is. Encryption may be turned on before there is anything in it.
        action: What to do.
        before: Is told how many entries of the log `faces` will be deleted; may raise to prevent it.
        tell: Is told what is being done, how far it is, and how far it has to go.

    Raises:
        NotFoundError: If there is no such collection.
        UsageError: If there is no new key to rotate to, or another change is to be finished first.
        CollectionBusyError: If something is processing into it, or waits to be taken in.
        DataKeyError: If a key is missing or can't be used.
        StorageError: If the folder or the server can't be used.
    """
    began_s = time.monotonic()
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        if action != "on":
            found(handle, place)
        store = make_store(handle, keys)
        store.check_schema()
        with hold_collection(handle.client, keys) as hold:
            # First of all: a key is not changed by who can't open what it sealed.
            store.check_key()
            now = Encryption.of(handle.client, keys)
            logged, made = 0, None
            if now.before is None:
                key_id, made = _target(handle, place, now, action)
                if key_id == now.key_id and made is None:
                    took_s = time.monotonic() - began_s
                    return EncryptionChange(
                        place.collection, False, key_id, key_id, Rewritten(), 0, None, True, took_s
                    )
                _check_at_rest(handle, place)
                if before is not None:
                    before(handle.client.xlen(keys.faces))
                if made is not None:
                    # Not before: whoever makes one is told to keep a copy.
                    add_key(made)
                    key_id = handle.data_keys.ids()[0]
                logged = begin_change(handle.client, hold, key_id)
            elif (action == "off") == bool(now.key_id):
                raise UsageError(
                    "another change of this collection's encryption was stopped half way. Finish it first: "
                    + command_line(place, "encryption", "rotate" if now.key_id else "off")
                )
            now = Encryption.of(handle.client, keys)
            done = rewrite(handle.client, hold, handle.data_keys, tell or _tell_nobody)
            for folder in thumbnails_folders(place) if now.key_id else ():
                remove_thumbnails(folder, left_over_s=0.0)
            erased = erase_history(handle)
            end_change(hold)
    return EncryptionChange(
        place.collection,
        True,
        now.key_id,
        now.before or "",
        done,
        logged,
        made,
        erased,
        time.monotonic() - began_s,
    )


def _target(handle: RedisHandle, place: Place, now: Encryption, action: Action) -> tuple[str, Path | None]:
    """Id of the key that the collection gets, or the file that it is to be made in."""
    if action == "off":
        return "", None
    if action == "on" and now.key_id:
        return now.key_id, None
    if action == "rotate" and not now.key_id:
        raise UsageError(
            f"collection {place.collection!r} is not encrypted. Turn it on: "
            + command_line(place, "encryption", "on")
        )
    here = handle.data_keys.ids()
    if here and here[0] != now.key_id:
        # A first one, or one that somebody has put in front.
        return here[0], None
    if os.environ.get(KEY_VARIABLE) or os.environ.get(KEY_FILE_VARIABLE):
        raise UsageError(
            f"the first key of {handle.data_keys.place} is the one that the collection has. Put a new one in "
            "front of it (`openssl rand -base64 32` makes one), leave the old one behind it, then run this "
            "command again."
        )
    return "", open_folder(place).path / KEY_FILE


def _check_at_rest(handle: RedisHandle, place: Place) -> None:
    """Refuse to begin while there is something that could be written anew by nobody.

    Raises:
        CollectionBusyError: If there is.
    """
    keys = keys_of(place)
    if waiting := make_queue(handle, keys).waiting():
        raise CollectionBusyError(
            f"{waiting} entries that a run left in collection {place.collection!r} have to be taken in "
            f"first. Run any file, or `{command_line(place, 'cluster-worker')}` until nothing waits, then "
            "this command again.",
            collection=place.collection,
        )
    if make_staged_vectors(handle, keys).target():
        raise CollectionBusyError(
            f"a change of the models of collection {place.collection!r} was begun. Finish it first, or "
            f"cancel it: {command_line(place, 'reembed', '--cancel')}",
            collection=place.collection,
        )


def _tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Let nobody know how far it is."""
