"""The log only grows, who decides at the same moment is told, and it forgets who is forgotten."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from records import a_sample, a_track

from storage.decision_log import DecisionLog
from storage.decision_record import Decision, DecisionKind, Side
from storage.effects import Effects, Said
from storage.errors import OvertakenError
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import DecisionRequest
from storage.sample_queue import SampleQueue
from storage.sighting_record import Sighting

SEEN = (Sighting("v-1", 0.0, 0.4),)
MERGE = Decision(DecisionKind.MERGE, (Side("p1", ("a",)), Side("p2", ("b",))))


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> IdentityStore:
    return IdentityStore(client, keys)


@pytest.fixture
def log(client: redis.Redis, keys: Keys) -> DecisionLog:
    return DecisionLog(client, keys)


@pytest.fixture
def lease(client: redis.Redis, keys: Keys, store: IdentityStore) -> Lease:
    """Leadership of a collection of three people."""
    result = Lease(client, keys.leader, ttl_s=60)
    assert result.acquire()
    people = [Identity(f"p{k}", tracks=1, sightings=SEEN) for k in (1, 2, 3)]
    store.commit(Effects(identities=people), result)
    return result


def test_a_decision_gets_the_next_number_and_the_worker_is_told(
    log: DecisionLog, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    queue = SampleQueue(client, keys)
    queue.prepare()
    assert log.append(MERGE, 0, ["p1", "p2"]) == 1
    assert log.append(Decision(DecisionKind.UNDO, undoes=1), 1, []) == 2
    (first, second), size = log.read()
    assert (first.number, first.kind, first.sides) == (1, DecisionKind.MERGE, MERGE.sides)
    assert first.made_at_s == pytest.approx(time.time(), abs=60)
    assert (second.number, second.undoes, size) == (2, 1, 2)
    assert [delivery.entry for delivery in queue.receive("one")] == [DecisionRequest(1), DecisionRequest(2)]


def test_a_decision_is_refused_where_the_log_has_grown_since_it_was_checked(
    log: DecisionLog, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    log.append(MERGE, 0, ["p1"])
    with pytest.raises(OvertakenError, match="Run the command again"):
        log.append(Decision(DecisionKind.DIFFERS, MERGE.sides), 0, ["p1"])
    assert [decision.kind for decision in log.read()[0]] == [DecisionKind.MERGE]
    assert client.xlen(keys.samples) == 1


@pytest.fixture
def lose_a_reply(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets the connection break before the reply to the next script: the client sends it again by itself."""
    kind = type(client.connection_pool.make_connection())
    send, read = kind.send_packed_command, kind.read_response
    armed: list[bool] = []
    cut: list[object] = []

    def sending(self: Any, command: Any, check_health: bool = True) -> Any:
        if armed and b"EVAL" in b"".join([command] if isinstance(command, bytes) else command):
            armed.clear()
            cut.append(self)
        return send(self, command, check_health)

    def reading(self: Any, *arguments: Any, **options: Any) -> Any:
        reply = read(self, *arguments, **options)
        if self in cut:
            cut.clear()
            self.disconnect()
            raise redis.ConnectionError("Connection reset by peer")
        return reply

    monkeypatch.setattr(kind, "send_packed_command", sending)
    monkeypatch.setattr(kind, "read_response", reading)
    return lambda: armed.append(True)


def test_a_decision_whose_reply_is_lost_is_made_once(
    log: DecisionLog, lease: Lease, client: redis.Redis, keys: Keys, lose_a_reply: Callable[[], None]
) -> None:
    lose_a_reply()
    assert log.rename("p1", "Ada") == 1
    lose_a_reply()
    assert log.append(MERGE, 1, ["p1", "p2"]) == 2
    lose_a_reply()
    assert log.append_ignore(Decision(DecisionKind.IGNORE, (Side("p3"),)), 2, "p3", on=True) == 3
    decisions, size = log.read()
    assert [d.kind for d in decisions] == [DecisionKind.NAME, DecisionKind.MERGE, DecisionKind.IGNORE]
    assert (decisions[0].name_before, decisions[0].name, size) == ("", "Ada", 3)
    # Nobody is told twice either.
    assert (client.xlen(keys.changes), client.xlen(keys.samples)) == (1, 1)
    assert len({d.token for d in decisions}) == 3


def test_the_same_decision_of_two_people_is_refused_to_the_second(log: DecisionLog, lease: Lease) -> None:
    assert log.append(MERGE, 0, ["p1", "p2"]) == 1
    with pytest.raises(OvertakenError):
        log.append(MERGE, 0, ["p1", "p2"])


def test_nothing_is_decided_about_somebody_who_is_no_more(
    log: DecisionLog, store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[Identity("p2", merged_into="p1")], forgotten={"p3"}), lease)
    for gone in ("p2", "p3", "p9"):
        with pytest.raises(OvertakenError):
            log.append(MERGE, 0, ["p1", gone])
        with pytest.raises(OvertakenError):
            log.append_ignore(Decision(DecisionKind.IGNORE, (Side(gone),)), 0, gone, on=True)
        assert log.rename(gone, "Ada") is None
    assert log.read() == ([], 0)
    assert not client.exists(keys.samples, keys.ignored, keys.names)


