"""Write docs/commands/: a page for each command, from what its --help says.

    python docs/command_pages.py

A test fails while the pages are not what this writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from facestream.cli import cli

FOLDER = Path(__file__).parent / "commands"
_WIDTH = 100
_NOTE = "<!-- Written by docs/command_pages.py from --help. Change the command, not this page. -->\n"


def pages() -> dict[str, str]:
    """Text of each page by its file name."""
    # With the settings of real use: click keeps the help option that a command has first.
    settings = {**cli.context_settings, "terminal_width": _WIDTH}
    root = click.Context(cli, info_name="facestream", **settings)
    found = {}
    lines = []
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None
        sections = [_section(*part) for part in _with_subcommands(command, root, name)]
        found[f"{name}.md"] = "\n".join([_NOTE, *sections])
        lines.append(f"- [facestream {name}]({name}.md): {command.get_short_help_str(200)}\n")
    overview = _section(cli, root, "#")
    found["README.md"] = "\n".join([_NOTE, overview, "".join(lines)])
    return found


def _with_subcommands(
    command: click.Command, parent: click.Context, name: str, mark: str = "#"
) -> Iterator[tuple[click.Command, click.Context, str]]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH)
    yield command, context, mark
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            subcommand = command.get_command(context, inner)
            assert subcommand is not None
            yield from _with_subcommands(subcommand, context, inner, mark + "#")


def _section(command: click.Command, context: click.Context, mark: str) -> str:
    return f"{mark} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"


def main() -> None:
    """Write the pages, and delete those of commands that are no more."""
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
