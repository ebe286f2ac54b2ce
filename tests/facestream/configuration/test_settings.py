from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facestream.configuration.settings import Place, model_cache, settings_path
from facestream.errors import UsageError
from facestream.wiring import keys_of

URL = "redis://:S3cret@host:6379/0"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "FACESTREAM_DATA_DIR",
        "FACESTREAM_REDIS",
        "FACESTREAM_CACHE_DIR",
        "FACESTREAM_CONFIG",
        "XDG_CACHE_HOME",
    ):
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
    assert Place.of("~no such user/faces").data_dir == Path("~no such user/faces")


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


def test_the_file_fills_what_neither_arguments_nor_the_environment_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f'data_dir = "faces"\nredis = "{URL}"\ncache_dir = "~/built"\n')
    monkeypatch.setenv("FACESTREAM_CONFIG", str(file))
    monkeypatch.setenv("HOME", "/home/ada")
    assert Place.of() == Place(tmp_path / "faces", URL)
    assert model_cache() == Path("/home/ada/built/models")
    assert Place.of("/data") == Place(Path("/data"))
    monkeypatch.setenv("FACESTREAM_DATA_DIR", "/else")
    assert Place.of() == Place(Path("/else"), URL)


def test_a_file_is_looked_for_here_and_then_in_the_user_s_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert settings_path() is None
    users = tmp_path / ".config/facestream/facestream.toml"
    users.parent.mkdir(parents=True)
    users.touch()
    assert settings_path() == users
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert settings_path() is None
    Path("facestream.toml").touch()
    assert settings_path() == Path("facestream.toml")
    monkeypatch.setenv("FACESTREAM_CONFIG", "~/other.toml")
    assert settings_path() == tmp_path / "other.toml"


def test_without_a_file_nothing_slow_is_loaded() -> None:
    program = (
        "import sys\nfrom facestream.configuration.settings import Place\n"
        "assert str(Place.of().data_dir) == '/data'\n"
        "sys.exit('pydantic' in sys.modules)"
    )
    environment = {**os.environ, "FACESTREAM_DATA_DIR": "/data", "XDG_CONFIG_HOME": "/nowhere"}
    assert subprocess.run([sys.executable, "-c", program], env=environment, cwd="/").returncode == 0
