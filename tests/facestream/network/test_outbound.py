"""Where webhooks may be sent to."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
from receiver import receiving, wait_until

from facestream.errors import UsageError
from facestream.network import bounded_connection
from facestream.network.outbound import Outbound, OutboundError, Target

HERE = (ip_network("127.0.0.1/32"),)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.8.9.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "[::ffff:192.168.1.1]",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
    ],
)
def test_what_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(OutboundError, match=r"not public|no such host"):
        Outbound().check(Target.parse(f"http://{host}/"))


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700:4700::1111]", "93.184.216.34"])
def test_public_addresses_may_be_sent_to(host: str) -> None:
    assert Outbound().check(Target.parse(f"https://{host}/x")) == [host.strip("[]")]


def test_networks_can_be_allowed() -> None:
    allowed = Outbound([ip_network("10.0.0.0/24"), ip_network("fd00::/8")])
    assert allowed.check(Target.parse("http://10.0.0.7/")) == ["10.0.0.7"]
    assert allowed.check(Target.parse("http://[fd12::1]/")) == ["fd12::1"]
    for host in ("10.0.1.7", "127.0.0.1", "[::ffff:127.0.0.1]"):
        with pytest.raises(OutboundError):
            allowed.check(Target.parse(f"http://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "//example.org/",
        "example.org",
        "http://",
        "http:///x",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://example.org/\r\nX-Evil: 1",
        "http://example.org\\@127.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://ex\u00e4mple.org/",
        "http://example.org/" + "x" * 3000,
    ],
)
def test_what_is_no_url_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Target.parse(url)


def test_nothing_of_a_url_that_may_be_secret_is_shown() -> None:
    target = Target.parse("https://user:s3cret@hooks.example.org:8443/T0KEN/x?key=k3y")
    assert target.masked == "https://hooks.example.org:8443/***"
    assert target.credentials == ("user", "s3cret")
    assert Target.parse("https://example.org").masked == "https://example.org/"


def test_a_name_is_looked_up_once_and_that_very_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers with a harmless address first, and another one then, gains nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: object, **more: object) -> object:
        if host == "rebind.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with receiving() as receiver:
        target = Target.parse(receiver.url.replace("127.0.0.1", "rebind.example"))
        assert Outbound(HERE).post(target, b"{}", {}).status == 204
        assert asked == ["rebind.example"]
        (got,) = receiver.got
        assert got.headers["Host"] == target.authority
        with pytest.raises(OutboundError, match=r"127\.0\.0\.2, which is not public"):
            Outbound(HERE).post(target, b"{}", {})


def test_one_address_of_a_name_that_is_not_public_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(_host: str, port: int, **_: object) -> object:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(OutboundError, match=r"10\.0\.0\.1"):
        Outbound().check(Target.parse("http://example.org/"))


def test_redirects_are_not_followed() -> None:
    with receiving() as inner, receiving() as outer:
        outer.status, outer.headers = 302, {"Location": inner.url}
        assert Outbound(HERE).post(Target.parse(outer.url), b"{}", {}).status == 302
        assert (len(outer.got), len(inner.got)) == (1, 0)


def test_credentials_are_sent_as_basic_auth() -> None:
    with receiving() as receiver:
        Outbound(HERE).post(Target.parse(receiver.url.replace("//", "//ada:pw@", 1)), b"{}", {"X-A": "b"})
        (got,) = receiver.got
        assert got.headers["Authorization"] == "Basic YWRhOnB3"
        assert got.headers["X-A"] == "b"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("ada:p%2Fw%40", "ada:p/w@"),
        ("ada%20b:p%25", "ada b:p%"),
        ("ada:%C3%BC", "ada:\u00fc"),
        ("ada", "ada:"),
    ],
)
def test_credentials_are_sent_as_they_are_and_not_as_a_url_has_them(written: str, sent: str) -> None:
    with receiving() as receiver:
        Outbound(HERE).post(Target.parse(receiver.url.replace("//", f"//{written}@", 1)), b"{}", {})
        (got,) = receiver.got
        assert base64.b64decode(got.headers["Authorization"].removeprefix("Basic ")).decode() == sent


@pytest.mark.parametrize("written", ["a%3Ab:s3cret", "a:s3cret%0D%0AX", "a:s3cret%FF"])
def test_credentials_that_can_not_be_sent_are_refused_without_being_told(written: str) -> None:
    with pytest.raises(UsageError, match=r"control character|UTF-8") as told:
        Target.parse(f"https://{written}@example.org/")
    assert "s3cret" not in str(told.value)


def test_who_does_not_listen_or_speaks_no_tls_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OutboundError, match="refused"):
        Outbound(HERE).post(Target.parse(f"http://127.0.0.1:{port}/"), b"", {})
    with receiving() as receiver, pytest.raises(OutboundError, match=r"TLS|broke off"):
        Outbound(HERE).post(Target.parse(receiver.url.replace("http:", "https:")), b"", {})


@pytest.mark.parametrize(
    ("written", "wait_s"), [("7", 7.0), ("99999999", 3600.0), ("soon", None), ("-3", None)]
)
def test_a_receiver_can_ask_for_a_pause(written: str, wait_s: float | None) -> None:
    with receiving() as receiver:
        receiver.status, receiver.headers = 429, {"Retry-After": written}
        assert Outbound(HERE).post(Target.parse(receiver.url), b"", {}) == (429, wait_s)


@pytest.mark.parametrize(
    "drips", [b"HTTP/1.1 100 Continue\r\n\r\n", b"x"], ids=["interim answers", "a byte now and then"]
)
def test_who_answers_without_end_is_left(monkeypatch: pytest.MonkeyPatch, drips: bytes) -> None:
    monkeypatch.setattr(bounded_connection, "WHOLE_S", 0.5)
    gone = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            while not gone.wait(0.05):
                connection.sendall(drips)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        began_s = time.monotonic()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        try:
            with pytest.raises(OutboundError, match="broke off"):
                Outbound(HERE).post(Target.parse(url), b"{}", {})
            assert time.monotonic() - began_s < 8
        finally:
            gone.set()
            thread.join()
    no_timer_is_left()


def no_timer_is_left() -> None:
    wait_until(lambda: all(each.name != bounded_connection.TIMER for each in threading.enumerate()))


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_of_one_that_answers_nothing_is_left_behind() -> None:
    before = descriptors()
    with receiving() as receiver:
        for _ in range(5):
            assert Outbound(HERE).post(Target.parse(receiver.url), b"{}", {}).status == 204
    no_timer_is_left()
    assert descriptors() <= before
