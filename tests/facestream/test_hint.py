"""What messages suggest to type leads to where they were printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from command_runs import Done

from facestream.cli import cli
from facestream.commands.collections import command as collections
from facestream.configuration.setting_option import use_config
from facestream.configuration.settings import Place
from facestream.hint import command_line, place_options

SECRET = "rediss://ada:hunter2@host:6379/1"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FACESTREAM_DATA_DIR", "FACESTREAM_REDIS"):
        monkeypatch.delenv(name, raising=False)


def words(place: Place, *command: str) -> list[str]:
    return shlex.split(command_line(place, *command))[-len(command) - len(place_options(place)) :]


def test_what_is_so_by_default_is_left_out() -> None:
    assert place_options(Place.of()) == []
    assert words(Place.of(), "people", "undo", "3") == ["people", "undo", "3"]


@pytest.mark.parametrize(
    "given",
    [
        {"collection": "family"},
        {"data_dir": Path("/my films/data")},
        {"redis": "redis://host:6379/1"},
        {"data_dir": Path("relative"), "redis": "unix:///run/redis.sock?db=2", "collection": "x-1"},
    ],
    ids=str,
)
def test_what_somebody_gave_is_given_again(given: dict[str, Any]) -> None:
    place = Place.of(**given)
    typed = words(place, "collections")
    # As the command line reads it.
    ctx = collections.make_context("collections", typed[1:], resilient_parsing=True, **cli.context_settings)
    assert typed[0] == "collections"
    assert Place.of(*(ctx.params[name] for name in ("data_dir", "redis_url", "collection"))) == place


def test_secrets_are_never_told_and_the_collection_only_where_there_is_one() -> None:
    place = Place.of(redis=SECRET, collection="family")
    told = command_line(place, "redis", collection=False)
    assert "hunter2" not in told
    assert "@host:6379/1" in told
    assert "family" not in told


def test_what_the_environment_says_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_REDIS", SECRET)
    assert place_options(Place.of()) == []
    monkeypatch.setenv("FACESTREAM_DATA_DIR", "/data")
    assert place_options(Place.of()) == []
    # Named by itself, the folder wins over the server, and has to be named again.
    assert place_options(Place.of("/data")) == ["--data-dir", "/data"]
    assert place_options(Place.of(None, "redis://other")) == ["--redis", "redis://other"]


def test_a_refusal_leads_to_the_place_that_was_asked(here: Callable[..., Done], tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    # A collection that nobody is in yet.
    theirs = ("--collection", "family", "--data-dir", folder)
    here("camera", "add", "door", "rtsp://192.0.2.1/1", "--no-test", *theirs)
    said = here("people", "show", "ada", "--collection", "family", "--data-dir", folder, code=1).stderr
    (suggested,) = re.findall("`(.*)`", said)
    assert shlex.split(suggested)[-5:] == ["people", "--collection", "family", "--data-dir", str(folder)]
    done = here(*shlex.split(suggested)[-5:])
    assert "in collection 'family'" in done.stdout
    wrong = here("people", "--collection", "family", "p3", "--json", code=2).stderr
    assert re.search("people show p3 --json --collection family$", wrong.strip())


def test_after_another_settings_file_everything_is_named_unless_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(Path("/data"), collection="default")
    with click.Context(click.Command("people")) as ctx:
        use_config(ctx, click.Option(["--config"]), "my file.toml")
        assert place_options(place) == ["--collection", "default", "--data-dir", "/data"]
        Path("my file.toml").write_text("data_dir = '/data'\n")
        assert command_line(place, "people").endswith(" --config 'my file.toml' people")
