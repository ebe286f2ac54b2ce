"""Backups of collections, written and read whole."""

from pathlib import Path

import redis

from storage.archive import Row, Tell
from storage.archive_reader import opened_archive
from storage.archive_writer import written_archive
from storage.backup import save_collection
from storage.hold import hold_collection
from storage.keys import SCHEMA, Keys
from storage.restoration import load_collection


def nothing(_what: str, _done: int, _total: int) -> None:
    pass


def save(client: redis.Redis, keys: Keys, path: Path, tell: Tell = nothing) -> None:
    with hold_collection(client, keys) as hold, written_archive(path) as writer:
        writer.set_facts({"schema": str(SCHEMA), "collection": keys.collection})
        save_collection(client, hold, writer, tell)


def load(client: redis.Redis, keys: Keys, path: Path, tell: Tell = nothing) -> None:
    with opened_archive(path, SCHEMA, nothing) as reader, hold_collection(client, keys) as hold:
        load_collection(client, hold, reader, {}, tell)


def pieces_of(path: Path) -> list[tuple[bytes, str, list[Row]]]:
    with opened_archive(path, SCHEMA, nothing) as reader:
        return list(reader.pieces(1000))
