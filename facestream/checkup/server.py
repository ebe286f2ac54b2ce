"""The server that people are stored in: the embedded one or a person's own."""

from __future__ import annotations

import time
from collections.abc import Iterator

from facestream.checkup.cameras import check_cameras
from facestream.checkup.finding import Finding
from facestream.checkup.queue import check_queue
from facestream.configuration.settings import Place
from facestream.output import printable
from facestream.wiring import keys_of, make_camera_store, make_store, open_handle
from storage.collection_pulse import read_pulse
from storage.connection import RedisHandle
from storage.errors import (
    CollectionSchemaError,
    DataKeyError,
    ModelChangeError,
    RedisUnavailableError,
    StorageError,
)
from storage.identity_store import IdentityStore
from storage.outage import check_writable
from storage.retention_policy import DAY_S
from storage.server_binary import find_server_binary
from storage.server_facts import ServerFacts, server_facts


def check_server(place: Place) -> Iterator[Finding]:
    """Connect, starting the embedded server where no other one is asked for; nothing is written.

    Raises:
        UsageError: If the collection's name can't be one.
    """
    keys = keys_of(place)
    name = "Redis" if place.redis_url else "embedded server"
    program = ""
    try:
        if not place.redis_url:
            program = f" ({find_server_binary()})"
        started_s = time.monotonic()
        with open_handle(place) as handle, handle.errors():
            took_s = time.monotonic() - started_s
            facts = server_facts(handle.client)
            yield Finding(
                name,
                "ok",
                f"{facts.name} {facts.version}{program}, there in {took_s:.2f} s: {handle.where}, "
                f"{_kept(facts)}",
            )
            if handle.is_cluster:
                answered = sum(1 for client in handle.primaries() if client.ping())
                yield Finding(name, "ok", f"it is a Redis Cluster, whose {answered} nodes with slots answer")
            yield from _troubles(name, handle, facts)
            store = make_store(handle, keys)
            try:
                store.check_usable()
                store.check_key()
                yield _collection_finding(place, store.meta())
                yield from _silent(store)
                yield from check_cameras(make_camera_store(handle, keys))
                yield from check_queue(read_pulse(handle.client, keys))
            except (CollectionSchemaError, DataKeyError, ModelChangeError) as error:
                yield Finding("collection", "failed", str(error))
    except StorageError as error:
        mend = (
            "Mend the server or its URL, or leave out --redis, FACESTREAM_REDIS and `redis` in the "
            "settings file: facestream then runs a server of its own."
        )
        yield Finding(name, "failed", str(error), mend if place.redis_url else "")


def _kept(facts: ServerFacts) -> str:
    return {
        "append-only file": "keeps an append-only file",
        "snapshots": "keeps snapshots",
        "in memory only": "keeps nothing on disk",
        "unknown": "does not say how it keeps data",
    }[facts.persistence]


def _troubles(name: str, handle: RedisHandle, facts: ServerFacts) -> Iterator[Finding]:
    try:
        check_writable(handle)
    except RedisUnavailableError as error:
        yield Finding(name, "failed", str(error))
    for warning in handle.warnings:
        yield Finding(name, "warning", warning)
    for trouble in facts.troubles:
        yield Finding(name, "warning", f"{handle.where}: {trouble}", "Look into the server's log and disk.")


def _silent(store: IdentityStore) -> Iterator[Finding]:
    """Readers of streams for whom nothing is kept any more, since they have been silent for long."""
    silent_after_s = store.retention().silent_after_s
    for reader in store.readers.all():
        if reader.silent_s <= silent_after_s:
            continue
        name = printable(reader.name)
        if reader.kind == "webhook":
            what, begin, end = f"the webhook {name}", "Run `facestream serve`", f"webhook remove {name}"
        else:
            what, begin = f"the consumer group {name} of {reader.stream!r}", "Start what reads with it"
            end = f"readers drop {reader.stream} {name}"
        yield Finding(
            "stream readers",
            "warning",
            f"{what} has read nothing for {reader.silent_s / DAY_S:.1f} days: nothing is kept for it.",
            f"{begin}, or `facestream {end}`.",
        )


def _collection_finding(place: Place, meta: dict[str, str]) -> Finding:
    made = f"models {meta['pack']}, {meta.get('model_id', '')}" if "pack" in meta else "empty"
    return Finding("collection", "ok", f"{place.collection!r}: {made}")
