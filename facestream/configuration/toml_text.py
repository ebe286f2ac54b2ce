"""TOML with the line that each key stands in, which Python's own reader does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


class TomlSyntaxError(ValueError):
    """A text is no TOML.

    Attributes:
        line: Where that shows, from 1.
        reason: What is wrong there.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TomlText:
    """A TOML document.

    Attributes:
        table: What it says.
        lines: The line, from 1, in which each key and each header of a table begins, by the path of its
            names. What lies inside of an array has the line of that array.
    """

    table: Mapping[str, Any]
    lines: Mapping[Path, int]

    @classmethod
    def parse(cls, text: str) -> TomlText:
        """Read a document.

        Raises:
            TomlSyntaxError: If it is not TOML.
        """
        text = text.replace("\r\n", "\n")
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            said = str(error)
            at = _AT_LINE.search(said)
            last = text.rstrip().count("\n") + 1
            line = int(at[1]) if at and at[1] else last
            raise TomlSyntaxError(line, _AT_LINE.sub("", said)) from None
        except RecursionError:
            raise TomlSyntaxError(1, "Nested too deeply") from None
        return cls(table, dict(_key_lines(text)))


def lines_in_array(text: str, name: str) -> list[dict[str, int]]:
    """Where the tables of an array of tables `[[name]]` stand in a valid document.

    Returns:
        For each table the line of its header, as "", and of each of its keys.
    """
    found: list[dict[str, int]] = []
    inside = False
    for line, statement in _statements(text.replace("\r\n", "\n")):
        said = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            inside = said == {name: [{}]}
            if inside:
                found.append({"": line})
        elif inside:
            for key in said:
                found[-1].setdefault(key, line)
    return found


def _key_lines(text: str) -> Iterator[tuple[Path, int]]:
    """The lines of all keys of a valid document, the first one of each."""
    header: Path = ()
    seen: set[Path] = set()
    for line, statement in _statements(text):
        said = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            paths = list(_paths(said))
            header = paths[-1]
        else:
            paths = [header + path for path in _paths(said)]
        for path in paths:
            if path not in seen:
                seen.add(path)
                yield path, line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and key-value pairs with the lines that they begin in.

    A pair ends with a line, and the lines before that are no TOML by themselves: so what is, is complete.
    """
    begun: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        begun.append(line)
        statement = "\n".join(begun)
        try:
            said = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if said:
            yield number - len(begun) + 1, statement
        begun.clear()


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of all keys of a table, outer ones before those in them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from _paths(inner, (*path, name))
