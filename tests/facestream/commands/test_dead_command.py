"""facestream dead: what could not be taken in is listed, shown, tried again and dropped."""

from __future__ import annotations

import asyncio

import pytest
from command_runs import Cli, Processed

import facestream
from facestream.errors import NotFoundError
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys

pytestmark = pytest.mark.e2e

KEYS = Keys("default")
ASIDE = {"dead_reason": "not yet", "dead_at_s": "1800000000.5"}
CANARY = b"canary of nobody's face" * 10


def bury(cli: Cli) -> tuple[str, str]:
    """Put aside a sample that is there already, and what can't be read; returns their ids."""
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        store = IdentityStore(handle.client, KEYS)
        track = next(store.tracks(store.track_ids()))
        raw = handle.client.hgetall(KEYS.sample(track.sample_ids[0]))
        good = handle.client.xadd(KEYS.dead, {"type": "sample", **raw, **ASIDE})
        # Long ids are no picture.
        ours = {"track_id": 100 * "t", "picture": CANARY}
        bad = handle.client.xadd(KEYS.dead, {"type": "banana", **ours, **ASIDE})
        return good.decode(), bad.decode()


def test_they_are_listed_tried_again_and_dropped(copied: Processed) -> None:
    cli = copied.cli
    assert "everything was taken in" in cli("dead").stdout
    good, bad = bury(cli)
    people = cli("people", "--json").json()

    head, *lines = cli("dead", "list").stdout.splitlines()
    assert head.split() == ["id", "put", "aside", "what", "of", "tries", "bytes", "reason"]
    assert [line.split()[0] for line in lines] == [bad, good]
    assert "…" in lines[0]
    assert max(map(len, lines)) < 160
    assert [one["type"] for one in cli("dead", "list", "--json").json()] == ["banana", "sample"]
    shown = cli("dead", "show", bad, "--json").json()
    assert (shown["reason"], shown["fields"]) == ("not yet", {"type": "banana", "track_id": 100 * "t"})
    assert shown["binary_bytes"] == {"picture": len(CANARY)}
    assert shown["at"] == "2027-01-15T08:00:00.500+00:00"
    assert "230 bytes" in cli("dead", "show", bad).stdout
    cli("dead", "show", "1-1", code=1)

    tried = cli("dead", "retry", "--all", "--json", code=1).json()
    assert tried["taken_in"] == [good]
    (failed,) = tried["failed"]
    assert "banana" in failed["reason"]
    assert (failed["tries"], failed["binary_bytes"]) == (2, {"picture": len(CANARY)})
    assert cli("people", "--json").json() == people

    # Nobody is there to ask.
    assert "--yes" in cli("dead", "drop", "--all", code=2).stderr
    assert len(cli("dead", "--json").json()) == 1
    dropped = cli("dead", "drop", failed["id"], "--yes", "--json").json()
    assert dropped == {"dropped": 1, "history_erased": True}
    assert cli("dead", "--json").json() == []
    cli("dead", "retry", code=2)


def test_python_does_the_same(copied: Processed) -> None:
    good, bad = bury(copied.cli)

    async def look() -> list[str]:
        async with await facestream.connect_async(copied.cli.data_dir) as store:
            return [letter.id for letter in await store.dead_letters()]

    assert asyncio.run(look()) == [bad, good]
    with facestream.connect(copied.cli.data_dir) as store:
        assert [letter.id for letter in store.dead_letters(1)] == [bad]
        assert store.dead_letter(good).kind == "sample"
        with pytest.raises(NotFoundError):
            store.drop_dead_letters([good, "1-1"])
        done = store.retry_dead_letters([good])
        assert (done.taken_in, done.failed) == ((good,), ())
        assert store.drop_dead_letters().count == 1
        assert store.dead_letters() == []
    files = [path for path in copied.cli.data_dir.rglob("*") if path.is_file()]
    assert [path.name for path in files if CANARY in path.read_bytes()] == []
