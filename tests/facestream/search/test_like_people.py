"""Who asks who is like whom before that is known waits for it, as long as not too many do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from facestream.configuration.settings import Place
from facestream.errors import BusyError
from facestream.events.news import News
from facestream.search.like_people import LikePeople
from facestream.search.pair_facts import PairFacts
from facestream.search.resident_search import Models, ResidentSearch
from facestream.wiring import keys_of, make_store, open_handle
from storage.change_reader import ChangeReader

PATIENCE_S = 3.0


def unread() -> Models:
    raise AssertionError("nothing is read")


def test_while_a_collection_is_read_few_threads_wait_for_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    with open_handle(place) as handle:
        store = make_store(handle, keys_of(place))
        # Neither is started: nothing is ever read.
        search = ResidentSearch(store, handle, News(ChangeReader(handle.client, store.keys), handle), unread)
        people = LikePeople(search, PairFacts(store, handle, search))
        answered: list[str] = []

        def ask(which: Callable[[], object]) -> None:
            began_s = time.monotonic()
            with pytest.raises(BusyError):
                which()
            took_s = time.monotonic() - began_s
            soon = "at once" if took_s < PATIENCE_S / 2 else "between"
            answered.append("waited" if took_s >= PATIENCE_S else soon)

        questions = (lambda: people.similar("p1", 3, PATIENCE_S), lambda: people.duplicates(PATIENCE_S))
        threads = [threading.Thread(target=ask, args=(questions[k % 2],)) for k in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(answered) == {"waited": 8, "at once": 12}
        # Those places are free again.
        ask(questions[0])
        assert answered[-1] == "waited"
