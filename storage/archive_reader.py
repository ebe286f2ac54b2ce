"""Reading a backup, which may be any file at all."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from storage.archive import FORMAT, FORMAT_VERSION, Row, Tell, absorb, count, raw
from storage.errors import ArchiveError

_MAGIC = b"SQLite format 3\0"
_TELL_EVERY = 5000


class ArchiveReader:
    """A backup that was found to be whole; made by `opened_archive`.

    Args:
        connection: The database.
        facts: What stands in its table of this name.
    """

    def __init__(self, connection: sqlite3.Connection, facts: dict[str, str]) -> None:
        self._connection = connection
        self.facts = facts

    @property
    def collection(self) -> str:
        """Name of the collection that it was made of."""
        return self.facts.get("collection", "")

    @property
    def records(self) -> int:
        """Number of keys."""
        return int(self.facts["records"])

    def streams(self) -> list[tuple[bytes, bytes]]:
        """Key of each stream, also of an empty one, and the newest id that it has given."""
        return self._connection.execute("SELECT key, last_id FROM records WHERE kind = 'stream'").fetchall()

    def pieces(self, size: int) -> Iterator[tuple[bytes, str, list[Row]]]:
        """Key, kind and rows of all there is, in the order in which it was written.

        Args:
            size: Most rows in a piece: a key that holds more comes in several. A stream comes entry by entry.
        """
        rows = self._connection.execute(
            "SELECT key, kind, member, entries.name, value FROM entries JOIN records ON number = record "
            "ORDER BY entries.rowid"
        )
        now: tuple[bytes, bytes, bytes] | None = None
        piece: list[Row] = []
        for key, kind, member, name, value in rows:
            here = (key, kind, member if kind == b"stream" else b"")
            if now is not None and (here != now or (len(piece) >= size and kind != b"stream")):
                yield now[0], now[1].decode(), piece
                piece = []
            now = here
            piece.append((member, name, value))
        if now is not None:
            yield now[0], now[1].decode(), piece


@contextlib.contextmanager
def opened_archive(path: Path, schema: int, tell: Tell) -> Iterator[ArchiveReader]:
    """Check a backup from its first to its last byte and open it.

    Args:
        path: The file.
        schema: Layout of the records that can be restored.
        tell: Is told how far the check is.

    Raises:
        ArchiveError: If it can't be read, is no backup, is damaged, or was written by another version of
            facestream in another format.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise ArchiveError(f"{path} can't be read: {error.strerror}.", path=path) from error
    if begin != _MAGIC:
        what = "another kind of file" if begin else "empty"
        raise ArchiveError(f"{path} is no backup of facestream: it is {what}.", path=path)
    # Immutable: nothing is written beside the file, whose folder may be read-only.
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.text_factory = bytes
        # Views and defaults of a file from elsewhere may call nothing.
        connection.execute("PRAGMA trusted_schema = OFF")
        try:
            reader = ArchiveReader(connection, _facts(connection, path, schema))
            _check(connection, reader.facts, path, tell)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise _damaged(path, str(error)) from error
        yield reader


def _facts(connection: sqlite3.Connection, path: Path, schema: int) -> dict[str, str]:
    try:
        rows = connection.execute("SELECT name, value FROM facts").fetchall()
    except sqlite3.OperationalError:
        rows = []
    facts = {raw(name).decode(): raw(value).decode() for name, value in rows}
    if facts.get("format") != FORMAT:
        # A file that is damaged may look like another database as well.
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != b"ok":
            raise _damaged(path, verdict.decode("utf-8", "replace"))
        raise ArchiveError(f"{path} is no backup of facestream: it is another SQLite database.", path=path)
    writer = f"facestream {facts.get('facestream_version', 'of another version')}"
    if facts.get("format_version") != str(FORMAT_VERSION):
        raise ArchiveError(
            f"{path} was written by {writer} in a format that this version can't read. Restore it with "
            f"{writer}.",
            path=path,
        )
    if facts.get("complete") != "1":
        raise _damaged(path, "its end is missing")
    if facts.get("schema") != str(schema):
        raise ArchiveError(
            f"{path} was written by {writer} and holds records of schema {facts.get('schema', '')!r}; this "
            f"version reads and writes {schema}. Restore it with {writer}.",
            path=path,
        )
    return facts


def _check(connection: sqlite3.Connection, facts: Mapping[str, str], path: Path, tell: Tell) -> None:
    """Refuse a database in which anything is not as it was written."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != b"ok":
        raise _damaged(path, verdict.decode("utf-8", "replace"))
    total = count(connection, "entries")
    if (facts.get("entries"), facts.get("records")) != (str(total), str(count(connection, "records"))):
        raise _damaged(path, "rows are missing")
    digest = hashlib.sha256()
    entries = connection.execute("SELECT record, member, name, value FROM entries ORDER BY rowid")
    for done, (record, member, name, value) in enumerate(entries):
        absorb(digest, (record, raw(member), raw(name), raw(value)))
        if done % _TELL_EVERY == 0:
            tell("checking", done, total)
    records = connection.execute("SELECT number, key, kind, last_id FROM records ORDER BY number")
    for number, key, kind, last_id in records:
        absorb(digest, (number, raw(key), raw(kind), raw(last_id)))
    if digest.hexdigest() != facts.get("sha256"):
        raise _damaged(path, "its content is not what was written")


def _damaged(path: Path, reason: str) -> ArchiveError:
    return ArchiveError(
        f"{path} is damaged or was cut short ({reason}). Nothing was restored; use another copy.", path=path
    )
