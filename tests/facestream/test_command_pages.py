"""docs/commands/ says what --help says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from facestream.cli import _COMMANDS

_DOCS = Path(__file__).parents[2] / "docs"


def _pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("command_pages", _DOCS / "command_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


def test_every_command_has_a_page() -> None:
    assert {path.stem for path in (_DOCS / "commands").glob("*.md")} == {"README", *_COMMANDS}


@pytest.mark.parametrize("name", ["README", *_COMMANDS])
def test_the_page_of_a_command_is_what_its_help_says(name: str) -> None:
    page = (_DOCS / "commands" / f"{name}.md").read_text(encoding="utf-8")
    assert page == _pages()[f"{name}.md"], "run: python docs/command_pages.py"


def test_every_command_and_subcommand_comes_with_examples() -> None:
    for name, page in _pages().items():
        for section in page.split("\n```text\n")[1:]:
            assert "Example" in section, (name, section[:80])
