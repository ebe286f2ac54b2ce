"""Which addresses may be connected to for somebody else; nothing here connects or asks a name server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# An IPv4 address behind a gateway, written as IPv6: what it leads to is that address.
_NAT64 = IPv6Network("64:ff9b::/96")
# "This host", and the addresses of the clouds' services that tell secrets and are of no link.
_NEVER = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.100.100.200/32"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("fd00:ec2::254/128"),
    IPv6Network("fec0::/10"),
    IPv6Network("64:ff9b:1::/48"),
)


def networks_of(written: str) -> tuple[Network, ...]:
    """Networks that somebody wrote, separated by commas or spaces.

    Raises:
        ValueError: If one is none; names it.
    """
    return tuple(ip_network(part) for part in written.replace(",", " ").split())


def allowed(address: Address, networks: Sequence[Network] = (), *, private: bool = True) -> bool:
    """Whether an address may be connected to.

    Refused are this machine (loopback, unspecified), its link (169.254/16, fe80::/10, which has the clouds'
    metadata services), multicast and reserved addresses, also where they are written as IPv6.

    Args:
        address: The address.
        networks: Allowed all the same.
        private: Whether private networks are allowed, where cameras live.
    """
    inner = _unwrapped(address)
    if any(
        one.version == network.version and one in network for one in (address, inner) for network in networks
    ):
        return True
    if inner.is_loopback or inner.is_unspecified or inner.is_link_local or inner.is_multicast:
        return False
    # Of IPv6, what nobody has been given yet is reserved as well; NAT64 has been unwrapped.
    if inner.is_reserved or not (private or inner.is_global):
        return False
    return not any(inner.version == network.version and inner in network for network in _NEVER)


def all_allowed(addresses: Iterable[str], networks: Sequence[Network] = ()) -> bool:
    """Whether all addresses that a name has are allowed; not where it has none.

    Args:
        addresses: As text; a zone behind a % is no matter.
        networks: As those of `allowed`.
    """
    found = [ip_address(text.partition("%")[0]) for text in addresses]
    return bool(found) and all(allowed(address, networks) for address in found)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or 1 < int(address) < 1 << 32:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
