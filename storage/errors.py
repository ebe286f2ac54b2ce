"""Everything that can go wrong between facestream and its Redis.

StorageError
├── DataFolderError
│   └── SchemaMismatchError
├── ServerStartError
├── RedisServerError
│   ├── RedisUrlError
│   ├── RedisUnavailableError
│   │   ├── RedisUnreachableError
│   │   │   └── RedisLoadingError
│   │   ├── RedisReadOnlyError
│   │   └── RedisFullError
│   ├── RedisAuthError
│   └── UnsupportedServerError
├── RecordError
├── CollectionSchemaError
├── ModelConflictError
├── ModelChangeError
├── QueueFullError
├── CollectionGoneError
├── LeaseLostError
│   └── DataLostError
├── CollectionBusyError
├── OvertakenError
├── ArchiveError
├── CameraExistsError
├── NoSuchCameraError
├── TokenExistsError
├── NoSuchTokenError
├── NoSuchJobError
├── TooManyJobsError
├── NoSuchWebhookError
├── TooManyWebhooksError
├── SealError
├── DataKeyError
└── CommandError

RedisUnavailableError and what is below it is worth trying again, for whoever is to work for long: a server
comes back, a replica takes its place, memory is freed. The others stay until somebody mends what was asked.
"""

from __future__ import annotations

from pathlib import Path


class StorageError(Exception):
    """Root of the errors of `storage`."""


class DataFolderError(StorageError):
    """The data folder can't be used: not a folder, not writable, disk full, damaged.

    Attributes:
        path: The folder or the file in it that is the trouble.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class SchemaMismatchError(DataFolderError):
    """The data folder was written by a version of facestream with another layout.

    Attributes:
        found: Schema of the folder.
        supported: Schema of this program.
    """

    def __init__(self, message: str, *, path: Path, found: int, supported: int) -> None:
        super().__init__(message, path=path)
        self.found = found
        self.supported = supported


class ServerStartError(StorageError):
    """The embedded server did not come up, or there is no binary to start.

    Attributes:
        binary: The server's program, or None where none was found.
        log_tail: Last lines of the server's log, empty where it wrote none.
    """

    def __init__(self, message: str, *, binary: Path | None = None, log_tail: str = "") -> None:
        super().__init__(message)
        self.binary = binary
        self.log_tail = log_tail


class RedisServerError(StorageError):
    """A Redis server can't be reached or can't be used.

    Attributes:
        where: Which server, without secrets.
    """

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(message)
        self.where = where


class RedisUrlError(RedisServerError):
    """The URL can't be read, has an unknown scheme or option, or names a database that isn't there."""


class RedisUnavailableError(RedisServerError):
    """The server takes no writes now, which may pass."""


class RedisUnreachableError(RedisUnavailableError):
    """Nobody answers: refused, unknown host, timed out, cut off, no agreement on TLS, no node for a slot."""


class RedisLoadingError(RedisUnreachableError):
    """The server is still reading its data from disk and will answer later."""


class RedisAuthError(RedisServerError):
    """User or password are wrong or missing, or the user may not do what facestream does."""


class UnsupportedServerError(RedisServerError):
    """What answers is too old, a sentinel, or no Redis at all.

    Attributes:
        found: What it says that it is, such as its version.
    """

    def __init__(self, message: str, *, where: str, found: str) -> None:
        super().__init__(message, where=where)
        self.found = found


class RedisReadOnlyError(RedisUnavailableError):
    """The server is a replica: what is written there is refused or lost."""


class RedisFullError(RedisUnavailableError):
    """The server refuses writes: its memory limit is reached or it can't write to its disk."""


class RecordError(StorageError):
    """A hash or a stream entry can't be read.

    Attributes:
        field: The field that is missing or malformed.
        key: The key that holds the record; empty for an entry of a stream.
    """

    def __init__(self, message: str, *, field: str, key: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.key = key

    def at(self, key: str) -> RecordError:
        """The same error of the record that a key holds, with what to do about it."""
        return RecordError(
            f"{key}: {self}. The record is damaged: put it right with `facestream redis --write` "
            "(docs/redis.md says what belongs there), or restore a backup.",
            field=self.field,
            key=key,
        )


class CollectionSchemaError(StorageError):
    """A collection was written by a version of facestream with another layout.

    Attributes:
        found: Its schema.
        supported: Schema of this program.
    """

    def __init__(self, message: str, *, found: str, supported: int) -> None:
        super().__init__(message)
        self.found = found
        self.supported = supported


class ModelConflictError(StorageError):
    """A collection holds embeddings of another model; the two can't be compared.

    Attributes:
        stored: Model id of the collection.
        asked: Model id of the models that were to be used.
    """

    def __init__(self, message: str, *, stored: str, asked: str) -> None:
        super().__init__(message)
        self.stored = stored
        self.asked = asked


class ModelChangeError(StorageError):
    """A collection is half way from one model to another: only finishing the change makes it usable again.

    Attributes:
        collection: Its name.
        pack: Name of the pack that it is being changed to.
    """

    def __init__(self, message: str, *, collection: str, pack: str) -> None:
        super().__init__(message)
        self.collection = collection
        self.pack = pack


class QueueFullError(StorageError):
    """Nobody takes samples out of the queue."""


class CollectionGoneError(StorageError):
    """The collection was dropped or replaced, or its server lost it, while something was meant for it."""


class LeaseLostError(StorageError):
    """Another cluster worker has taken over; what this one was about to write is void."""


class DataLostError(LeaseLostError):
    """The server lacks what it had confirmed; whoever leads must read the collection anew."""


class OvertakenError(StorageError):
    """Somebody else decided something since this decision was checked; look again, then try again."""


class CollectionBusyError(StorageError):
    """Somebody else is writing into a collection that has to stand still.

    Attributes:
        collection: Its name.
    """

    def __init__(self, message: str, *, collection: str) -> None:
        super().__init__(message)
        self.collection = collection


class ArchiveError(StorageError):
    """A backup can't be written, or a file is no backup that this program can read.

    Attributes:
        path: The file.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class CameraExistsError(StorageError):
    """There is a camera of that name already.

    Attributes:
        name: Its name.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class NoSuchCameraError(StorageError):
    """There is no camera of that name.

    Attributes:
        name: The name that was asked for.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class TokenExistsError(StorageError):
    """There is a token of that name already, or there are as many as there may be.

    Attributes:
        name: The name that was to be taken.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class NoSuchTokenError(StorageError):
    """There is no token of that name.

    Attributes:
        name: The name that was asked for.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class NoSuchJobError(StorageError):
    """There is no job with that id.

    Attributes:
        job_id: The id that was asked for.
    """

    def __init__(self, message: str, *, job_id: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class TooManyJobsError(StorageError):
    """So many jobs wait that there is no room for another one."""


class NoSuchWebhookError(StorageError):
    """There is no webhook with that id.

    Attributes:
        webhook_id: The id that was asked for.
    """

    def __init__(self, message: str, *, webhook_id: str) -> None:
        super().__init__(message)
        self.webhook_id = webhook_id


class TooManyWebhooksError(StorageError):
    """There are as many webhooks as there may be."""


class SealError(StorageError):
    """What is sealed can't be opened, or the key for it is missing, malformed or not private."""


class DataKeyError(StorageError):
    """The key that faces of a collection are encrypted with is missing, malformed or not private.

    Attributes:
        key_id: Id of the key that is missing; empty where it is another trouble.
    """

    def __init__(self, message: str, *, key_id: str = "") -> None:
        super().__init__(message)
        self.key_id = key_id


class CommandError(StorageError):
    """The server refuses a command that a person typed."""
