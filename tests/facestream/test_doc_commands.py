"""Every command that the documents show is one that there is; those on a collection are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from collections_made import DOOR, fill
from command_runs import Done
from doc_commands import PAGES, ROOT, ShellCommand, shell_commands

from facestream.cli import cli
from storage.connection import open_redis
from storage.datafolder import DataFolder

COMMANDS = list(shell_commands())
OURS = [command for command in COMMANDS if command.facestream is not None]
SCRIPTS = [command for command in COMMANDS if command.script is not None]

# Ids of the documents by those of the collection that was made up.
_STAND_INS = {"v-0123456789abcdef.250.0": f"{DOOR}.50.0", "lobby.mp4": "a film.mp4", "p7": "p2", "p8": "p2"}


@dataclass(frozen=True)
class Left:
    """Why a command is not run here, and the tests that run it."""

    why: str
    run_by: str


_LOOKS = "looks at pictures with models, for seconds to hours"
_GOES_ON = "goes on until it is stopped"
_SETTLES = "is carried out by a cluster worker, which loads models"
_CONNECTS = "connects to a camera that isn't there"

NOT_RUN = {
    "backfill": Left(_LOOKS, "facestream/commands/test_backfill_command.py"),
    "calibrate": Left(_LOOKS, "facestream/commands/test_calibrate_command.py"),
    "camera add": Left(_CONNECTS, "facestream/commands/test_camera_command.py"),
    "camera set": Left("needs a camera that was added", "facestream/commands/test_camera_command.py"),
    "camera show": Left("needs a camera that was added", "facestream/commands/test_camera_command.py"),
    "camera snapshot": Left(_CONNECTS, "facestream/commands/test_camera_command.py"),
    "camera test": Left(_CONNECTS, "facestream/commands/test_camera_command.py"),
    "cluster": Left(_LOOKS, "facestream/commands/test_cluster_command.py"),
    "cluster-worker": Left(_GOES_ON, "facestream/test_cluster_workers.py"),
    "compare": Left(_LOOKS, "facestream/commands/test_compare_command.py"),
    "demo": Left(_LOOKS, "facestream/commands/test_demo_command.py"),
    "doctor": Left("measures this machine", "facestream/commands/test_doctor.py"),
    "evaluate": Left("needs labels of one's own", "facestream/commands/test_evaluate_command.py"),
    "models add": Left("needs a pack of one's own", "facestream/models/test_models_add.py"),
    "models pull": Left("downloads", "facestream/models/test_models_pull.py"),
    "models remove": Left("needs a pack that was pulled", "facestream/models/test_models_command.py"),
    "models verify": Left("needs a pack that was pulled", "facestream/models/test_models_pull.py"),
    "people clip": Left("needs the video", "facestream/commands/test_people_clip.py"),
    "people cover": Left(_SETTLES, "facestream/test_people_decisions.py"),
    "people differs": Left(_SETTLES, "facestream/test_people_decisions.py"),
    "people enroll": Left(_LOOKS, "facestream/commands/test_enroll_command.py"),
    "people forget": Left(_SETTLES, "facestream/commands/test_forget_command.py"),
    "people find": Left(_LOOKS, "facestream/commands/test_find_command.py"),
    "people merge": Left(_SETTLES, "facestream/test_people_decisions.py"),
    "people split": Left(_SETTLES, "facestream/test_people_decisions.py"),
    "reader": Left(_GOES_ON, "facestream/watch/test_sending.py"),
    "readers drop": Left("needs a reader", "facestream/commands/test_readers_command.py"),
    "retention": Left(_SETTLES, "facestream/commands/test_retention_command.py"),
    "run": Left(_LOOKS, "facestream/commands/test_run_command.py"),
    "serve": Left(_GOES_ON, "facestream/commands/test_serve_command.py"),
    "watch": Left(_GOES_ON, "facestream/commands/test_watch_command.py"),
    "webhook add": Left("looks the host up", "facestream/commands/test_webhook_command.py"),
    "webhook remove": Left("needs an id that was made up", "facestream/commands/test_webhook_command.py"),
    "webhook test": Left(
        "sends to an address that isn't there", "facestream/commands/test_webhook_command.py"
    ),
    "worker": Left(_GOES_ON, "facestream/commands/test_watch_command.py"),
}
# With --dry-run they only say what would go.
TOLD_BEFORE = {"people forget", "retention"}
# Programs of others, which no test of ours is about.
OTHERS = {
    ".": "the shell",
    "cat": "the shell",
    "cd": "the shell",
    "cp": "the shell",
    "curl": "asks the HTTP API: tests/facestream/web/test_api_doc.py",
    "docker": "there is no engine; tests/docker holds the files to their schemas and command lines",
    "kubectl": "there is no cluster; tests/docker holds the manifests to their schemas",
    "lint-imports": "CI",
    "mkdir": "the shell",
    "mypy": "CI",
    "pip": "CI installs",
    "pytest": "CI",
    "python": "scripts of ours, and gpu.py, which was carried to another machine",
    "python3": "CI installs",
    "redis-cli": "Redis' own",
    "ruff": "CI",
    "sh": "docker/",
    "sha256sum": "the shell",
    "split": "the shell",
    "uv": "another installer",
}


def path_of(words: tuple[str, ...]) -> str:
    """The command and subcommand that words name."""
    command: click.Command = cli
    found = []
    for word in words:
        if not isinstance(command, click.Group):
            break
        inner = command.get_command(click.Context(command), word)
        if inner is None:
            break
        found.append(word)
        command = inner
    return " ".join(found)


def told_by_help() -> list[ShellCommand]:
    """Examples of the pages of commands, which are those of --help."""
    found = []
    for page in sorted((ROOT / "docs" / "commands").glob("*.md")):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            shown = re.match(r"    (facestream .*?)(?: {2,}|$)", line)
            if shown and not re.search(r"[|<>$]", shown[1]):
                found.append(ShellCommand(f"docs/commands/{page.name}", number, tuple(shlex.split(shown[1]))))
    return found


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch, here: Callable[..., Done], tmp_path: Path) -> Callable[..., None]:
    """Has the real parser read words, and nothing done."""
    monkeypatch.chdir(tmp_path)
    # Files of the documents are not there, and need not be.
    for kind in (click.Path, click.File):
        monkeypatch.setattr(kind, "convert", lambda self, value, param, context: Path(value))
    monkeypatch.setattr(click.Command, "invoke", lambda self, context: 0)

    def read(words: tuple[str, ...]) -> None:
        here(*words)

    return read


def test_documents_show_commands() -> None:
    assert len(OURS) > 100
    assert {command.page for command in OURS} >= {"README.md", "docs/tutorial.md", "docs/howto/camera.md"}
    assert len(told_by_help()) > 100


def test_every_command_of_a_document_is_understood(parse: Callable[..., None]) -> None:
    for command in OURS:
        assert command.facestream is not None
        try:
            parse(command.facestream)
        except AssertionError as error:
            raise AssertionError(str(command)) from error


def test_every_example_of_help_is_understood(parse: Callable[..., None]) -> None:
    for command in told_by_help():
        assert command.facestream is not None
        try:
            parse(command.facestream)
        except AssertionError as error:
            raise AssertionError(str(command)) from error


def test_a_command_that_there_is_not_would_be_noticed(parse: Callable[..., None]) -> None:
    for words in (("run", "--no-such-option", "a.mp4"), ("people", "nosuch"), ("camera", "add", "door")):
        with pytest.raises(AssertionError):
            parse(words)


def test_every_command_that_reads_or_writes_a_collection_works(
    here: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backups").mkdir()
    ran, left = set(), set()
    with open_redis(None, DataFolder(fill(tmp_path / "data"))):
        for collection in ("family", "demo"):
            here("backup", "first.facestream", "--yes")
            here("restore", "first.facestream", "--collection", collection)
        for words in dict.fromkeys(command.facestream or () for command in OURS):
            path = path_of(words)
            if path in NOT_RUN and not (path in TOLD_BEFORE and "--dry-run" in words):
                left.add(path)
                continue
            _run(here, path, [_STAND_INS.get(word, word) for word in words])
            ran.add(path)
    assert left == set(NOT_RUN), "a reason is left of a command that no document shows"
    assert {"people", "people show", "export", "report", "redis", "backup", "restore", "retention"} <= ran


def _run(here: Callable[..., Done], path: str, words: list[str]) -> None:
    """Run one, after what it takes for granted."""
    if path == "people undo" and words[-1].isdecimal():
        here("people", "name", "p3", "Somebody")
        # Decisions have other numbers here.
        words = [*words[:-1], str(here("people", "log", "--json").json()[-1]["number"])]
    if path == "token add":
        # Documents make the same one more than once.
        for token in here("token", "--json").json():
            here("token", "remove", token["name"])
    if path == "restore" and "--replace" not in words:
        into = words[-1] if "--collection" in words else "default"
        if into in {known["name"] for known in here("collections", "--json").json()}:
            here("collections", "drop", into, "--yes")
    # Nobody is there to ask.
    here(*words, *(["--yes"] if path in {"backup", "restore", "collections drop"} else []))
    if path == "collections drop":
        here("restore", "first.facestream", "--collection", words[-1])


@pytest.mark.parametrize("path", sorted(NOT_RUN))
def test_what_is_not_run_here_is_run_by_the_tests_that_are_named(path: str) -> None:
    left = NOT_RUN[path]
    text = (ROOT / "tests" / left.run_by).read_text(encoding="utf-8")
    assert left.why
    word = path.split()[-1]
    # As a word of the command line, or the method of the client that is behind it.
    assert f'"{word}"' in text or f".{word}(" in text, f"{left.run_by} runs no `{path}`"


def test_scripts_that_are_shown_are_there_and_take_what_they_are_given() -> None:
    assert SCRIPTS
    examples = (ROOT / "tests" / "examples" / "test_examples.py").read_text(encoding="utf-8")
    for command in SCRIPTS:
        assert command.script is not None
        assert command.script.is_file(), command
        # Scripts of one folder have some options in common.
        text = "".join(path.read_text(encoding="utf-8") for path in command.script.parent.glob("*.py"))
        for word in command.words[2:]:
            assert not word.startswith("--") or f'"{word}"' in text, f"{command}: {word}"
        assert command.script.parent.name != "examples" or command.script.stem in examples, command


def test_every_other_program_is_one_that_is_known() -> None:
    others = {
        command.words[0].rpartition("/")[2] or "."
        for command in COMMANDS
        if command.facestream is None and command.script is None
    }
    assert others == set(OTHERS)


def test_no_page_is_left_out() -> None:
    pages = {path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "commands"}
    assert pages <= set(PAGES)
