"""The end of a process whose server hangs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from own_server import OwnServer

from storage.connection import SOCKET_TIMEOUT_S, RedisHandle, open_redis
from storage.errors import RedisUnreachableError

# On a busy machine; patience without haste is four times `SOCKET_TIMEOUT_S`.
SOON_S = SOCKET_TIMEOUT_S - 2


@pytest.fixture
def handle(server: OwnServer) -> Iterator[RedisHandle]:
    with open_redis(server.url, None) as opened:
        yield opened


def fails_within_s(handle: RedisHandle, ask: Callable[[], object]) -> float:
    """How long it took until something failed, as if nobody answered."""
    began_s = time.monotonic()
    with pytest.raises(RedisUnreachableError), handle.errors():
        ask()
    return time.monotonic() - began_s


def test_a_command_that_waits_for_a_frozen_server_is_cut_off_soon(
    server: OwnServer, handle: RedisHandle
) -> None:
    handle.client.ping()
    with server.frozen():
        threading.Timer(0.3, handle.haste.begin).start()

        assert fails_within_s(handle, handle.client.ping) < SOON_S


def test_after_the_first_failure_nothing_else_is_asked(server: OwnServer, handle: RedisHandle) -> None:
    handle.client.ping()
    handle.haste.begin()
    with server.frozen():
        fails_within_s(handle, handle.client.ping)

    for _ in range(100):
        fails_within_s(handle, handle.client.ping)
        with handle.client.pipeline() as pipe:
            fails_within_s(handle, lambda pipe=pipe: pipe.ping().execute())
    # It was never asked: it answers again.
    with open_redis(server.url, None) as other:
        assert other.client.ping()


def test_a_server_that_answers_is_used_as_ever_in_haste(handle: RedisHandle) -> None:
    handle.haste.begin()

    assert handle.client.set("name", "value")
    # One that was lost at rest is made anew.
    handle.client.connection_pool.disconnect()
    assert handle.client.get("name") == b"value"


def test_a_connection_that_broke_is_tried_once_more(server: OwnServer, handle: RedisHandle) -> None:
    handle.client.set("name", "value")
    handle.haste.begin()
    with open_redis(server.url, None) as other:
        other.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    assert handle.client.get("name") == b"value"


def test_when_the_time_is_over_everything_ends(handle: RedisHandle) -> None:
    blocked = threading.Timer(0.2, handle.haste.begin, [0.3])
    blocked.start()

    # The server itself would answer, in ten seconds.
    assert fails_within_s(handle, lambda: handle.client.blpop(["nothing"], timeout=9)) < SOON_S
    fails_within_s(handle, handle.client.ping)


def test_an_end_is_heeded_whoever_waits_for_the_server_then(server: OwnServer, handle: RedisHandle) -> None:
    handle.client.ping()
    stop = threading.Event()
    with server.frozen(), handle.haste.from_end(stop):
        threading.Timer(0.3, stop.set).start()

        assert fails_within_s(handle, handle.client.ping) < SOON_S
    assert "looks for an end" not in {thread.name for thread in threading.enumerate()}


def test_a_second_interrupt_cuts_off_what_other_threads_wait_for(
    server: OwnServer, handle: RedisHandle
) -> None:
    handle.client.ping()
    failed: list[float] = []
    with server.frozen():
        thread = threading.Thread(target=lambda: failed.append(fails_within_s(handle, handle.client.ping)))
        with contextlib.suppress(KeyboardInterrupt), handle.haste.no_time():
            thread.start()
            time.sleep(0.3)
            raise KeyboardInterrupt
        thread.join(SOON_S)
    assert len(failed) == 1


def test_a_closed_handle_leaves_no_thread(server: OwnServer) -> None:
    with open_redis(server.url, None) as handle:
        handle.haste.begin()
    assert "ends commands" not in {thread.name for thread in threading.enumerate()}


def test_a_new_connection_to_a_frozen_server_is_given_up_as_soon_as_one_that_is_there(
    server: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.SOCKET_TIMEOUT_S", 0.5)
    with open_redis(server.url, None) as there, open_redis(server.url, None) as new:
        there.client.ping()
        with server.frozen():
            times_s = [fails_within_s(handle, handle.client.ping) for handle in (there, new)]
    # Four tries each, and not four times four.
    assert max(times_s) < 6.0
