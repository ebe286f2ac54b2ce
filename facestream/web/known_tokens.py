"""Tokens that were right before, known again without a look at Redis."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict

_MOST = 1000


class KnownTokens:
    """Remembers tokens that were right, as hashes with a key that only this process has; for several threads.

    Whoever shows one of them is not kept out for what others at their address showed: it is looked up as
    ever, and forgotten here when it is no token any more. A guess at one that was never shown to this process
    is none of these, so that guesses stay limited; who hits one of these with a guess has found 256 random
    bits. How long a look takes tells nothing, since nobody can choose what is compared.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        # The one that was shown last stands last.
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def remember(self, token: str) -> None:
        """A token was right."""
        digest = self._digest(token)
        with self._lock:
            self._digests[digest] = None
            self._digests.move_to_end(digest)
            while len(self._digests) > _MOST:
                self._digests.popitem(last=False)

    def forget(self, token: str) -> None:
        """A token was wrong, whatever it was before."""
        with self._lock:
            self._digests.pop(self._digest(token), None)

    def __contains__(self, token: str) -> bool:
        return self._digest(token) in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def _digest(self, token: str) -> bytes:
        return hmac.new(self._key, token.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
