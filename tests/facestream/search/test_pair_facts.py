"""What is known of pairs of people."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

from facestream.configuration.settings import Place
from facestream.search.pair_facts import PairFacts
from facestream.search.resident_search import ResidentSearch
from facestream.wiring import keys_of, make_store, open_handle


class Two(NamedTuple):
    first: str
    second: str


class Changing(PairFacts):
    """A pair who are seen together just as they are looked up for the first time."""

    looked = 0

    def _look_up(self, pair: tuple[str, str]) -> bool:
        self.looked += 1
        if self.looked == 1:
            self.changed(pair)
            return False
        return True


def test_what_was_looked_up_before_a_change_is_not_kept_behind_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    with open_handle(place) as handle:
        # Nobody decided anything, so that nothing is searched for.
        facts = Changing(make_store(handle, keys_of(place)), handle, cast(ResidentSearch, None))
        pair = Two("p1", "p2")
        assert facts.still_open([pair]) == [pair]
        assert [facts.still_open([pair]) for _ in range(3)] == [[], [], []]
        assert facts.looked == 2
