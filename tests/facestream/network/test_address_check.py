from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.network.address_check import all_allowed, allowed, networks_of


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "100.100.100.200",
        "::1",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_this_machine_its_link_and_what_is_of_nobody_are_refused(address: str) -> None:
    assert not allowed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["192.168.1.20", "10.0.0.5", "172.16.3.4", "100.64.1.1", "8.8.8.8", "fd12::20", "2001:4860:4860::8888"],
)
def test_private_and_public_networks_are_allowed(address: str) -> None:
    assert allowed(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_however_it_is_written(address: IPv4Address) -> None:
    assert allowed(address) == allowed(IPv6Address(f"::ffff:{address}"))
    assert allowed(address) == allowed(IPv6Address(int(IPv6Address("64:ff9b::")) + int(address)))


@given(st.ip_addresses(network="127.0.0.0/8"))
def test_a_network_that_is_named_is_allowed(address: IPv4Address) -> None:
    assert allowed(address, networks_of("127.0.0.0/8, fd00::/8"))
    assert allowed(IPv6Address(f"::ffff:{address}"), networks_of("127.0.0.0/8"))
    assert not allowed(address, networks_of("10.0.0.0/8"))


def test_one_bad_address_of_a_name_is_enough_and_none_is_not() -> None:
    assert all_allowed(["192.168.1.2", "fd12::1"])
    assert not all_allowed(["192.168.1.2", "127.0.0.1"])
    assert not all_allowed(["fe80::1%eth0"])
    assert not all_allowed([])


def test_what_is_no_network_is_an_error() -> None:
    assert networks_of("") == ()
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks_of("10.0.0.0/99")
