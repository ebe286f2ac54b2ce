"""An open collection, and who is meant by an id or a name in it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from facestream.configuration.settings import Place
from facestream.errors import ClosedError, ForgottenError, NotFoundError, UsageError
from facestream.hint import command_line
from facestream.people.people_filter import folded
from facestream.people.person import Person, person_of
from storage.connection import RedisHandle
from storage.identity_record import Identity, is_identity_id
from storage.people_reader import PeopleReader

if TYPE_CHECKING:
    from storage.catalogue import CollectionInfo
    from storage.decision_log import DecisionLog
    from storage.identity_store import IdentityStore
    from workers.models.pack import Pack


@dataclass(slots=True, eq=False)
class OpenCollection:
    """A collection and the connection to it; a context manager that closes it."""

    _handle: RedisHandle = field(repr=False)
    _reader: PeopleReader = field(repr=False)
    _place: Place = field(repr=False)
    _packs: dict[tuple[str, str], Pack] = field(default_factory=dict, repr=False)
    _closed: bool = field(default=False, init=False, repr=False)

    @property
    def collection(self) -> str:
        """Name of the collection."""
        return self._reader.keys.collection

    @property
    def where(self) -> str:
        """Which server it is in, without secrets."""
        return self._handle.where

    @property
    def data_dir(self) -> Path | None:
        """Data folder that was asked for; None for the default one."""
        return self._place.data_dir

    def meta(self) -> dict[str, str]:
        """Facts of the collection: model_id, pack, licence, created_at_s; empty before the first run."""
        with self._errors():
            return self._reader.meta()

    @property
    def is_encrypted(self) -> bool:
        """Whether vectors and pictures of faces are encrypted where they are stored."""
        with self._errors():
            return self._reader.is_encrypted

    def info(self) -> CollectionInfo:
        """What there is to say of it at a glance; nothing yet before the first run."""
        from facestream.wiring import make_catalogue

        with self._errors():
            return make_catalogue(self._handle).info(self._reader.keys)

    def models_for(self, asked: str | None = None) -> str:
        """Name or folder of the model pack to compare its faces with: the one asked for, or its own.

        Raises:
            ModelConflictError: If its own pack has become another one.
            WorkerError: If its own pack isn't found any more.
        """
        from facestream.models.own_models import models_for

        with self._errors():
            return models_for(self._identities, self._place, asked)

    def drop_stale_pictures(self) -> None:
        """Delete files with faces, on this machine, that show nobody any more, or what was erased or sealed.

        Somebody may have been forgotten, and faces may have been sealed, on another machine. Those that were
        written under another address of the server stay.

        Raises:
            FacestreamError: If one can't be deleted.
        """
        from facestream.erasure.leftovers import remove_stale
        from facestream.people.thumbnail_files import LEFT_OVER_S
        from facestream.wiring import thumbnails_there

        folder = thumbnails_there(self._place)
        if folder.is_dir():
            with self._errors():
                # Others may be writing theirs.
                remove_stale(self._reader, folder, left_over_s=LEFT_OVER_S)

    def hint(self, *words: str) -> str:
        """A command for this collection, to be pasted into a shell; without secrets of its URL."""
        return command_line(self._place, *words)

    def close(self) -> None:
        """Close the connection; what is asked for after that raises `ClosedError`.

        Closing twice does nothing.
        """
        self._closed = True
        self._handle.close()

    def __enter__(self) -> Self:
        """Enter a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close at the end of a `with` block."""
        self.close()

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        if self._closed:
            raise ClosedError(self.collection)
        return self._handle.errors()

    @property
    def _identities(self) -> IdentityStore:
        """What is needed for more than a look at people; made late, as lists should be quick."""
        from facestream.wiring import make_store

        return make_store(self._handle, self._reader.keys)

    @property
    def _log(self) -> DecisionLog:
        """What people decided."""
        from facestream.wiring import make_log

        return make_log(self._handle, self._reader.keys)

    def _identity(self, person_id: str, *, also_gone: bool = False) -> Identity:
        """The record of a person there is, by any id they ever had, or by their name.

        Args:
            person_id: The id or name.
            also_gone: Also of one who vanished or was forgotten.
        """
        asked = person_id.strip().lower()
        if not is_identity_id(asked):
            # Other texts could be those of keys that hold something else.
            called = [
                i for i, name in self._reader.names().items() if folded(name) == folded(person_id.strip())
            ]
            if len(called) > 1:
                raise UsageError(
                    f"{len(called)} people are called {person_id.strip()!r}: "
                    f"{', '.join(sorted(called))}. Say which one by id."
                )
            if called:
                return self._identity(called[0])
            raise NotFoundError(
                f"nobody in collection {self.collection!r} is called {person_id[:40]!r}, and ids look like "
                f"p3. `{self.hint('people')}` lists everybody.",
                what=person_id,
            )
        identity = self._reader.person(asked)
        passed: set[str] = set()
        while identity and identity.merged_into and identity.identity_id not in passed:
            passed.add(identity.identity_id)
            identity = self._reader.person(identity.merged_into)
        if also_gone and identity is not None and not identity.merged_into:
            return identity
        if identity is not None and identity.forgotten:
            raise ForgottenError(
                f"{person_id} was forgotten; nothing is left of this person.", what=person_id
            )
        if identity is None or not identity.tracks:
            raise NotFoundError(
                f"no person {person_id!r} in collection {self.collection!r}. `{self.hint('people')}` lists "
                "everybody.",
                what=person_id,
            )
        return identity

    def _person(self, identity: Identity) -> Person:
        if not identity.sightings:
            raise self._reader.without_sightings(identity.identity_id)
        sources = self._reader.sources({seen.source_id for seen in identity.sightings})
        return person_of(identity, {source.source_id: source for source in sources})
