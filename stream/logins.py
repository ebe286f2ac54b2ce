"""Logins that cameras refused: how long this process lets them be.

Many cameras and recorders lock an account after five to seven wrong passwords, and begin the time anew with
each that follows. So a login that was refused is tried again after 1, 5, 15, and from then on 60 minutes. A
login is a host, its port, a user and the password: the streams of a camera, and all channels of a recorder,
have one, and one of them tries for all, while no other has a connection by it. With one that stands,
the login is right, and the refusal is of that one stream alone; but not of one that was let in before: then
the password was changed, and connections from before last. "This user may not look" (403) is of one stream.

Another password is another login, and begins anew, as does a camera that somebody has added, changed or
resumed: it is tried once more, at once or half a minute after the last refusal.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from stream.backoff import REFUSED_WAITS_S
from stream.camera_url import PORTS, CameraUrl

_PROBING_S = 3.0
"""An answer takes no longer as a rule: others no longer wait for that of who tries for them."""
_ANSWER_EVERY_S = 0.2
_OTHERS_FIRST_S = 3.0
"""Whoever was refused lets others try next: the refusal may be of its own path alone."""
_FRESH_S = 30.0
"""A refusal counts for so long for whoever comes next: cameras of a recorder are opened one after another."""
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in where.

    Attributes:
        host: The camera or recorder.
        port: Its port.
        who: A hash of user and password; of a URL without a user, which may hold both, of path and query.
    """

    host: str
    port: int
    who: bytes = field(repr=False)

    @classmethod
    def of(cls, url: CameraUrl) -> Login | None:
        """That of a URL without open references; None where nobody is asked."""
        if url.scheme not in PORTS or not url.host:
            return None
        parts = ("", url.path, url.query) if url.user is None else ("user", url.user, url.password or "")
        return cls(
            url.host, url.port or PORTS[url.scheme], hashlib.sha256("\n".join(parts).encode()).digest()
        )


@dataclass(slots=True)
class _Refusals:
    """How often a login was refused, one time after another."""

    words: str = ""
    count: int = 0
    at_s: float = 0.0
    until_s: float = 0.0

    def add(self, words: str, now_s: float) -> None:
        self.words, self.at_s = words, now_s
        self.until_s = now_s + REFUSED_WAITS_S[min(self.count, len(REFUSED_WAITS_S) - 1)]
        self.count += 1


@dataclass(slots=True)
class _Known:
    """What is known of a login.

    Attributes:
        connected: Who has a connection by it.
        refusals: Of all who have it.
        last: Who was refused last.
        trying: Who tries it for all, and since when, monotonic.
        opened_s: When somebody was let in last.
        lost_s: Who was let in and has lost the connection since, and when.
    """

    connected: set[object] = field(default_factory=set)
    refusals: _Refusals = field(default_factory=_Refusals)
    last: object = None
    trying: tuple[object, float] | None = None
    opened_s: float = -math.inf
    lost_s: WeakKeyDictionary[object, float] = field(default_factory=WeakKeyDictionary)


class Logins:
    """What is known of all logins of a process; any thread may ask.

    Args:
        clock: Seconds from any start, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Login, _Known] = {}
        self._lock = threading.Lock()

    def wait_s(self, login: Login, who: object, wished_s: float | None = None) -> tuple[float, str]:
        """How long to leave a login alone, and why; 0 where it may be tried now, which is then to be done.

        Args:
            login: The login.
            who: Who wants to try it.
            wished_s: When a person wished for that, None where nobody did; any try since has been that one.

        Returns:
            Seconds, and what the camera said, "" where that is just being tried by another.
        """
        with self._lock:
            now_s, known = self._clock(), self._of(login)
            refusals = known.refusals
            if known.connected - {who} and not refusals.count:
                lost_s = known.lost_s.get(who)
                if lost_s is None or known.opened_s > lost_s:
                    return 0.0, ""
            left_s = refusals.until_s - now_s + (_OTHERS_FIRST_S if known.last is who else 0.0)
            if wished_s is not None and wished_s > refusals.at_s:
                left_s = min(left_s, refusals.at_s + _FRESH_S - now_s)
            if refusals.count and left_s > 0:
                return left_s, refusals.words
            if known.trying is not None:
                other, since_s = known.trying
                if other is not who and now_s - since_s < _PROBING_S:
                    return _ANSWER_EVERY_S, ""
            known.trying = (who, now_s)
            return 0.0, ""

    def opened(self, login: Login, who: object) -> None:
        """It is right."""
        with self._lock:
            known = self._of(login)
            known.connected.add(who)
            known.refusals, known.last, known.trying = _Refusals(), None, None
            known.opened_s = self._clock()
            known.lost_s.pop(who, None)

    def refused(self, login: Login, who: object, words: str) -> bool:
        """It was refused; returns whether that may be so for all who have it."""
        with self._lock:
            known = self._of(login)
            known.trying = None
            if known.connected - {who} and who not in known.lost_s:
                return False
            known.refusals.add(words, self._clock())
            known.last = who
            return True

    def ended(self, login: Login, who: object) -> None:
        """An attempt, or the connection that came of it, is over."""
        with self._lock:
            known = self._of(login)
            if who in known.connected:
                known.connected.discard(who)
                known.lost_s[who] = self._clock()
            if known.trying is not None and known.trying[0] is who:
                known.trying = None

    def _of(self, login: Login) -> _Known:
        if login not in self._known and len(self._known) >= _MOST:
            oldest = next((old for old, known in self._known.items() if not known.connected), None)
            if oldest is not None:
                del self._known[oldest]
        return self._known.setdefault(login, _Known())


LOGINS = Logins()
"""Those of this process."""


class LoginTurn:
    """When one stream may log in; used by one thread, but for `begin_anew`.

    Args:
        logins: What is known of all.
        clock: Seconds from any start, never going back.
    """

    def __init__(self, logins: Logins = LOGINS, clock: Callable[[], float] = time.monotonic) -> None:
        self._logins, self._clock = logins, clock
        self._login: Login | None = None
        self._wished_s: float | None = None
        self._own = _Refusals()

    def begin_anew(self) -> None:
        """A person wants it to be tried now."""
        self._wished_s = self._clock()

    def wait_s(self, login: Login | None) -> tuple[float, str]:
        """As that of `Logins`; of no login there is nothing to wait for."""
        if login != self._login:
            self._login, self._own = login, _Refusals()
        if login is None:
            return 0.0, ""
        own_s = self._own.until_s - self._clock()
        if self._own.count and own_s > 0 and self._wished_s is None:
            return own_s, self._own.words
        wait_s, words = self._logins.wait_s(login, self, self._wished_s)
        if not wait_s:
            self._wished_s = None
        return wait_s, words

    def opened(self) -> None:
        """The camera was opened."""
        self._own = _Refusals()
        if self._login is not None:
            self._logins.opened(self._login, self)

    def refused(self, words: str, *, whoever: bool) -> None:
        """The login was refused.

        Args:
            words: What is said of it.
            whoever: Whether the user or the password is wrong, and not what this user may see.
        """
        if self._login is None:
            return
        if not (whoever and self._logins.refused(self._login, self, words)):
            self._own.add(words, self._clock())

    def ended(self) -> None:
        """An attempt, or the connection that came of it, is over."""
        if self._login is not None:
            self._logins.ended(self._login, self)
