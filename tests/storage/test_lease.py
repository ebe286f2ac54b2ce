import socket
import threading
import time
from collections.abc import Callable

import pytest
import redis

from storage.keys import Keys
from storage.lease import Lease


@pytest.fixture
def key(keys: Keys) -> str:
    return keys.leader


def test_there_is_one_holder_at_a_time(client: redis.Redis, key: str) -> None:
    first, second = Lease(client, key), Lease(client, key)
    assert first.acquire()
    assert not second.acquire()
    assert not second.renew()
    assert client.get(key) == first.token


def test_of_many_who_try_at_once_one_gets_it(client: redis.Redis, key: str) -> None:
    leases = [Lease(client, key) for _ in range(8)]
    got: list[bool] = []
    barrier = threading.Barrier(len(leases))

    def grab(lease: Lease) -> None:
        barrier.wait()
        got.append(lease.acquire())

    threads = [threading.Thread(target=grab, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


def test_its_holder_may_take_it_again(client: redis.Redis, key: str) -> None:
    lease = Lease(client, key)
    assert lease.acquire()
    assert lease.acquire()


def test_a_lease_that_ran_out_goes_to_the_next(client: redis.Redis, key: str) -> None:
    first, second = Lease(client, key, ttl_s=0.1), Lease(client, key)
    assert first.acquire()
    time.sleep(0.15)
    assert second.acquire()
    assert not first.renew()
    assert client.get(key) == second.token


def test_renewing_puts_the_end_off(client: redis.Redis, key: str) -> None:
    lease = Lease(client, key, ttl_s=20)
    lease.acquire()
    client.pexpire(key, 1000)
    assert lease.renew()
    assert client.pttl(key) > 15_000


def test_a_lease_that_ran_out_can_not_be_renewed(client: redis.Redis, key: str) -> None:
    lease = Lease(client, key)
    lease.acquire()
    client.delete(key)
    assert not lease.renew()
    assert not client.exists(key)


def test_releasing_lets_the_next_one_in(client: redis.Redis, key: str) -> None:
    first, second = Lease(client, key), Lease(client, key)
    first.acquire()
    first.release()
    assert second.acquire()


def test_releasing_touches_nobody_elses(client: redis.Redis, key: str) -> None:
    first, second = Lease(client, key), Lease(client, key)
    first.acquire()
    second.release()
    assert client.get(key) == first.token


def test_is_kept_while_a_step_takes_longer_than_it_lasts(client: redis.Redis, key: str) -> None:
    # Long enough for a machine that does other work as well.
    lease, other = Lease(client, key, ttl_s=1.2), Lease(client, key)
    assert lease.acquire()
    with lease.kept():
        time.sleep(2.0)
        assert not other.acquire()
    time.sleep(1.3)
    assert other.acquire()


def test_keeping_does_not_bring_a_lost_lease_back(client: redis.Redis, key: str) -> None:
    lease = Lease(client, key, ttl_s=0.09)
    lease.acquire()
    with lease.kept():
        client.set(key, b"somebody else")
        time.sleep(0.2)
    assert client.get(key) == b"somebody else"
    assert client.pttl(key) == -1


@pytest.mark.parametrize("act", [Lease.renew, Lease.release])
def test_a_connection_that_breaks_meanwhile_is_no_lost_lease(
    client: redis.Redis, key: str, monkeypatch: pytest.MonkeyPatch, act: Callable[[Lease], object]
) -> None:
    lease = Lease(client, key, ttl_s=60.0)
    assert lease.acquire()
    client.pexpire(key, 1000)
    begin, cut = redis.client.Pipeline.multi, list[bool]()

    def multi(pipe: redis.client.Pipeline) -> None:
        begin(pipe)
        if not cut:
            cut.append(True)
            pipe.connection._sock.shutdown(socket.SHUT_RDWR)

    monkeypatch.setattr(redis.client.Pipeline, "multi", multi)
    act(lease)
    assert cut
    if act is Lease.renew:
        assert client.pttl(key) > 10_000
    else:
        assert not client.exists(key)
