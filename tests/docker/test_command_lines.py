"""What containers run is what the program takes."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
from deployed import COMPOSE_FILES, DOCKER, Ran, compose, pods, ran

from facestream.cli import cli
from facestream.configuration.settings import VARIABLE_PREFIX
from facestream.configuration.settings_schema import accepts, fields
from storage import data_key_file
from storage.sealing import KEY_FILE_VARIABLE

RAN = list(ran())
NO_SETTINGS = {"FACESTREAM_CONFIG", KEY_FILE_VARIABLE, data_key_file.KEY_FILE_VARIABLE}


def variables() -> dict[str, str]:
    return {VARIABLE_PREFIX + key.upper().replace(".", "_"): key for key in fields()}


def parse(words: list[str]) -> click.Context:
    """Read a command line as far as it is read before anything is done."""
    command: Any = cli
    # click keeps the first help option that is made of a command, with the names of that context.
    context = click.Context(cli, info_name="facestream", **cli.context_settings)
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, name
    made: click.Context = command.make_context(name, list(words), parent=context)
    return made


@pytest.mark.parametrize("it", RAN, ids=[it.where for it in RAN])
def test_command_lines_are_taken(it: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in it.environment.items():
        if name in variables():
            monkeypatch.setenv(name, value if "_RETENTION_" not in name else "30")
    parse(it.words)


@pytest.mark.parametrize("it", RAN, ids=[it.where for it in RAN])
def test_variables_are_settings(it: Ran) -> None:
    ours = {name for name in it.environment if name.startswith(VARIABLE_PREFIX)}
    assert ours == set(it.environment)
    assert ours - set(variables()) - NO_SETTINGS == set()


def test_variables_of_the_image_are_settings() -> None:
    named = set(re.findall(r"\b(FACESTREAM_[A-Z_]+)=", (DOCKER / "Dockerfile").read_text()))
    assert {"FACESTREAM_DATA_DIR", "FACESTREAM_DEVICE"} <= named
    assert named <= set(variables())
    assert accepts("device")


def test_there_is_all_that_a_collection_needs() -> None:
    services = compose(COMPOSE_FILES[0])["services"]
    assert {"redis", "serve", "worker", "cluster-worker", "worker-gpu"} == set(services)
    assert services["worker-gpu"]["profiles"] == ["gpu"]
    assert {name.partition(": ")[2] for name, _ in pods()} == {"redis", "serve", "worker", "cluster-worker"}


@pytest.mark.parametrize("it", RAN, ids=[it.where for it in RAN])
def test_cameras_are_looked_at_only_where_it_is_said_how_long_people_are_kept(it: Ran) -> None:
    if it.words[0] in {"worker", "serve"}:
        assert {"FACESTREAM_RETENTION_UNNAMED", "FACESTREAM_RETENTION_NAMED"} <= set(it.environment)


def test_the_script_of_the_demo_is_taken() -> None:
    script = compose(COMPOSE_FILES[1])["services"]["add-cameras"]["command"][0]
    found = re.findall(r"facestream (camera \w+ [^>|\n]+)", script)
    assert len(found) == 2
    for line in found:
        parse(line.replace('"', "").replace("$$name", "hall").split())
