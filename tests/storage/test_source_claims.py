from __future__ import annotations

import socket
import threading
import time

import pytest
import redis

from storage.keys import Keys
from storage.living_process import own_process
from storage.source_claims import SourceClaims


def test_one_process_at_a_time_has_a_source(client: redis.Redis, keys: Keys) -> None:
    with SourceClaims(client, keys) as ours, SourceClaims(client, keys) as theirs:
        assert ours.claim("v-1")
        assert ours.claim("v-1")
        assert not theirs.claim("v-1")
        assert theirs.claim("v-2")
        # What isn't theirs they can't give back.
        theirs.release("v-1")
        assert not theirs.claim("v-1")
        ours.release("v-1")
        assert theirs.claim("v-1")
        assert not ours.claim("v-1")


def test_a_claim_lasts_as_long_as_its_owner_and_no_longer(client: redis.Redis, keys: Keys) -> None:
    with SourceClaims(client, keys) as theirs:
        with SourceClaims(client, keys, lease_s=0.3) as ours:
            assert ours.claim("v-1")
            assert ours.claim("v-2")
            time.sleep(0.7)
            assert not theirs.claim("v-1")
            assert not theirs.claim("v-2")
        assert not [thread for thread in threading.enumerate() if thread is ours._thread]
        assert theirs.claim("v-1")
        assert theirs.claim("v-2")
    assert client.keys(keys.looking_at("*")) == []


@pytest.mark.parametrize(
    ("holder", "waited_for"),
    [
        (f"{socket.gethostname()}|1|1", False),
        (own_process(), True),
        ("another-host|1|1", True),
        ("", True),
    ],
    ids=["killed here", "alive here", "elsewhere", "unknown"],
)
def test_who_was_killed_on_this_host_is_not_waited_for(
    client: redis.Redis, keys: Keys, holder: str, waited_for: bool
) -> None:
    client.set(keys.looking_at("v-1"), f"{holder}/0123456789abcdef", px=60_000)
    with SourceClaims(client, keys) as ours:
        assert ours.claim("v-1") is not waited_for
