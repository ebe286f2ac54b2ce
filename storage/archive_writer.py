"""Writing a backup."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from storage.archive import FORMAT, FORMAT_VERSION, TABLES, Columns, absorb, count, raw
from storage.errors import ArchiveError


class ArchiveWriter:
    """Fills a backup; made by `written_archive`.

    Args:
        connection: The new database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._digest = hashlib.sha256()
        self._facts: dict[str, str] = {}
        self._entries = 0
        connection.executescript(TABLES)
        connection.execute("BEGIN")

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """Keep facts beside those of the format."""
        self._facts.update(facts)

    def list_records(self, kind: str, keys: Iterable[bytes]) -> None:
        """Note keys, without their prefix; those that are noted already are passed over."""
        rows = ((_text(key), kind) for key in keys)
        self._connection.executemany("INSERT OR IGNORE INTO records (key, kind) VALUES (?, ?)", rows)

    @property
    def records(self) -> int:
        """Number of keys that were noted."""
        return count(self._connection, "records")

    def listed(self, size: int) -> Iterator[list[tuple[int, bytes, str]]]:
        """Number, key and kind of what was noted, in chunks of `size`, in the order of their numbers."""
        last = 0
        while chunk := self._connection.execute(
            "SELECT number, key, kind FROM records WHERE number > ? ORDER BY number LIMIT ?", (last, size)
        ).fetchall():
            last = chunk[-1][0]
            yield [(number, raw(key), kind) for number, key, kind in chunk]

    def add(self, rows: Iterable[Columns]) -> None:
        """Keep what keys hold, by their numbers."""

        def noted() -> Iterator[tuple[int, str | bytes, str | bytes, bytes]]:
            for row in rows:
                absorb(self._digest, row)
                self._entries += 1
                record, member, name, value = row
                yield record, _text(member), _text(name), value

        self._connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", noted())

    def set_last_id(self, record: int, last_id: bytes) -> None:
        """Keep the newest id that a stream has given."""
        self._connection.execute(
            "UPDATE records SET last_id = ? WHERE number = ?", (last_id.decode(), record)
        )

    def finish(self) -> None:
        """Write the facts, the completeness mark last."""
        for number, key, kind, last_id in self._connection.execute(
            "SELECT number, key, kind, last_id FROM records ORDER BY number"
        ):
            absorb(self._digest, (number, raw(key), raw(kind), raw(last_id)))
        facts = {
            "format": FORMAT,
            "format_version": str(FORMAT_VERSION),
            **self._facts,
            "records": str(self.records),
            "entries": str(self._entries),
            "sha256": self._digest.hexdigest(),
            "complete": "1",
        }
        self._connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        self._connection.execute("COMMIT")


@contextlib.contextmanager
def written_archive(path: Path) -> Iterator[ArchiveWriter]:
    """A backup that appears, private to its user, at the end of the `with` block, complete and on the disk.

    Args:
        path: The file; an older one is replaced only then.

    Raises:
        ArchiveError: If it can't be written.
    """
    # A link stays what it is; what it points to is replaced.
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:
        # Links that lead in a circle.
        raise ArchiveError(f"{path} can't be written: {error}. Choose another file.", path=path) from error
    if target.exists() and not target.is_file():
        raise ArchiveError(f"{path} is no file. A backup needs a file of its own.", path=path)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
        os.close(descriptor)
        part = Path(name)
        try:
            with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as connection:
                # Pictures of 8 kB fill larger pages better.
                connection.execute("PRAGMA page_size = 65536")
                # Nobody reads it before it is whole and synced, so there is nothing to roll back to.
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                writer = ArchiveWriter(connection)
                yield writer
                writer.finish()
            _sync(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        # SQLite doesn't say as a number what the system did.
        full = not isinstance(error, OSError) or error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = error.strerror if isinstance(error, OSError) else error
        advice = "Free some space, or choose another file" if full else "Choose another file"
        raise ArchiveError(f"{path} can't be written: {reason}. {advice}.", path=path) from error


def _text(data: bytes) -> str | bytes:
    """Bytes of Redis as text, or as a blob where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
