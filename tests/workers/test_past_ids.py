"""Whoever leads asks once about all ids that were ever given, and knows of later merges by itself."""

from __future__ import annotations

import pytest
from cluster_bench import Bench
from decider import Decider
from synthetic import Cast
from test_forgetting import Told

from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.requests import ForgetRequest


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What each look at all ids has found."""
    found: list[dict[str, str]] = []
    whole = IdentityStore.merged

    def looking(self: IdentityStore) -> dict[str, str]:
        found.append(dict(whole(self)))
        return found[-1]

    monkeypatch.setattr(IdentityStore, "merged", looking)
    return found


def test_all_ids_are_asked_about_once_and_older_ids_go_with_everybody(
    bench: Bench, asked: list[dict[str, str]]
) -> None:
    cast = Cast()
    clusterer = Told(cast)
    with bench.running(lambda: clusterer):
        bench.take_in(*(cast.track(k, k) for k in range(6)))
        clusterer.same = [{0, 1}]
        bench.take_in(recluster=True)
        assert bench.people().keys() == {"p1", "p3", "p4", "p5", "p6"}
        bench.take_in([ForgetRequest("p6")])
        assert asked == [{"p2": "p1"}]
        # What others become after that look is known all the same.
        clusterer.same = [{0, 1}, {2, 3}]
        bench.take_in(recluster=True)
        clusterer.same = [{0, 1}, {2, 3, 4}]
        bench.take_in(recluster=True)
        assert bench.people().keys() == {"p1", "p3"}
        bench.take_in([ForgetRequest("p5")])
        bench.take_in([ForgetRequest("p2")])
    assert len(asked) == 1
    assert bench.people() == {}
    for k in range(1, 7):
        assert bench.store.person(f"p{k}") == Identity(f"p{k}", forgotten=True)


def test_who_was_brought_back_is_no_older_id_of_anybody(bench: Bench, asked: list[dict[str, str]]) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k, k) for k in range(3)), recluster=True)
        decide = Decider(bench)
        merge = decide.merge("p1", "p2")
        assert bench.people().keys() == {"p1", "p3"}
        bench.take_in([ForgetRequest("p3")])
        assert asked[0] == {"p2": "p1"}
        decide.undo(merge)
        assert bench.people().keys() == {"p1", "p2"}
        bench.take_in([ForgetRequest("p1")])
    assert len(asked) == 1
    assert bench.people() == {"p2": {"v-1.1.1"}}
    assert bench.store.person("p1") == Identity("p1", forgotten=True)
