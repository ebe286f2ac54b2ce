from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from facestream.checkup.finding import Finding
from facestream.checkup.server import check_server
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from storage.connection import open_redis
from storage.datafolder import DataFolder


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, redis.Redis]]:
    """URL of a server, and a client for its settings."""
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("own"))) as handle:
        yield f"unix://{handle.socket_path}", handle.client


def statuses(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.name, finding.status) for finding in findings]


def test_the_embedded_server_is_started_in_its_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fs") / "data"

    server, collection = check_server(Place(folder))

    assert statuses([server, collection]) == [("embedded server", "ok"), ("collection", "ok")]
    assert str(folder) in server.detail
    assert "keeps an append-only file" in server.detail
    assert collection.detail == "'default': empty"
    assert (folder / "redis" / "redis.log").exists()


def test_a_server_of_ones_own_is_asked_and_left_as_it_is(own: tuple[str, redis.Redis]) -> None:
    url, client = own
    client.hset("fs:{mine}:meta", mapping={"schema": "1", "pack": "open", "model_id": "dlib-resnet29-v1"})
    before = sorted(client.scan_iter("*"))

    server, collection = check_server(Place(None, url, "mine"))

    assert statuses([server, collection]) == [("Redis", "ok"), ("collection", "ok")]
    assert url in server.detail
    assert collection.detail == "'mine': models open, dlib-resnet29-v1"
    assert sorted(client.scan_iter("*")) == before


def test_a_server_that_keeps_nothing_is_a_warning(own: tuple[str, redis.Redis]) -> None:
    url, client = own
    client.config_set("appendonly", "no")

    server, warning, _ = check_server(Place(None, url))

    assert "keeps nothing on disk" in server.detail
    assert (warning.name, warning.status) == ("Redis", "warning")
    assert "all results are lost when it restarts" in warning.detail


def test_a_server_that_is_nearly_full_is_a_warning(own: tuple[str, redis.Redis]) -> None:
    url, client = own
    client.config_set("maxmemory", str(int(client.info("memory")["used_memory"] * 1.08)))

    _, warning, _ = check_server(Place(None, url))

    assert warning.status == "warning"
    assert "of its memory limit" in warning.detail
    assert warning.mend


def test_a_collection_of_another_version_fails(own: tuple[str, redis.Redis]) -> None:
    url, client = own
    client.hset("fs:{default}:meta", "schema", "99")

    findings = list(check_server(Place(None, url)))

    assert statuses(findings) == [("Redis", "ok"), ("collection", "failed")]
    assert "'99'" in findings[1].detail


@pytest.mark.parametrize("place", ["file", "file/data"])
def test_a_data_folder_that_can_t_be_made_fails(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")

    (finding,) = check_server(Place(tmp_path / place))

    assert (finding.name, finding.status) == ("embedded server", "failed")
    assert str(tmp_path / "file") in finding.detail


def test_a_server_that_is_not_there_fails_with_its_mend_and_without_its_password() -> None:
    (finding,) = check_server(Place(None, "redis://worker:S3cretWord@127.0.0.1:1/0"))

    assert (finding.name, finding.status) == ("Redis", "failed")
    assert "redis://worker:***@127.0.0.1:1/0" in finding.detail
    assert "FACESTREAM_REDIS" in finding.mend
    assert "S3cret" not in repr(finding)


def test_a_collection_name_that_can_t_be_one_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--collection"):
        list(check_server(Place(tmp_path, collection="no such/name")))
