"""Where webhooks may be sent to."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest
from receiver import receiving

from facestream.errors import UsageError
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
