"""What a person gets who clones or installs: metadata, files, documents."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

import facestream
from facestream.cli import cli

ROOT = Path(__file__).parents[1]
OURS = ("facestream", "stream", "workers", "storage")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "howto").glob("*.md")]

# Where they are imported under another name than they are installed under.
MODULES = {
    "opencv-python": "cv2",
    "pillow": "PIL",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
# The client of Redis uses the one, joblib another for compressed weights, Starlette the third for forms; we
# import none of them.
UNSEEN = {"hiredis", "lz4", "python_multipart"}
# Paths that a program may well name: our runtime folder, and pieces of examples.
ALLOWED_PATHS = ("/tmp/facestream-", "/tmp/demo")


@cache
def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def names(requirements: list[str]) -> set[str]:
    """Names of distributions, as they are written normally."""
    return {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower().replace("_", "-") for text in requirements}


def declared_modules() -> set[str]:
    return modules_of(project()["dependencies"])


def modules_of(requirements: list[str]) -> set[str]:
    return {MODULES.get(name, name.replace("-", "_")) for name in names(requirements)}


def extras(*wanted: str) -> list[str]:
    return [text for name in wanted for text in project()["optional-dependencies"][name]]


def our_files(ending: str) -> Iterator[Path]:
    for package in OURS:
        yield from sorted((ROOT / package).rglob(f"*{ending}"))


@cache
def trees() -> dict[Path, ast.Module]:
    """Our files, parsed."""
    return {path: ast.parse(path.read_text()) for path in our_files(".py")}


def imported_modules() -> dict[str, Path]:
    """Top-level modules that our packages import, with a file that does."""
    found: dict[str, Path] = {}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                modules = [node.module or ""]
            else:
                continue
            found |= {module.partition(".")[0]: path for module in modules}
    return found


def named_modules() -> set[str]:
    """Modules whose files our packages look for without importing them: strings in code and manifests."""
    strings = {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    manifests = " ".join(path.read_text() for path in our_files(".toml"))
    return strings | set(re.findall(r'^package = "(\w+)"', manifests, re.MULTILINE))


def tracked_files() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not in a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def options_of(command: click.Command) -> set[str]:
    options = {"--help", "-h", "--version"}
    options |= {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            options |= options_of(inner)
    return options


# Packages and metadata


def test_what_is_imported_is_declared() -> None:
    foreign = {
        module: path
        for module, path in imported_modules().items()
        if module not in OURS and module not in sys.stdlib_module_names
    }
    # What is installed only if somebody asks for it is imported in one place, which asks whether it is there.
    optional = dict.fromkeys(modules_of(extras("heic")), ROOT / "stream/heif.py")
    assert {module: path for module, path in foreign.items() if module not in declared_modules()} == optional


def test_what_is_declared_is_used() -> None:
    unused = declared_modules() - set(imported_modules()) - named_modules() - UNSEEN
    assert unused == set()


def test_installed_metadata_is_that_of_the_project() -> None:
    installed = importlib.metadata.metadata("facestream")
    required = importlib.metadata.requires("facestream") or []
    plain = [text for text in required if "extra ==" not in text]
    assert names(plain) == names(project()["dependencies"])
    everything = extras(*project()["optional-dependencies"])
    assert names([t for t in required if "extra ==" in t]) == names(everything)
    assert installed["Name"] == "facestream"
    assert installed["Requires-Python"] == project()["requires-python"]


def test_the_command_is_installed_and_leads_to_main() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="facestream")
    assert script.value == project()["scripts"]["facestream"]
    assert callable(script.load())


def test_there_is_one_version() -> None:
    assert facestream.__version__ == project()["version"] == importlib.metadata.version("facestream")


def test_packages_that_say_typed_carry_the_marker() -> None:
    assert "Typing :: Typed" in project()["classifiers"]
    assert [package for package in OURS if not (ROOT / package / "py.typed").is_file()] == []


def test_every_folder_of_code_is_a_package() -> None:
    assert [path for path in our_files(".py") if not (path.parent / "__init__.py").is_file()] == []


def test_the_interpreter_is_one_that_the_project_supports() -> None:
    oldest = tuple(map(int, project()["requires-python"].removeprefix(">=").split(".")))
    assert sys.version_info >= oldest
    assert f"Programming Language :: Python :: {oldest[0]}.{oldest[1]}" in project()["classifiers"]


def test_names_of_test_files_are_unique() -> None:
    # Without packages among the tests, two files of one name would be one module.
    files = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(files) == sorted(set(files))


# Documents


def test_the_readme_installs_in_exactly_two_lines() -> None:
    lines = re.findall(r"^\$ (python3 -m venv .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(lines) == 2
    assert lines[0].endswith("facestream demo")
    assert lines[1].endswith("pytest")
    assert all("pip install" in line for line in lines)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_are_there(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, heading = target.partition("#")
        path = (document.parent / name) if name else document
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert heading in slugs, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_figure_is_still_to_be_filled_in(document: Path) -> None:
    assert re.findall(r"@[A-Z0-9]+@", document.read_text()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_options_that_are_named_exist(document: Path) -> None:
    known = options_of(cli)
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document.read_text(), re.DOTALL))
    named: set[str] = set()
    # Of our own command lines, and options that stand by themselves.
    for line in code.splitlines():
        if re.search(r"\bfacestream [a-z]", line) or re.match(r"`--", line):
            ours = line.partition("facestream ")[2] or line
            named |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", ours))
    assert named - known == set()


def test_commands_that_the_readme_shows_exist() -> None:
    shown = set(re.findall(r"^\$ facestream ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {"run", "people", "export", "redis"} <= shown
    assert shown - set(cli.list_commands(click.Context(cli))) == set()


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_no_paths_of_the_machine_it_was_made_on() -> None:
    # Written in two pieces, so that this file does not find itself.
    machine = re.compile("/" + r"(?:tmp|work|home|root|Users)/[\w.<{-]+")
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            (path.name, match)
            for match in machine.findall(text)
            if not match.startswith(ALLOWED_PATHS) and not re.match(r"/home/(ada|me|you|user)", match)
        ]
    assert found == []


def test_no_file_is_large() -> None:
    assert [path.name for path in tracked_files() if path.stat().st_size > 500_000] == []