def test_many_who_decide_at_once_all_come_through_one_after_the_other(log: DecisionLog, lease: Lease) -> None:
    failures: list[BaseException] = []

    def decide(who: int) -> None:
        try:
            for k in range(10):
                assert log.rename(f"p{who}", f"{who} {k}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=decide, args=(who,)) for who in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    decisions, size = log.read()
    assert [decision.number for decision in decisions] == list(range(1, 31))
    assert size == 30
    for who in (1, 2, 3):
        mine = [d for d in decisions if d.identity_ids == (f"p{who}",)]
        # Each knows the name that it replaced.
        assert [d.name for d in mine] == [f"{who} {k}" for k in range(10)]
        assert [d.name_before for d in mine] == ["", *(f"{who} {k}" for k in range(9))]


def test_who_is_ignored_is_known_at_once_and_forgotten_with_them(
    log: DecisionLog, store: IdentityStore, lease: Lease
) -> None:
    for size, (who, on) in enumerate([("p1", True), ("p2", True), ("p3", True), ("p3", False)]):
        log.append_ignore(Decision(DecisionKind.IGNORE, (Side(who),), on=on), size, who, on=on)
    assert store.ignored() == {"p1", "p2"}
    assert {p.identity_id: p.ignored for p in store.people()} == {"p1": True, "p2": True, "p3": False}
    assert [store.person(f"p{k}") for k in (1, 2, 3)] == store.people()
    # A later description by the cluster worker keeps it.
    store.commit(Effects(identities=[Identity("p1", tracks=2, sightings=SEEN)]), lease)
    assert store.ignored() == {"p1", "p2"}
    store.commit(Effects(identities=[Identity("p2", merged_into="p1")], forgotten={"p1"}), lease)
    assert store.ignored() == set()
    # Should it be brought back, it is known what was said of it.
    merged = store.person("p2")
    assert merged is not None
    assert merged.ignored


def test_what_was_decided_about_the_forgotten_is_blacked_out(
    log: DecisionLog, store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    log.rename("p2", "Ada")
    log.rename("p3", "Charles")
    log.append(MERGE, 2, ["p1", "p2"])
    log.append(Decision(DecisionKind.DIFFERS, (Side("p1", ("a", "x")), Side("p3", ("c",)))), 3, ["p1", "p3"])
    client.hset(keys.decisions, "5", "damaged")
    before = log.read()[0]

    effects = Effects()
    effects.forget({"p2"}, ["b", "x"])
    store.commit(effects, lease)

    after, size = log.read()
    assert size == 5
    assert [(d.kind, d.made_at_s) for d in after] == [(d.kind, d.made_at_s) for d in before]
    assert [d.redacted for d in after] == [True, False, True, False]
    assert [d.sides for d in after] == [(), before[1].sides, (), (Side("p1", ("a",)), Side("p3", ("c",)))]
    assert b"Ada" not in b"".join(client.hvals(keys.decisions))


def test_a_decision_that_comes_in_while_somebody_is_forgotten_is_blacked_out_or_refused(
    log: DecisionLog, store: IdentityStore, lease: Lease
) -> None:
    """Whichever comes first: never does the log name somebody who is forgotten."""
    for turn in range(30):
        who = f"p{turn + 100}"
        store.commit(Effects(identities=[Identity(who, tracks=1, sightings=SEEN)]), lease)
        thread = threading.Thread(target=log.rename, args=(who, "Ada"))
        thread.start()
        store.commit(Effects(forgotten={who}), lease)
        thread.join()
        assert all(who not in decision.identity_ids for decision in log.read()[0])
        assert who not in store.names()


def test_a_name_that_was_taken_over_is_given_back_unless_it_was_changed(
    log: DecisionLog, store: IdentityStore, lease: Lease
) -> None:
    log.rename("p1", "Ada")
    log.rename("p2", "Charles")
    store.commit(Effects(names_back={"p1": "Ada", "p2": "Ada"}), lease)
    assert store.names() == {"p2": "Charles"}
    assert [p.name for p in store.people()] == ["", "Charles", ""]


def test_who_is_brought_back_is_called_and_ignored_as_is_said_of_them(
    log: DecisionLog, store: IdentityStore, lease: Lease
) -> None:
    log.rename("p2", "Ada")
    log.append_ignore(Decision(DecisionKind.IGNORE, (Side("p3"),)), 1, "p3", on=True)
    store.commit(Effects(identities=[Identity(f"p{k}", merged_into="p1") for k in (2, 3)]), lease)
    assert (store.names(), store.ignored()) == ({"p1": "Ada"}, set())

    back = [Identity(f"p{k}", tracks=1, sightings=SEEN) for k in (2, 3)]
    said = {"p2": Said("", ignored=True), "p3": Said("Charles", ignored=False), "p9": Said("?", ignored=True)}
    store.commit(Effects(identities=[*back, Identity("p9")], revived=said), lease)

    people = [(p.identity_id, p.name, p.ignored) for p in store.people()]
    assert people == [("p1", "Ada", False), ("p2", "", True), ("p3", "Charles", False)]
    assert [store.person(f"p{k}") for k in (1, 2, 3)] == store.people()
    assert (store.names(), store.ignored()) == ({"p1": "Ada", "p3": "Charles"}, {"p2"})


def test_how_far_decisions_are_carried_out_is_committed_with_the_step(
    log: DecisionLog, store: IdentityStore, lease: Lease
) -> None:
    assert log.applied() == 0
    store.commit(Effects(applied=7, samples=[a_sample()], tracks=[a_track()]), lease)
    assert log.applied() == 7
    store.commit(Effects(), lease)
    assert log.applied() == 7
