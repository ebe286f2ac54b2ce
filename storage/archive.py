"""The file of a backup: a SQLite 3 database, so that anybody can read it.

Format 1 has three tables and a view:

- `facts(name, value)`: `format` (`facestream backup`), `format_version`, `facestream_version`, `schema` (of
  the records, see docs/redis.md), `collection`, `created_at_s` (unix time), `records` and `entries` (numbers
  of rows), `sha256` (see below), and `complete` (`1`), which is written last.
- `records(number, key, kind, last_id)`: the keys of Redis, without `fs:{NAME}:` in front. `kind` is `string`,
  `hash`, `set`, `zset` or `stream`; `last_id` is the newest id that a stream has given, else empty.
- `entries(record, member, name, value)`: what they hold. `record` is a `number` of `records`; what a kind
  does not need is empty:

  | kind | member | name | value |
  |---|---|---|---|
  | string | | | its value |
  | hash | | field | its value |
  | set | member | | |
  | zset | member | | score, decimal text |
  | stream | id of an entry | field | its value |

- `contents(key, kind, member, name, value)`: both together.

Keys, members and names are text, or blobs where they are not UTF-8. Values are blobs, with the encodings that
docs/redis.md describes. Entries of a stream stand in their order, and so do their fields.

The digest is taken over `entries` by rowid, then over `records` by number. Of each row it takes the lengths
of all columns in decimal, each with a space behind it, then the columns; numbers are decimal text.

    sqlite3 FILE "SELECT key, CAST(value AS TEXT) FROM contents WHERE key LIKE 'identity:%' AND name = 'name'"
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol

FORMAT = "facestream backup"
FORMAT_VERSION = 1

KINDS = ("stream", "string", "set", "zset", "hash")
"""Kinds of keys, in the order in which they are written: who reads a person finds their events."""

TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE records (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, last_id TEXT NOT NULL DEFAULT ''
);
CREATE TABLE entries (record INTEGER NOT NULL, member TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL);
CREATE VIEW contents AS
    SELECT key, kind, member, entries.name AS name, value FROM entries JOIN records ON number = record;
"""

Row = tuple[bytes, bytes, bytes]
"""Member, name and value of one row of `entries`."""

Columns = tuple[int, bytes, bytes, bytes]
"""One row of `entries` or of `records`."""

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how far it is, and how far it has to go."""


class Digest(Protocol):
    """What the rows are fed to."""

    def update(self, data: bytes, /) -> None:
        """Take in some bytes."""


def absorb(digest: Digest, row: Columns) -> None:
    """Feed one row to a digest; the lengths in front keep columns apart."""
    number, first, second, third = b"%d" % row[0], *row[1:]
    lengths = (len(number), len(first), len(second), len(third))
    digest.update(b"%d %d %d %d %b%b%b%b" % (*lengths, number, first, second, third))


def raw(value: object) -> bytes:
    """A text or blob of the database as the bytes that Redis holds.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise ValueError(f"{value!r} is neither a text nor a blob")  # noqa: TRY004 - a value, not a type
    return value


def count(connection: sqlite3.Connection, table: str) -> int:
    """Number of rows of a table."""
    (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(found)
