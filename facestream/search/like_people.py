"""Who of the people of a collection is like whom: people similar to one, and likely duplicates."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from facestream.errors import BusyError
from facestream.processes.trouble import Trouble
from facestream.search.pair_facts import PairFacts, ordered

if TYPE_CHECKING:
    from facestream.search.resident_search import ResidentSearch
    from workers.clustering.profile_book import ProfileBook
    from workers.models.calibration import Calibration

_log = logging.getLogger(__name__)

# Pairs less likely than this are no duplicates that anybody wants to look at: "doubtful" begins here.
LEAST_SURENESS = 0.2
"""Least probability of a pair that is shown as a likely duplicate."""

# People compared with all others at once, and taken into the book at once.
_AT_ONCE = 256
_BOOKED_AT_ONCE = 2000
# Pairs kept; of more, the likeliest half.
_MOST_PAIRS = 20_000
# A little below what is shown, as the number of people changes.
_MARGIN = 1.0
_AGAIN_S = 2.0
_JOIN_S = 30.0
# So many who ask wait at a time while people are not compared yet: each holds a thread of whoever answers.
_MOST_WAIT = 8


@dataclass(frozen=True, slots=True)
class PersonPair:
    """Two people, and how likely they are one.

    Attributes:
        first: The older one.
        second: The other.
        similarity: Mean cosine similarity of their tracks, [-1, 1].
        sureness: Probability that they are one person, (0, 1).
    """

    first: str
    second: str
    similarity: float
    sureness: float


class LikePeople:
    """Compares people with each other, in a thread that follows the search in memory; a context manager.

    Each person is compared with all others once, and again when their tracks change: the work that a change
    makes grows with the number of people, not with its square. The thread rests as long as it works.

    Args:
        search: The collection in memory; started after this.
        facts: What is known of pairs.
    """

    def __init__(self, search: ResidentSearch, facts: PairFacts) -> None:
        self._search = search
        self._facts = facts
        self._condition = threading.Condition()
        self._book: ProfileBook | None = None
        self._calibration: Calibration | None = None
        self._anybody = True
        self._changed: set[str] = set()
        # Who is still to be compared with all others; no other thread looks at it.
        self._waiting: set[str] = set()
        self._booked = self._compared = self._stopped = False
        # Whether everybody waits, or did, and nobody has changed since: those who no longer wait come first,
        # and have been compared with all behind them.
        self._in_order = False
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}
        self._pairs_of: dict[str, set[tuple[str, str]]] = {}
        self._least = -math.inf
        self._thread = threading.Thread(target=self._work, name="like people", daemon=True)
        self._waits = threading.BoundedSemaphore(_MOST_WAIT)
        search.subscribe(self._on_people)

    # Questions ---------------------------------------------------------------------------------------------

    def similar(self, person_id: str, limit: int, patience_s: float = 0.0) -> list[PersonPair]:
        """Who is most like a person, the likeliest first; without those who are said to differ.

        Args:
            person_id: Somebody there is; comes first in each pair.
            limit: Most pairs.
            patience_s: How long to wait while the collection is read; not at all where many wait already.

        Raises:
            BusyError: If it is not read by then.
            StorageError: If what was decided can't be read.
        """
        import numpy as np

        from workers.clustering.profiles import compare_pairs, pair_sureness

        self._wait(lambda: self._booked, patience_s)
        differ = self._facts.differing()
        with self._condition:
            book, calibration = self._book, self._calibration
            if book is None or calibration is None:
                raise _comparing()
            (*row,) = book.rows_of([person_id]).tolist()
            if not row:
                return []
            everybody, people = book.all, len(book.all)
            others = np.delete(np.arange(people), row[0])
            found = compare_pairs(everybody, np.full(len(others), row[0]), everybody, others, calibration)
            sure = pair_sureness(found.log_ratio, people)
            pairs: list[PersonPair] = []
            for k in np.lexsort((-found.similarity, -found.log_ratio)).tolist():
                if len(pairs) == limit:
                    break
                other = everybody.person_ids[others[k]]
                if ordered(person_id, other) not in differ:
                    pairs.append(PersonPair(person_id, other, float(found.similarity[k]), float(sure[k])))
        return pairs

    def duplicates(self, patience_s: float = 0.0) -> list[PersonPair]:
        """Who is likely one person twice, the likeliest first.

        Without pairs who are said to differ, or were seen together, and those who are ignored.

        Args:
            patience_s: How long to wait while people are compared for the first time; not at all where many
                wait already.

        Raises:
            BusyError: If they are not compared by then.
            StorageError: If what is known of them can't be read.
        """
        from workers.clustering.profiles import pair_sureness

        self._wait(lambda: self._compared, patience_s)
        with self._condition:
            people = 0 if self._book is None else len(self._book.all)
            ranked = sorted(self._pairs.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
        sure = pair_sureness([log_ratio for _, (_, log_ratio) in ranked], people).tolist()
        pairs = [
            PersonPair(*pair, similarity, sureness)
            for (pair, (similarity, _)), sureness in zip(ranked, sure, strict=True)
            if sureness >= LEAST_SURENESS
        ]
        return self._facts.still_open(pairs)

    def _wait(self, ready: Callable[[], bool], patience_s: float) -> None:
        until_s = time.monotonic() + patience_s
        may_wait = self._waits.acquire(blocking=False)
        try:
            self._search.wait(patience_s if may_wait else 0.0)
            with self._condition:
                left_s = max(until_s - time.monotonic(), 0.0) if may_wait else 0.0
                if not self._condition.wait_for(ready, left_s):
                    raise _comparing()
        finally:
            if may_wait:
                self._waits.release()

    # The thread --------------------------------------------------------------------------------------------

    def _on_people(self, people: set[str] | None) -> None:
        with self._condition:
            if people is None:
                self._anybody = True
            else:
                self._changed |= people
            self._condition.notify_all()

    def _work(self) -> None:
        trouble = Trouble(_log, "People are compared", "People are compared again.")
        while not self._stopped:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopped or self._anybody or bool(self._changed or self._waiting)
                )
            began_s = time.monotonic()
            try:
                self._step()
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
                with self._condition:
                    self._anybody = True
                rest_s = _AGAIN_S
            else:
                trouble.over()
                rest_s = time.monotonic() - began_s
            with self._condition:
                self._condition.wait_for(lambda: self._stopped, rest_s)

    def _step(self) -> None:
        """Book who has changed, then compare some of those who wait for it."""
        with self._condition:
            anybody, self._anybody = self._anybody, False
            changed, self._changed = self._changed, set()
        if anybody:
            changed = self._begin()
        if changed:
            self._in_order = anybody
        self._take_in(changed)
        if self._waiting:
            self._compare_some()
        if not self._waiting:
            with self._condition:
                self._compared = self._book is not None
                self._condition.notify_all()

    def _begin(self) -> set[str]:
        """Everybody may have changed: whom to look at, also those who are no more."""
        from workers.clustering.profile_book import ProfileBook

        models = self._search.models()
        with self._condition:
            if models is None or models.calibration is not self._calibration:
                self._calibration = None if models is None else models.calibration
                self._book = None
                self._booked = self._compared = False
                self._pairs, self._pairs_of, self._least = {}, {}, -math.inf
                self._waiting = set()
            if models is not None and self._book is None:
                dimension, sizes = models.calibration.mean.shape[1], len(models.calibration.sizes_px)
                self._book = ProfileBook(dimension, sizes)
            known = set() if self._book is None else set(self._book.all.person_ids)
        return known.union(self._search.people())

    def _take_in(self, changed: set[str]) -> None:
        people = sorted(changed)
        for start in range(0, len(people), _BOOKED_AT_ONCE):
            some = people[start : start + _BOOKED_AT_ONCE]
            profiles = self._search.profiles(some)
            with self._condition:
                if profiles is None or self._book is None:
                    return
                self._book.put(profiles)
                for gone in set(some).difference(profiles.person_ids):
                    if gone in self._book:
                        self._book.remove(gone)
                    self._waiting.discard(gone)
                for person in some:
                    self._drop_pairs(person)
                self._waiting.update(profiles.person_ids)
        self._facts.changed(changed)
        with self._condition:
            self._booked = self._book is not None
            self._condition.notify_all()

    def _compare_some(self) -> None:
        """Compare some people with all others; none of the arrays changes but in this thread."""
        import numpy as np

        from workers.clustering.profiles import like_pairs

        book, calibration = self._book, self._calibration
        assert book is not None
        assert calibration is not None
        everybody = book.all
        rows = np.sort(book.rows_of(self._waiting))
        begin = int(rows[0]) if self._in_order else 0
        rows = rows[:_AT_ONCE]
        shown = math.log(max(len(everybody), 1)) + math.log(LEAST_SURENESS / (1 - LEAST_SURENESS))
        least = max(self._least, shown - _MARGIN)
        for found in like_pairs(everybody, rows, calibration, least, begin):
            if self._stopped:
                return
            with self._condition:
                for first, second, similarity, log_ratio in zip(
                    found.first.tolist(),
                    found.second.tolist(),
                    found.similarity.tolist(),
                    found.log_ratio.tolist(),
                    strict=True,
                ):
                    pair = ordered(everybody.person_ids[first], everybody.person_ids[second])
                    self._pairs[pair] = (similarity, log_ratio)
                    for person in pair:
                        self._pairs_of.setdefault(person, set()).add(pair)
                if len(self._pairs) > _MOST_PAIRS:
                    self._keep_likeliest()
        self._waiting.difference_update([everybody.person_ids[row] for row in rows.tolist()])

    def _keep_likeliest(self) -> None:
        ranked = sorted(self._pairs.items(), key=lambda item: -item[1][1])[: _MOST_PAIRS // 2]
        self._least = ranked[-1][1][1]
        self._pairs, self._pairs_of = dict(ranked), {}
        for pair in self._pairs:
            for person in pair:
                self._pairs_of.setdefault(person, set()).add(pair)

    def _drop_pairs(self, person: str) -> None:
        for pair in self._pairs_of.pop(person, set()):
            self._pairs.pop(pair, None)
            other = pair[0] if pair[1] == person else pair[1]
            self._pairs_of.get(other, set()).discard(pair)

    def __enter__(self) -> Self:
        """Start to compare."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._thread.join(_JOIN_S)


def _comparing() -> BusyError:
    return BusyError(
        "the people of this collection are being compared for the first time. Ask again in a moment.",
        retry_after_s=_AGAIN_S,
    )
