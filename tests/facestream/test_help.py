"""--help: quick, complete, with examples."""

from __future__ import annotations

import subprocess
import sys
import time

import click
import pytest
from command_runs import PATIENCE_S, Cli
from quickest import quickest

from facestream.cli import cli as top
from facestream.commands import backfill, run
from facestream.parsing import Number
from stream.photo import MAX_PHOTO_PIXELS
from stream.video_info import MAX_VIDEO_PIXELS

COMMANDS = (
    ["run"],
    ["backfill"],
    ["watch"],
    ["people"],
    ["encryption"],
    ["encryption", "status"],
    ["encryption", "on"],
    ["encryption", "rotate"],
    ["encryption", "off"],
    ["people", "show"],
    ["people", "name"],
    ["people", "thumbnails"],
    ["people", "merge"],
    ["people", "split"],
    ["people", "differs"],
    ["people", "ignore"],
    ["people", "cover"],
    ["people", "undo"],
    ["people", "log"],
    ["people", "find"],
    ["people", "together"],
    ["people", "clip"],
    ["people", "enroll"],
    ["people", "export-all"],
    ["people", "forget"],
    ["report"],
    ["compare"],
    ["cluster"],
    ["evaluate"],
    ["stats"],
    ["tracks"],
    ["tracks", "list"],
    ["tracks", "show"],
    ["export"],
    ["dead"],
    ["dead", "list"],
    ["dead", "show"],
    ["dead", "retry"],
    ["dead", "drop"],
    ["sources"],
    ["retention"],
    ["readers"],
    ["readers", "list"],
    ["readers", "drop"],
    ["collections"],
    ["collections", "list"],
    ["collections", "stats"],
    ["collections", "drop"],
    ["backup"],
    ["restore"],
    ["reembed"],
    ["demo"],
    ["calibrate"],
    ["models"],
    ["models", "list"],
    ["models", "show"],
    ["models", "verify"],
    ["models", "remove"],
    ["models", "pull"],
    ["models", "add"],
    ["worker"],
    ["reader"],
    ["cluster-worker"],
    ["doctor"],
    ["webhook"],
    ["webhook", "add"],
    ["webhook", "list"],
    ["webhook", "remove"],
    ["webhook", "test"],
    ["config"],
    ["config", "check"],
    ["config", "show"],
    ["redis"],
    ["serve"],
    ["token"],
    ["token", "add"],
    ["token", "list"],
    ["token", "remove"],
    ["camera"],
    ["camera", "add"],
    ["camera", "set"],
    ["camera", "list"],
    ["camera", "show"],
    ["camera", "pause"],
    ["camera", "resume"],
    ["camera", "remove"],
    ["camera", "import"],
    ["camera", "test"],
    ["camera", "snapshot"],
)
# They store nothing and read nothing that was stored.
NO_PLACE = (["compare"], ["calibrate"], ["config"], ["config", "check"], ["config", "show"])


def command_of(words: list[str]) -> click.Command:
    context = click.Context(top)
    command: click.Command = top
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command = found
    return command


def test_all_commands_are_listed_and_can_be_loaded() -> None:
    found = []
    for name in top.list_commands(click.Context(top)):
        found.append([name])
        command = command_of([name])
        if isinstance(command, click.Group):
            found += [[name, inner] for inner in command.list_commands(click.Context(command))]
    assert sorted(found) == sorted(COMMANDS)


@pytest.mark.parametrize("words", [[], *COMMANDS], ids=" ".join)
def test_help_has_examples_and_says_what_every_option_does(words: list[str]) -> None:
    command = command_of(words)
    # With the settings of real use, as click keeps the help option that a command has first.
    text = command.get_help(click.Context(command, info_name="facestream", **top.context_settings))

    assert "Example" in text
    assert f"facestream {words[0] if words else 'run'}" in text.partition("Example")[2]
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.opts[-1] in text
            assert option.help or option.opts == ["--format"], option.name
            # click's own range lets "nan" through.
            assert isinstance(option.type, Number) or not isinstance(option.type, click.FloatRange)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_json_and_says_where_people_are_stored(words: list[str]) -> None:
    options = {name for parameter in command_of(words).params for name in parameter.opts}
    expected = {"--json", "-v", "-q", "--debug"}
    if words[0] == "models":
        # Packs lie in the data folder, for all collections of it.
        expected.add("--data-dir")
    elif words not in NO_PLACE:
        expected |= {"--data-dir", "--redis", "--collection"}
    assert expected - options == set()


@pytest.mark.e2e
def test_top_help_is_there_within_half_a_second(cli: Cli) -> None:
    def took_s() -> float:
        started_s = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "facestream", "--help"],
            env=cli.environment(),
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=True,
        )
        return time.monotonic() - started_s

    assert quickest(took_s, 0.5, tries=40) < 0.5


@pytest.mark.e2e
def test_top_help_loads_nothing_heavy(cli: Cli) -> None:
    program = (
        "import sys\nfrom facestream.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=cli.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "'click'" in done.stderr
    for heavy in ("numpy", "cv2", "onnxruntime", "redis", "rich", "av", "scipy", "pydantic"):
        assert f"'{heavy}'" not in done.stderr


def test_the_limits_of_pixels_are_those_that_count() -> None:
    for command in (run.command, backfill.command):
        option = next(each for each in command.params if each.name == "max_pixels")
        assert isinstance(option, click.Option)
        said = option.help or ""
        assert f"{MAX_VIDEO_PIXELS} for videos" in said
        assert f"{MAX_PHOTO_PIXELS} for photos" in said
