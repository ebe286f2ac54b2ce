"""Which worker has which camera: fair shares, and leases on a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from cut_off_claims import cut_off_at
from hypothesis import given
from hypothesis import strategies as st

from storage.camera_leases import CameraLeases
from storage.connection import RedisHandle
from storage.errors import RedisUnavailableError
from storage.keys import Keys
from workers.camera_claims import CameraClaims, fair_share

NAMES = [f"cam{number}" for number in range(6)]


# Fair shares ------------------------------------------------------------------------------------------------


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[str], dict[str, str], list[str]]:
    """Cameras, who has them (some by workers that take no part), and the workers."""
    cameras = [f"c{number}" for number in range(draw(st.integers(0, 12)))]
    workers = [f"w{number}" for number in range(draw(st.integers(1, 5)))]
    holders = draw(
        st.dictionaries(st.sampled_from(cameras), st.sampled_from([*workers, "apart"]))
        if cameras
        else st.just({})
    )
    return cameras, holders, workers


def settled(cameras: list[str], holders: dict[str, str], workers: list[str]) -> dict[str, str]:
    """Who has what after all have given up and claimed, seeing the same."""
    for _ in range(3):
        shares = {worker: fair_share(cameras, holders, workers, worker) for worker in workers}
        claimed = [name for share in shares.values() for name in share.claim]
        assert len(claimed) == len(set(claimed)), "two wanted one camera"
        for worker, share in shares.items():
            assert not (share.claim and share.give_up)
            for name in share.give_up:
                assert holders.pop(name) == worker
            for name in share.claim:
                assert name not in holders
                holders[name] = worker
    return holders


@given(situations())
def test_all_cameras_are_looked_at_and_evenly(situation: tuple[list[str], dict[str, str], list[str]]) -> None:
    cameras, holders, workers = situation
    shared = len(cameras) - sum(worker == "apart" for worker in holders.values())
    after = settled(cameras, dict(holders), workers)
    assert after.keys() == set(cameras)
    counts = [list(after.values()).count(worker) for worker in workers]
    assert max(counts) - min(counts) <= 1
    assert max(counts) == -(-shared // len(workers))
    again = {worker: fair_share(cameras, after, workers, worker) for worker in workers}
    assert all(not share.claim and not share.give_up for share in again.values())


def test_a_worker_with_more_than_its_share_keeps_what_it_can() -> None:
    holders = dict.fromkeys(NAMES, "a")
    assert fair_share(NAMES, holders, ["a", "b"], "a").give_up == ("cam3", "cam4", "cam5")
    assert fair_share(NAMES, holders, ["a", "b"], "b").claim == ()


def test_a_camera_that_nobody_looks_at_any_more_is_not_shared() -> None:
    assert fair_share([], {"cam0": "a"}, ["a"], "a") == fair_share([], {}, ["a"], "a")


# Leases -----------------------------------------------------------------------------------------------------


@pytest.fixture
def keys() -> Keys:
    return Keys(f"test-{uuid4().hex}")


Claimer = Callable[..., CameraClaims]


@pytest.fixture
def claimer(handle: RedisHandle, keys: Keys) -> Claimer:
    """Makes claims of a worker; renewed by hand, unless they are entered."""

    def make(worker: str, *, lease_s: float = 30.0, registered: bool = True) -> CameraClaims:
        leases = CameraLeases(handle.client, keys, worker, lease_s=lease_s, registered=registered)
        claims = CameraClaims(leases, handle.errors)
        claims.renew()
        return claims

    return make


def test_one_worker_has_all_cameras(claimer: Claimer, handle: RedisHandle, keys: Keys) -> None:
    one = claimer("one")
    assert one.look(NAMES) == ()
    assert sorted(one.held) == NAMES
    assert one.look(NAMES) == ()
    assert CameraLeases(handle.client, keys, "look").holders(NAMES) == dict.fromkeys(NAMES, "one")


def test_a_second_worker_gets_its_half_once_the_first_has_closed_it(claimer: Claimer) -> None:
    one = claimer("one")
    one.look(NAMES)
    two = claimer("two")
    assert two.look(NAMES) == ()
    assert two.held == {}
    one.renew()
    surplus = one.look(NAMES)
    assert len(surplus) == 3
    for name in surplus:
        one.give_up(name)
    assert two.look(NAMES) == ()
    assert set(two.held) == set(surplus)
    assert one.look(NAMES) == ()
    assert two.look(NAMES) == ()
    assert set(one.held) == set(NAMES) - set(surplus)


def test_what_a_worker_looks_at_apart_from_others_is_not_shared(claimer: Claimer) -> None:
    apart = claimer("apart", registered=False)
    apart.look(NAMES[:2])
    assert set(apart.held) == set(NAMES[:2])
    one = claimer("one")
    one.look(NAMES)
    assert set(one.held) == set(NAMES[2:])
    assert apart.look(NAMES[:3]) == ()
    assert set(apart.held) == set(NAMES[:2])


def test_what_was_claimed_before_the_server_went_away_is_held(
    claimer: Claimer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = claimer("one")
    cut_off_at(monkeypatch, 3)
    with pytest.raises(RedisUnavailableError):
        one.look(NAMES)
    assert set(one.held) == set(NAMES[:2])
    assert one.look(NAMES) == ()
    assert set(one.held) == set(NAMES)


def test_the_cameras_of_a_worker_that_dies_go_to_the_other(
    claimer: Claimer, handle: RedisHandle, keys: Keys
) -> None:
    # Long enough that a busy machine renews in time.
    dead = claimer("dead", lease_s=4.0)
    dead.look(NAMES)
    began_s = time.monotonic()
    with claimer("alive", lease_s=4.0) as alive:
        assert alive.look(NAMES) == ()
        assert alive.held == {}
        while len(alive.held) < len(NAMES):
            assert time.monotonic() - began_s < 60
            time.sleep(0.05)
            alive.look(NAMES)
        assert time.monotonic() - began_s >= 3.5
        # Who was only paused finds that out when it wakes up.
        dead.renew()
        assert dead.take_lost() == set(NAMES)
        assert dead.held == {}
        assert dead.take_lost() == set()
    assert CameraLeases(handle.client, keys, "look").holders(NAMES) == {}


def test_leases_are_renewed_by_themselves_and_given_back_at_the_end(
    claimer: Claimer, handle: RedisHandle, keys: Keys
) -> None:
    with claimer("one", lease_s=3.0) as one:
        one.look(NAMES[:2])
        lease = one.held["cam0"]
        handle.client.pexpire(lease.key, 2000)
        deadline_s = time.monotonic() + 30
        while handle.client.pttl(lease.key) < 2500:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        assert handle.client.zrange(keys.workers, 0, -1) == [b"one"]
        # If it is killed, nothing of it stays.
        assert 0 < handle.client.pttl(keys.workers) <= 3000
    assert not handle.client.exists(keys.workers, keys.camera_lease("cam0"), keys.camera_lease("cam1"))


def test_a_lease_that_somebody_else_has_got_is_lost_and_left_alone(
    claimer: Claimer, handle: RedisHandle, keys: Keys
) -> None:
    one = claimer("one")
    one.look(NAMES[:2])
    handle.client.set(keys.camera_lease("cam0"), b"two/abc")
    one.renew()
    assert one.take_lost() == {"cam0"}
    assert set(one.held) == {"cam1"}
    assert handle.client.get(keys.camera_lease("cam0")) == b"two/abc"
    assert one.look(NAMES[:2]) == ()
    assert set(one.held) == {"cam1"}


def test_a_camera_that_was_lost_is_claimed_anew_once_it_has_been_closed(
    claimer: Claimer, handle: RedisHandle, keys: Keys
) -> None:
    one = claimer("one")
    one.look(["cam0"])
    # As after an outage that was longer than the lease: the thread that renews finds it first.
    handle.client.delete(keys.camera_lease("cam0"))
    one.renew()
    one.look(["cam0"])
    assert one.held == {}
    assert one.take_lost() == {"cam0"}
    one.look(["cam0"])
    assert set(one.held) == {"cam0"}
    assert one.take_lost() == set()


def test_renewing_voids_no_write_that_watches_the_lease(
    claimer: Claimer, handle: RedisHandle, keys: Keys
) -> None:
    one = claimer("one")
    one.look(["cam0"])
    lease = one.held["cam0"]
    done = threading.Event()

    def renew() -> None:
        while not done.is_set():
            one.renew()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        for number in range(100):
            with lease.watching, handle.client.pipeline() as pipe:
                pipe.watch(lease.key)
                assert pipe.get(lease.key) == lease.token
                pipe.multi()
                pipe.hset(keys.meta, "written", number)
                # Would raise if the key had been touched.
                pipe.execute()
    finally:
        done.set()
        thread.join()
    assert one.take_lost() == set()


def test_the_register_forgets_workers_by_the_servers_clock(
    claimer: Claimer, handle: RedisHandle, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, _ = handle.client.time()
    handle.client.zadd(keys.workers, {"gone": seconds - 31, "there": seconds - 5})
    # A host whose clock is a day ahead.
    monkeypatch.setattr(time, "time", lambda: seconds + 86_400.0)
    one = claimer("one", lease_s=30.0)
    assert set(handle.client.zrange(keys.workers, 0, -1)) == {b"there", b"one"}
    one.look(NAMES)
    assert len(one.held) == 3
