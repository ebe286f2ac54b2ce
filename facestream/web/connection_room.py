"""How many connections there may be, in all and of one address."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence

from facestream.network.address_check import Network
from facestream.web.failure_limit import network_of

MOST_CONNECTIONS = 2000
MOST_OF_ADDRESS = 400
"""So that nobody alone takes all; many people behind one router are one address."""


class ConnectionRoom:
    """Counts connections, all in the thread of the event loop.

    Args:
        most: How many there may be.
        most_of_address: How many of one address, or of one network of IPv6.
        free: Networks for which only the first of these counts, as for this machine: proxies connect for
            others.
    """

    def __init__(
        self,
        most: int = MOST_CONNECTIONS,
        most_of_address: int = MOST_OF_ADDRESS,
        free: Sequence[Network] = (),
    ) -> None:
        self.most = most
        self._most_of_address = most_of_address
        self._free = free
        self._count = 0
        self._of_network: Counter[str] = Counter()

    def enter(self, address: str) -> str:
        """Somebody has connected. Returns why there is no room for them, or nothing if there is."""
        if self._count >= self.most:
            return f"There are {self.most} connections already, which is the most there may be."
        network = network_of(address)
        if self._of_network[network] >= self._most_of_address and not self._is_free(address):
            most = self._most_of_address
            return f"There are {most} connections from {network} already, which is the most there may be."
        self._count += 1
        self._of_network[network] += 1
        return ""

    def leave(self, address: str) -> None:
        """Somebody for whom there was room is gone."""
        network = network_of(address)
        self._count -= 1
        self._of_network[network] -= 1
        if not self._of_network[network]:
            del self._of_network[network]

    def __len__(self) -> int:
        return self._count

    def _is_free(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return found.is_loopback or any(
            found.version == network.version and found in network for network in self._free
        )
