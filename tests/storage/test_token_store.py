"""Tokens and sessions in a real Redis."""

from __future__ import annotations

import json
import time

import pytest
import redis

from storage.errors import NoSuchTokenError, TokenExistsError
from storage.keys import Keys
from storage.token_record import Scope
from storage.token_store import MAX_SESSIONS, MAX_TOKENS, TokenStore


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> TokenStore:
    return TokenStore(client, keys)


def test_a_token_is_found_by_itself_alone(store: TokenStore) -> None:
    token = store.add("family", Scope.WRITE)
    found = store.find(token)
    assert found is not None
    assert (found.name, found.scope) == ("family", Scope.WRITE)
    for other in ("", token[:-1], token + "x", token.swapcase(), "é\udc80", found.sha256):
        assert store.find(other) is None


def test_nothing_that_is_stored_lets_anybody_in(client: redis.Redis, keys: Keys, store: TokenStore) -> None:
    token = store.add("family", Scope.READ)
    record = store.find(token)
    assert record is not None
    session_id = store.open_session(record, 60)
    store.note_use(record)
    stored = b"".join(
        name + value
        for key in (keys.tokens, keys.tokens_used, keys.sessions)
        for name, value in client.hgetall(key).items()
    )
    assert token.encode() not in stored
    assert session_id.encode() not in stored


def test_names_are_taken_once_and_are_names(store: TokenStore) -> None:
    token = store.add("family", Scope.READ)
    with pytest.raises(TokenExistsError, match="'family'"):
        store.add("family", Scope.ADMIN)
    for wrong in ("", "a b", "a" * 65, "-a", "a\n"):
        with pytest.raises(ValueError, match="1 to 64"):
            store.add(wrong, Scope.READ)
    for act in (lambda: store.add(token, Scope.READ), lambda: store.remove(token)):
        with pytest.raises(ValueError, match="its name is wanted") as refused:
            act()
        assert token not in str(refused.value)
    assert [record.name for record, _ in store.all()] == ["family"]


def test_a_token_whose_answer_was_lost_is_made_once(
    store: TokenStore, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = client.hsetnx

    def twice(*arguments: str) -> int:
        # As the client does that asks again.
        make(*arguments)
        return int(make(*arguments))

    monkeypatch.setattr(client, "hsetnx", twice)
    token = store.add("family", Scope.READ)
    assert store.find(token) is not None
    with pytest.raises(TokenExistsError):
        store.add("family", Scope.READ)


def test_a_removed_token_counts_no_longer_nor_its_sessions(
    client: redis.Redis, keys: Keys, store: TokenStore
) -> None:
    token, other = store.add("family", Scope.WRITE), store.add("tablet", Scope.READ)
    records = store.find(token), store.find(other)
    assert records[0] is not None
    assert records[1] is not None
    sessions = [store.open_session(record, 60) for record in records if record is not None]
    store.remove("family")
    assert store.find(token) is None
    assert store.session(sessions[0]) is None
    assert store.session(sessions[1]) == records[1]
    # What it was called doesn't bring it back.
    store.add("family", Scope.ADMIN)
    assert store.find(token) is None
    assert store.session(sessions[0]) is None
    assert client.hlen(keys.sessions) == 1
    with pytest.raises(NoSuchTokenError, match="there are family, tablet"):
        store.remove("other")


def test_when_a_token_was_used_is_known_to_a_minute(store: TokenStore) -> None:
    token = store.add("family", Scope.READ)
    record = store.find(token)
    assert record is not None
    assert store.all() == [(record, None)]
    store.note_use(record)
    ((_, used_s),) = store.all()
    assert used_s == pytest.approx(time.time(), abs=60)
    store.note_use(record)
    assert store.all() == [(record, used_s)]
    store.remove("family")
    store.add("family", Scope.READ)
    assert store.all()[0][1] is None


def test_sessions_end_by_themselves_and_by_wish(client: redis.Redis, keys: Keys, store: TokenStore) -> None:
    record = store.find(store.add("family", Scope.READ))
    assert record is not None
    brief, long = store.open_session(record, -1), store.open_session(record, 60)
    assert store.session(brief) is None
    assert store.session(long) == record
    store.end_session(long)
    assert store.session(long) is None
    store.open_session(record, 60)
    assert client.hlen(keys.sessions) == 1


def test_only_so_many_sessions_and_tokens_are_kept(
    client: redis.Redis, keys: Keys, store: TokenStore
) -> None:
    record = store.find(store.add("family", Scope.READ))
    assert record is not None
    first = store.open_session(record, 60)
    row = json.dumps({"token": record.sha256, "ends_at_s": time.time() + 600})
    client.hset(keys.sessions, mapping={f"{number}": row for number in range(MAX_SESSIONS)})
    newest = store.open_session(record, 600)
    assert client.hlen(keys.sessions) == MAX_SESSIONS
    assert store.session(first) is None
    assert store.session(newest) == record
    client.hset(keys.tokens, mapping={f"t{number}": record.encode() for number in range(MAX_TOKENS)})
    with pytest.raises(TokenExistsError, match="Remove one"):
        store.add("more", Scope.READ)


def test_damaged_records_let_nobody_in(client: redis.Redis, keys: Keys, store: TokenStore) -> None:
    token = store.add("family", Scope.READ)
    record = store.find(token)
    assert record is not None
    session_id = store.open_session(record, 60)
    damage = (b"", b"{", b"[]", b'{"scope": "god"}', b"\xff", b'{"scope": "read", "sha256": 1}')
    client.hset(keys.tokens, mapping={f"bad{number}": value for number, value in enumerate(damage)})
    client.hset(keys.sessions, mapping={f"bad{number}": value for number, value in enumerate(damage)})
    client.hset(keys.tokens_used, "family", b"soon")
    assert store.find(token) == record
    assert store.session(session_id) == record
    assert store.all() == [(record, None)]
