"""--redis with a node of a Redis Cluster of three: collections on different nodes, by any node's URL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_runs import Done
from own_cluster import OwnCluster, ask, url_of

import facestream
from facestream.checkup.server import check_server
from facestream.configuration.settings import Place

Here = Callable[..., Done]


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCluster]:
    with contextlib.ExitStack() as stack:
        made = OwnCluster(tmp_path_factory.mktemp("rc"), "--appendonly", "yes")
        stack.callback(made.end)
        yield made


def test_collections_on_different_nodes_are_worked_on_by_the_url_of_any(
    here: Here, cluster: OwnCluster, media: Path, tmp_path: Path
) -> None:
    names = ["a", "b", "c"]
    places = [cluster.nodes.index(cluster.owner(f"fs:{{{name}}}:meta")) for name in names]
    assert sorted(places) == [0, 1, 2]
    urls = [url_of(node) for node in cluster.nodes]
    photo = media / "photos" / "astronaut.jpg"

    def at(url: str, name: str) -> tuple[str, ...]:
        return ("--redis", url, "--collection", name)

    # By the URL of a node that has it not.
    for name, place in zip(names[:2], places[:2], strict=True):
        run = here("run", "--json", photo, *at(urls[place - 1], name))
        assert len(run.json()["people"]) == 1
    for url in urls:
        assert len(here("people", "--json", *at(url, "a")).json()) == 1
        listed = here("collections", "--json", "--redis", url).json()
        assert [(row["name"], row["people"]) for row in listed] == [("a", 1), ("b", 1)]
    assert here("people", "find", "--json", photo, *at(urls[0], "a")).json()
    assert here("people", "name", "p1", "Ada", *at(urls[1], "a")).stdout
    assert here("collections", "stats", "--json", *at(urls[2], "a")).json()["tracks"] == 1
    assert "no collection 'd'" in here("collections", "stats", *at(urls[0], "d"), code=1).stderr
    assert here("redis", *at(urls[places[1]], "a"), "HGET", "fs:{a}:meta", "schema").stdout == "1\n"
    here("camera", "add", "door", "synthetic://door?width=320&height=240", *at(urls[0], "a"))
    here("watch", "--for", "1s", *at(urls[1], "a"))
    # From one node to another.
    here("backup", tmp_path / "backup", *at(urls[2], "a"))
    here("restore", tmp_path / "backup", *at(urls[0], "c"))
    with facestream.connect(redis=urls[1], collection="c") as store:
        assert [person.name for person in store.people()] == ["Ada"]
        assert store.collections() == names
    here("people", "forget", "p1", "--yes", *at(urls[0], "a"))
    here("collections", "drop", "c", "--yes", *at(urls[1], "c"))
    assert ask(cluster.nodes[places[2]], "DBSIZE") == 0

    place = Place.of(redis=urls[places[0]], collection="a")
    assert "whose 3 nodes with slots answer" in "\n".join(found.detail for found in check_server(place))

    cluster.nodes[places[1]].kill()
    (*_, last) = check_server(place)
    assert last.status == "failed"
    assert f"127.0.0.1:{cluster.nodes[places[1]].port} can't be reached" in last.detail
    said = here("people", *at(urls[places[0]], "b"), code=1).stderr
    assert "is a Redis Cluster, and its node" in said
    assert f"127.0.0.1:{cluster.nodes[places[1]].port} can't be reached" in said
