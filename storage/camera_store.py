"""The cameras of a collection, and how they are doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import redis

from storage.camera_record import CameraRecord
from storage.camera_statuses import CameraStatuses
from storage.commands import Hash, Pipeline
from storage.errors import CameraExistsError, NoSuchCameraError, RecordError
from storage.fields import reading
from storage.keys import Keys
from storage.optimistic import T, begin_collection, change_alone
from storage.people_reader import leave_out

_TRIES = 20


class CameraStore(CameraStatuses):
    """Reads and writes cameras, and how they are doing; every change takes effect as a whole or not at all.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        super().__init__(client, keys.camera_status)
        self._keys = keys
        self._warned: set[str] = set()

    def names(self) -> list[str]:
        """Names of all cameras, sorted."""
        return sorted(name.decode() for name in self._client.smembers(self._keys.cameras))

    def get(self, name: str) -> CameraRecord:
        """One camera.

        Raises:
            NoSuchCameraError: If there is none of that name.
            RecordError: If its record is damaged.
        """
        (raw,) = self._hashes([self._keys.camera(name)])
        if not raw:
            raise self._missing(name)
        return self._decoded(name, raw)

    def check_names(self, names: Iterable[str]) -> None:
        """Refuse names that no camera has; whether their records can be read isn't asked.

        Raises:
            NoSuchCameraError: If there is none of such a name.
        """
        there = set(self.names())
        for name in names:
            if name not in there:
                raise self._missing(name)

    def all(self) -> dict[str, CameraRecord | RecordError]:
        """All cameras by name, sorted; in place of a record that is damaged, what is wrong with it."""
        names = self.names()
        found: dict[str, CameraRecord | RecordError] = {}
        for name, raw in zip(names, self._hashes([self._keys.camera(name) for name in names]), strict=True):
            # One that was removed in between is no more.
            if raw:
                try:
                    found[name] = self._decoded(name, raw)
                except RecordError as error:
                    found[name] = error
        return found

    def readable(self) -> list[CameraRecord]:
        """The same without those whose records are damaged, which a warning names once."""
        found = self.all()
        self._warn({name: record for name, record in found.items() if isinstance(record, RecordError)})
        return [record for record in found.values() if isinstance(record, CameraRecord)]

    def add(self, record: CameraRecord) -> None:
        """Add a camera.

        Raises:
            CameraExistsError: If there is one of that name.
        """
        self.add_all([record])

    def add_all(self, records: Sequence[CameraRecord], *, replace: bool = False) -> None:
        """Add some cameras, all or none of them.

        Args:
            records: The cameras.
            replace: Whether they take the place of those that have their names.

        Raises:
            CameraExistsError: If there is one of such a name, and none is to be replaced.
        """

        def attempt(pipe: Pipeline) -> None:
            there = set(self.names())
            taken = [
                record.name for record in records if record.name in there and not self._is_written(record)
            ]
            if taken and not replace:
                raise CameraExistsError(
                    f"There is a camera {taken[0]!r} in collection {self._keys.collection!r} already. "
                    "Choose another name, or remove that one first.",
                    name=taken[0],
                )
            pipe.multi()
            begin_collection(pipe, self._keys)
            for record in records:
                pipe.delete(self._keys.camera(record.name))
                pipe.hset(self._keys.camera(record.name), mapping=record.encode())
                pipe.sadd(self._keys.cameras, record.name)

        self._change_alone(self._keys.cameras, attempt)

    def _is_written(self, record: CameraRecord) -> bool:
        """Whether it is there as we wrote it, and the answer was lost."""
        return self._client.hget(self._keys.camera(record.name), "revision") == record.revision.encode()

    def change(self, name: str, change: Callable[[CameraRecord], CameraRecord]) -> CameraRecord:
        """Change the settings of a camera.

        Args:
            name: The camera.
            change: Gives the new record for the one that there is; may be called more than once.

        Returns:
            The new record.

        Raises:
            NoSuchCameraError: If there is none of that name.
            RecordError: If its record is damaged.
        """
        key = self._keys.camera(name)

        def attempt(pipe: Pipeline) -> CameraRecord:
            record = change(self.get(name))
            pipe.multi()
            pipe.hset(key, mapping=record.encode())
            return record

        return self._change_alone(key, attempt)

    def set_paused(self, name: str, paused: bool) -> CameraRecord:
        """Leave a camera alone for now, or no longer; errors as those of `change`."""
        return self.change(name, lambda record: record.changed(paused=paused))

    def remove(self, name: str) -> None:
        """Take a camera away; who was seen by it stays.

        Raises:
            NoSuchCameraError: If there is none of that name.
        """
        with self._client.pipeline() as pipe:
            pipe.srem(self._keys.cameras, name)
            passing = (
                self._keys.camera_status(name),
                self._keys.camera_view(name),
                self._keys.camera_frames(name),
                self._keys.camera_frames_told(name),
                self._keys.camera_reader(name),
            )
            pipe.delete(self._keys.camera(name), *passing)
            removed, _ = pipe.execute()
        if not removed:
            raise self._missing(name)

    def _decoded(self, name: str, raw: Hash) -> CameraRecord:
        with reading(self._keys.camera(name)):
            record = CameraRecord.decode(raw)
            if record.name != name:
                raise RecordError("field 'name' is that of another camera", field="name")
            return record

    def _warn(self, damaged: Mapping[str, RecordError]) -> None:
        """Say which records are left out, unless that was said already: workers look every other second."""
        for name in damaged.keys() - self._warned:
            leave_out(damaged[name])
        self._warned = set(damaged)

    def _missing(self, name: str) -> NoSuchCameraError:
        names = self.names()
        there = f"there are {', '.join(names[:10])}" if names else "there are none yet"
        return NoSuchCameraError(
            f"There is no camera {name!r} in collection {self._keys.collection!r}: {there}.", name=name
        )

    def _change_alone(self, key: str, attempt: Callable[[Pipeline], T]) -> T:
        restless = "Somebody else changes the cameras all the time. Run the command again."
        return change_alone(self._client, key, attempt, tries=_TRIES, restless=restless)
