"""Reads a settings file: all that is wrong with it is found, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from facestream.configuration.settings import expanded
from facestream.configuration.settings_problem import Origin, Problem
from facestream.configuration.settings_schema import SettingsTables, accepts, fields, is_secret, tables
from facestream.configuration.toml_text import TomlSyntaxError, TomlText
from facestream.errors import SettingsError
from storage.redaction import redact_url

_LARGEST_BYTES = 1 << 16
_LONGEST_SHOWN = 60
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Taken as they lie, relative to the file.
_PATHS = ("data_dir", "cache_dir")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file without faults.

    Attributes:
        table: What it says, with paths made absolute. May hold secrets.
        origins: Where each key stands, those of tables as `camera.fps`.
    """

    table: Mapping[str, Any]
    origins: Mapping[str, Origin]

    @classmethod
    def read(cls, path: Path) -> SettingsFile:
        """Read and check a file.

        Raises:
            SettingsError: With all that is wrong.
        """
        return cls.parse(path, settings_text(path))

    @classmethod
    def parse(cls, path: Path, text: str) -> SettingsFile:
        """Check what a file says.

        Raises:
            SettingsError: With all that is wrong.
        """
        try:
            document = TomlText.parse(text)
        except TomlSyntaxError as error:
            raise SettingsError(
                [Problem(Origin(path, error.line), f"this is not TOML: {_lowered(error.reason)}.")]
            ) from None
        problems = [*_unknown(path, document), *_wrong(path, document)]
        if problems:
            raise SettingsError(sorted(problems, key=lambda problem: problem.origin.line or 0))
        table = dict(document.table)
        for name in _PATHS:
            if name in table:
                table[name] = str(path.absolute().parent / expanded(table[name]))
        origins = {key: Origin(path, document.lines[tuple(key.split("."))]) for key in _keys(table)}
        return cls(table, origins)


def settings_text(path: Path) -> str:
    """The text of a file that is to be TOML; SettingsError if it can't be read."""
    whole = Origin(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except IsADirectoryError:
        raise SettingsError([Problem(whole, "this is a folder; name the file in it.")]) from None
    except FileNotFoundError:
        raise SettingsError([Problem(whole, "there is no such file.")]) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no such path"
        raise SettingsError([Problem(whole, f"can't be read: {_lowered(reason)}.")]) from error
    if len(content) > _LARGEST_BYTES:
        raise SettingsError([Problem(whole, "this is too large (over 64 KiB).")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = "this is not UTF-8 text; save the file in that encoding."
        raise SettingsError([Problem(Origin(path, line), said)]) from None


def _unknown(path: Path, document: TomlText) -> Iterator[Problem]:
    """Keys that are no settings; what lies inside an unknown table is not said again."""
    for name, value in document.table.items():
        inside = isinstance(value, dict) and name in tables()
        for names in [(name, inner) for inner in value] if inside else [(name,)]:
            key = ".".join(names)
            # A name in quotes may hold a dot.
            if "." in name or key not in (*fields(), *tables()):
                origin = Origin(path, document.lines[names])
                yield Problem(origin, _unknown_key(names, is_table=isinstance(value, dict) and not inside))


def _unknown_key(names: tuple[str, ...], *, is_table: bool = False) -> str:
    """That there is no such setting, and what may have been meant."""
    # Late: the doctor reads settings also where another package is in the place of `workers`.
    from workers.models.near_name import nearest

    # What somebody pasted into the wrong place may be a secret, and is no word.
    shown = ".".join(name if _WORD.fullmatch(name) else "***" for name in names)
    what = f"there is no table [{shown}]" if is_table else f"there is no setting {shown}"
    if is_table:
        like = nearest(names[-1], tables())
        return f"{what}; did you mean [{like}]?" if like else f"{what}. There are {_listed(tables())}."
    like = _meant(".".join(names[:-1]), names[-1])
    if like is None:
        return f"{what}. docs/settings.md has all of them."
    table, _, last = like.rpartition(".")
    if table == ".".join(names[:-1]):
        return f"{what}; did you mean {last}?"
    return f"{what}; did you mean {last} {f'in [{table}]' if table else 'outside of any table'}?"


def _meant(table: str, name: str) -> str | None:
    """The setting that is most likely meant: of its table, of that name, or of nearly that one."""
    from workers.models.near_name import nearest

    by_name = {key.rpartition(".")[2]: key for key in reversed(fields())}
    here = {key.rpartition(".")[2]: key for key in fields() if key.rpartition(".")[0] == table}
    if like := nearest(name, here):
        return here[like]
    like = name if name in by_name else nearest(name, by_name)
    return None if like is None else by_name[like]


def _wrong(path: Path, document: TomlText) -> Iterator[Problem]:
    try:
        # Strictly: a file says 5 and not "5", and true is no number.
        SettingsTables.model_validate(document.table, strict=True)
    except ValidationError as error:
        for key, said in wrong_values(error):
            yield Problem(Origin(path, document.lines[tuple(key.split("."))]), said)


def wrong_values(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The keys of which the value is wrong, and how."""
    told = set()
    # Without pydantic's own texts, which know nothing of secrets.
    for item in error.errors(include_url=False, include_context=True):
        location = [str(part) for part in item["loc"]]
        key = ".".join(location[:2]) if location[0] in tables() else location[0]
        if key in told:
            continue
        told.add(key)
        if item["type"] == "value_error" and key in tables():
            yield key, f"[{key}] {item['ctx']['error']}."
        elif key in tables():
            yield key, f"{key} must be a table: [{key}] with its settings below."
        else:
            written = "" if is_secret(key) else f", not {_shown(item['input'])}"
            yield key, f"{key} must be {accepts(key)}{written}."


def _shown(value: Any) -> str:
    """A wrong value, masked where it could be a URL with a password."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        return "a table" if isinstance(value, dict) else "an array" if isinstance(value, list) else "a time"
    if "://" in value or "@" in value:
        value = redact_url(value)
    if len(value) > _LONGEST_SHOWN:
        value = f"{value[:_LONGEST_SHOWN]}..."
    return json.dumps(value, ensure_ascii=False)


def _keys(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in value)
        else:
            yield name


def _listed(names: Iterable[str]) -> str:
    *others, last = (f"[{name}]" for name in names)
    return f"{', '.join(others)} and {last}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
