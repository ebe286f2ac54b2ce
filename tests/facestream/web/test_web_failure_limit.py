"""How often somebody may show a wrong token."""

from __future__ import annotations

from facestream.web.failure_limit import FAILURES, REFILL_S, FailureLimit


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def failed(limit: FailureLimit, address: str, times: int = FAILURES) -> None:
    for _ in range(times):
        assert limit.wait_s(address) == 0
        limit.count(address)


def test_some_failures_are_allowed_then_one_now_and_then() -> None:
    clock = Clock()
    limit = FailureLimit(clock)
    failed(limit, "192.0.2.1")
    wait_s = limit.wait_s("192.0.2.1")
    assert 0 < wait_s <= REFILL_S / FAILURES
    assert limit.wait_s("192.0.2.2") == 0
    clock.now_s += wait_s
    failed(limit, "192.0.2.1", 1)
    assert limit.wait_s("192.0.2.1") > 0
    clock.now_s += REFILL_S
    failed(limit, "192.0.2.1")


def test_failures_at_once_don_t_lock_anybody_out_for_long() -> None:
    limit = FailureLimit(Clock())
    for _ in range(1000):
        limit.count("192.0.2.1")
    assert limit.wait_s("192.0.2.1") <= REFILL_S / FAILURES


def test_all_addresses_of_a_network_of_ipv6_are_one() -> None:
    limit = FailureLimit(Clock())
    failed(limit, "2001:db8::1")
    assert limit.wait_s("2001:db8::ffff:2") > 0
    assert limit.wait_s("2001:db8:0:1::1") == 0
    failed(limit, "::ffff:192.0.2.1")
    assert limit.wait_s("192.0.2.1") > 0


def test_memory_is_bounded_and_who_failed_long_ago_is_forgotten_first() -> None:
    limit = FailureLimit(Clock())
    failed(limit, "192.0.2.1")
    for number in range(20_000):
        limit.count(f"10.0.{number // 256}.{number % 256}")
    assert len(limit) == 10_000
    assert limit.wait_s("192.0.2.1") == 0
