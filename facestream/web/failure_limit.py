"""How often somebody may show a wrong token."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

FAILURES = 10
"""So many at once, and as many again in `REFILL_S`."""

REFILL_S = 60.0
_MOST_ADDRESSES = 10_000


class FailureLimit:
    """Counts wrong tokens by address, and forgets them again; its memory is bounded. For several threads.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By address: when all of its failures will be forgotten. The one that failed last stands last.
        self._until_s: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """For how long an address is not to be listened to, in whole seconds; 0 if it may try."""
        with self._lock:
            over_s = self._until_s.get(network_of(address), 0.0) - self._clock()
        return max(math.ceil(over_s - REFILL_S + REFILL_S / FAILURES), 0)

    def count(self, address: str) -> None:
        """A wrong token came from an address."""
        now_s, network = self._clock(), network_of(address)
        with self._lock:
            until_s = max(self._until_s.get(network, now_s), now_s) + REFILL_S / FAILURES
            # Not ever longer: several threads may have been let in at once.
            self._until_s[network] = min(until_s, now_s + REFILL_S)
            self._until_s.move_to_end(network)
            while len(self._until_s) > _MOST_ADDRESSES:
                self._until_s.popitem(last=False)

    def __len__(self) -> int:
        return len(self._until_s)


def network_of(address: str) -> str:
    """An address; of IPv6 the network of which one caller has all addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address
