from __future__ import annotations

from pathlib import Path

import pytest

from facestream.errors import UsageError
from facestream.settings import Place, model_cache
from facestream.wiring import keys_of

URL = "redis://:S3cret@host:6379/0"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FACESTREAM_DATA_DIR", "FACESTREAM_REDIS", "FACESTREAM_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_without_anything_the_defaults_are_meant() -> None:
    assert Place.of() == Place(None, None, "default")


def test_the_environment_fills_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_DATA_DIR", "/data")
    monkeypatch.setenv("FACESTREAM_REDIS", URL)
    assert Place.of(collection="family") == Place(Path("/data"), URL, "family")
    assert Place.of(redis="redis://other").redis_url == "redis://other"


def test_a_folder_that_is_given_wins_over_a_server_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACESTREAM_REDIS", URL)
    assert Place.of("/data") == Place(Path("/data"), None, "default")
    assert Place.of("/data", redis=URL).redis_url == URL


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FACESTREAM_DATA_DIR", "FACESTREAM_REDIS"):
        monkeypatch.setenv(name, "")
    assert Place.of() == Place()


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert Place.of("~/faces").data_dir == Path("/home/ada/faces")


def test_the_url_is_not_in_the_repr() -> None:
    assert "S3cret" not in repr(Place.of(redis=URL))


def test_models_are_cached_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert model_cache() == Path("/home/ada/.cache/facestream/models")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert model_cache() == Path("/cache/facestream/models")
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", "~/own")
    assert model_cache() == Path("/home/ada/own/models")


@pytest.mark.parametrize("name", ["", "no such", "a/b", "{x}", "-a", "a" * 65])
def test_a_collection_that_can_t_be_called_so_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="--collection"):
        keys_of(Place(collection=name))
