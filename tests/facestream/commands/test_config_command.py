"""`facestream config`, and what other commands make of settings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from command_runs import Done
from test_help import COMMANDS, command_of

from facestream.cli import cli
from facestream.commands.cluster import command as cluster
from facestream.commands.model_options import own_parts_options, photo_parts_options
from facestream.commands.run import command as run
from facestream.configuration.given_settings import variable_of
from facestream.configuration.setting_option import SettingOption
from facestream.configuration.settings import DEFAULT_MODELS
from facestream.configuration.settings_file import SettingsFile
from facestream.configuration.settings_schema import accepts, fields

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"
SECRET = "S3cret"

Here = Callable[..., Done]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FACESTREAM_TEST_DATA", raising=False)
    return folder


def write(content: str, name: str = "facestream.toml") -> Path:
    path = Path(name)
    path.write_text(content)
    return path


def test_check_lists_all_faults_and_ends_with_one(here: Here) -> None:
    assert here("config", "check").stdout.startswith("There is no settings file: no facestream.toml and /")
    write("fps = 5\n")
    assert here("config", "check").stdout == "facestream.toml: valid.\n"
    write(f"fsp = 5\nredis = 3\nsamples = 'redis://:{SECRET}@h'\n")
    done = here("config", "check", code=1)
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        f"facestream.toml:{n}" for n in (1, 2, 3)
    ]
    assert SECRET not in done.said
    assert here("config", "check", write("", "other.toml")).stdout == "other.toml: valid.\n"
    assert here("config", "check", "none.toml", code=1).stdout == "none.toml: there is no such file.\n"


def test_check_for_machines(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_FSP", "5")
    write("fps = 5\n")
    assert here("config", "check", "--json").json() == {
        "file": "facestream.toml",
        "valid": True,
        "problems": [],
        "warnings": [
            {
                "file": None,
                "line": None,
                "variable": "FACESTREAM_FSP",
                "problem": "there is no such setting; did you mean FACESTREAM_FPS?",
            }
        ],
    }
    write("\nfsp = 5\n")
    found = here("config", "--json", "check", code=1).json()
    assert (found["valid"], found["problems"][0]["file"], found["problems"][0]["line"]) == (
        False,
        "facestream.toml",
        2,
    )


def test_show_says_what_is_in_force_and_where_it_comes_from(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f"redis = 'redis://ada:{SECRET}@host:1/0'\nfps = 2\n[camera]\nkeyframes_only = true\n")
    monkeypatch.setenv("FACESTREAM_FPS", "3")
    done = here("config", "show")
    assert SECRET not in done.said
    rows = [re.split(r"\s{2,}", line) for line in done.stdout.splitlines()]
    assert ["redis", "redis://ada:***@host:1/0", "facestream.toml:1"] in rows
    assert ["fps", "3", "FACESTREAM_FPS"] in rows
    assert ["camera.keyframes_only", "true", "facestream.toml:4"] in rows
    assert ["samples", "best", "default"] in rows
    shown = here("config", "show", "--json")
    assert SECRET not in shown.said
    by_key = {row["key"]: row for row in shown.json()["settings"]}
    assert list(by_key) == list(fields())
    assert by_key["fps"] == {
        "key": "fps",
        "value": 3.0,
        "from": "environment",
        "file": None,
        "line": None,
        "variable": "FACESTREAM_FPS",
    }


@pytest.mark.parametrize(
    "words",
    [["people"], ["people", "log"], ["models"], ["restore", "x"], ["compare", "a", "b"], ["config", "show"]],
    ids=" ".join,
)
def test_other_commands_end_with_two_where_settings_are_wrong(words: list[str], here: Here) -> None:
    write("fps = 5\ncolection = 'x'\n")
    assert "Error: facestream.toml:2: there is no setting colection; did you mean collection?" in (
        here(*words, code=2).stderr
    )
    assert "facestream.toml" not in here(words[0], "--help").stderr


def test_a_misspelt_variable_is_told_once(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_COLECTION", "x")
    done = here("people", "show", "ada", code=1)
    assert done.stderr.count("FACESTREAM_COLECTION") == 1
    assert (
        "Warning: FACESTREAM_COLECTION: there is no such setting; did you mean FACESTREAM_COLLECTION?"
        in done.stderr
    )


def test_the_config_option_is_for_one_command(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACESTREAM_CONFIG", raising=False)
    write("collection = 'here'\n")
    other = write("collection = 'family'\n", "other.toml")
    by_option = here("--config", other, "people", "show", "ada", code=1).stderr
    assert "collection 'family'" in by_option
    # What is suggested leads there as well.
    assert "--config other.toml run VIDEO" in by_option
    assert "--collection" not in by_option
    assert "FACESTREAM_CONFIG" not in os.environ
    assert "collection 'here'" in here("people", "show", "ada", code=1).stderr
    typed = here("--config", other, "people", "--collection", "mine", "show", "ada", code=1).stderr
    assert "collection 'mine'" in typed
    assert "name a settings file" in here("--config", "", "people", code=2).stderr


def options_of(command: click.Command, *words: str) -> dict[str, object]:
    """Options as they are when the command begins, before parts of models become one name."""
    with command.make_context("command", list(words), **cli.context_settings) as ctx:
        return ctx.params


def pack_of(command: click.Command, *words: str) -> object:
    """The models that reach what a command does."""
    taken: list[object] = []

    @photo_parts_options if command is cluster else own_parts_options
    def take(pack: str | None, **_: object) -> None:
        taken.append(pack)

    with command.make_context("command", list(words), **cli.context_settings) as ctx:
        names = ("pack", "detector", "embedder")
        take(**{name: ctx.params[name] for name in names})
    return taken[0]


def test_options_that_are_not_typed_are_settings(here: Here) -> None:
    write(
        'fps = "native"\nmin_face = 20\nclustering = "hdbscan"\nsamples = "all"\ndevice = "cpu"'
        '\nmodels = "sface"\n'
    )
    taken = options_of(run, "x.mp4")
    assert {
        name: taken[name] for name in ("fps", "min_face_px", "clustering", "samples", "device", "pack")
    } == {
        "fps": 0.0,
        "min_face_px": 20.0,
        "clustering": "hdbscan",
        "samples": "all",
        "device": "cpu",
        "pack": "sface",
    }
    typed = options_of(run, "x.mp4", "--fps", "2", "--clustering", "average", "--models", "open")
    assert (typed["fps"], typed["clustering"], typed["pack"], typed["samples"]) == (
        2,
        "average",
        "open",
        "all",
    )


def test_models_that_are_settings_count_where_new_faces_are_looked_at(here: Here) -> None:
    write('models = "sface"\ndetector = "haar"\n')
    assert pack_of(run, "x.mp4") == "haar+sface"
    assert pack_of(run, "x.mp4", "--embedder", "dlib") == "haar+dlib"
    # A whole pack is meant, without the detector of the settings.
    assert pack_of(run, "x.mp4", "--models", "open") == "open"
    assert pack_of(cluster, "x.jpg") == "haar+sface"
    assert pack_of(cluster) is None
    assert pack_of(cluster, "--models", "open") == "open"


def test_defaults_of_options_are_those_of_the_settings() -> None:
    found = set()
    for words in COMMANDS:
        for option in command_of(words).params:
            if isinstance(option, SettingOption):
                found.add(option.setting)
                default = fields()[option.setting].default
                if isinstance(option.default, str):
                    shown = f"{default:g}" if isinstance(default, float) else default
                    assert option.default == (shown or DEFAULT_MODELS), (words, option.name)
                assert variable_of(option.setting) in str(option.get_help_record(click.Context(run))), words
    # Those of places are looked up where a place is made, and how log lines look also where settings are
    # wrong; how long a model may take belongs to no option, as others.
    top = {key for key in fields() if "." not in key}
    assert top - found == {"data_dir", "redis", "cache_dir", "log_format", "look_limit_s"}


def test_the_documentation_has_every_setting() -> None:
    text = DOCUMENT.read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line[:3] == "| `"
    ]
    expected = []
    for key, field in fields().items():
        default = field.default
        shown = str(default).lower() if isinstance(default, bool) else default
        shown = "" if shown is None else f"`{shown:g}`" if isinstance(shown, float) else f"`{shown}`"
        expected.append([f"`{key}`", f"`{variable_of(key)}`", shown, accepts(key), field.description])
    assert rows == expected


def test_the_example_of_the_documentation_is_valid_and_whole(tmp_path: Path) -> None:
    (example,) = re.findall("```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example)
    assert set(SettingsFile.read(path).origins) == set(fields())
