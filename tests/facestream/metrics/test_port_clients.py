from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from facestream.metrics.port_clients import PortClients


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Ends of connections: ours, and that of the client."""
    with contextlib.ExitStack() as stack:
        made = [socket.socketpair() for _ in range(6)]
        for end in (end for pair in made for end in pair):
            stack.enter_context(end)
        yield made


def is_cut_off(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_who_has_been_there_longest_makes_room_unless_it_is_being_answered(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    clients = PortClients(2, 60.0)
    assert clients.let_in(pairs[0][0])
    assert clients.let_in(pairs[1][0])
    with clients.answering(pairs[0][0]):
        assert clients.let_in(pairs[2][0])
        assert [is_cut_off(client) for _, client in pairs[:3]] == [False, True, False]
        with clients.answering(pairs[2][0]):
            assert not clients.let_in(pairs[3][0])
    # Who doesn't take the answer makes room as well.
    assert clients.let_in(pairs[3][0])
    assert is_cut_off(pairs[0][1])
    # Threads of those that were cut off have not ended: there are no more of them than that.
    assert not clients.let_in(pairs[4][0])
    clients.left(pairs[1][0])
    assert clients.let_in(pairs[4][0])


def test_who_is_late_is_cut_off_and_who_is_answered_is_not_late(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    clients = PortClients(2, 0.0)
    for ours, _ in pairs[:2]:
        assert clients.let_in(ours)
    with clients.answering(pairs[0][0]):
        clients.cut_off_late()
        assert [is_cut_off(client) for _, client in pairs[:2]] == [False, True]
    clients.cut_off_late()
    assert is_cut_off(pairs[0][1])
