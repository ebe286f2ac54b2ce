"""What is wrong with a manifest, in sentences: which key, what of it, and what it must be."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from workers.models.manifest_parts import (
    FILE_NAME_PATTERN,
    ID_PATTERN,
    MODULE_PATTERN,
    NAME_PATTERN,
    SHA256_PATTERN,
    WEIGHTS_PATTERN,
)
from workers.models.near_name import nearest

_LONGEST_SHOWN = 60
_BARE_KEY = re.compile(r"[\w-]+")
_PATTERNS = {
    FILE_NAME_PATTERN: "the name of a file in the pack's folder, without folders",
    NAME_PATTERN: "letters, digits, _, - and dots alone",
    ID_PATTERN: "letters, digits, _, -, dots and colons alone",
    MODULE_PATTERN: "the name of a Python package that is installed, of letters, digits and _",
    WEIGHTS_PATTERN: "a path inside the package, without .. and without / in front",
    SHA256_PATTERN: "a SHA-256: 64 digits and letters from a to f, as sha256sum prints it",
}
# How pydantic's names of what is wrong with a type begin.
_KINDS = {
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "finite_number": "a number, and neither inf nor nan",
    "tuple": "a list, in brackets",
    "model": "a section: its name in brackets, its keys below",
    "dict": "a section: its name in brackets, its keys below",
}
_BOUNDS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "text, and not empty",
    "string_too_long": "text of {max_length} characters at most",
}


def manifest_problems(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Each thing that is wrong, once.

    Args:
        error: What pydantic found.
        model: What was to be read.
    """
    yield from dict.fromkeys(_problem(item, model) for item in error.errors(include_url=False))


def _problem(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, facts, value, place = item["type"], item.get("ctx", {}), item["input"], list(item["loc"])
    tag = ""
    if place[:1] == ["detector"] and len(place) > 1:
        # Between the section and the key stands which kind of detector it is.
        tag = place.pop(1)
    if kind == "union_tag_not_found":
        return _missing([*place, "decoding"], [])
    if kind == "union_tag_invalid":
        return _wrong([*place, "decoding"], f"one of {facts['expected_tags']}", facts["tag"])
    if kind == "missing":
        within = place[:-1] if isinstance(place[-1], int) else place
        return _missing(place, _types_at(model, within, tag))
    if kind == "extra_forbidden":
        return _unknown(place, _types_at(model, place[:-1], tag))
    if kind == "value_error":
        return str(facts["error"])
    if kind == "too_long":
        return f"{_key(place)} must have {facts['max_length']} values, not {facts['actual_length']}"
    if place[-1] == "commercial_use":
        return _wrong(place, 'true, false or "unknown"', value)
    return _wrong(place, _expected(kind, facts) or f"another value ({item['msg']})", value)


def _expected(kind: str, facts: Mapping[str, Any]) -> str:
    """What a value must be; empty where there are no words for it."""
    if kind == "literal_error":
        return str(facts["expected"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(facts["pattern"], "")
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(
            **{name: f"{fact:g}" if isinstance(fact, float) else fact for name, fact in facts.items()}
        )
    return next((words for name, words in _KINDS.items() if kind.startswith(name)), "")


def _wrong(place: Sequence[str | int], expected: str, value: Any) -> str:
    if place[-1] == "[key]":
        return f"a key of [{_key(place[:-2])}] must be {expected}: {_shown(place[-2])}"
    return f"{_key(place)} must be {expected}: {_shown(value)}"


def _missing(place: Sequence[str | int], types_there: Sequence[Any]) -> str:
    if isinstance(place[-1], int):
        length = len(get_args(types_there[0])) if types_there else 0
        return f"{_key(place[:-1])} must have {length} values, and has {place[-1]}"
    if any(map(_is_model, types_there)):
        return f"the section [{_key(place)}] is missing"
    return f"{_key(place)} is missing"


def _unknown(place: Sequence[str | int], types_there: Sequence[Any]) -> str:
    known = [key for part in types_there if _is_model(part) for key in _fields(part)]
    name = str(place[-1])
    section = _key(place[:-1])
    where = f" in {section if ' ' in section else f'[{section}]'}" if section else ""
    said = f"there is no key {_shown(name)}{where}"
    like = nearest(name, known)
    return f"{said}; did you mean {_shown(like)}?" if like else f"{said}; there are {', '.join(known)}"


def _types_at(model: type[BaseModel], place: Sequence[str | int], tag: str) -> list[Any]:
    """Types of what stands at a place; of detectors, that of the kind that the manifest says."""
    found: list[Any] = [model]
    for step in place:
        found = [part for each in found for part in _inside(each, step)]
    tagged = [part for part in found if _is_model(part) and tag in _tags(part)]
    return tagged or found


def _inside(part: Any, step: str | int) -> list[Any]:
    if _is_model(part):
        return _plain(_fields(part).get(str(step)))
    inner = get_args(part)
    if get_origin(part) is tuple and isinstance(step, int):
        return _plain(inner[0] if inner[-1] is ... or step >= len(inner) else inner[step])
    return _plain(inner[-1]) if get_origin(part) is dict else []


def _plain(annotation: Any) -> list[Any]:
    """What an annotation allows, apart from bounds and None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if isinstance(annotation, types.UnionType):
        return [part for each in get_args(annotation) for part in _plain(each)]
    return [] if annotation in (None, types.NoneType) else [annotation]


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _fields(part: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in part.model_fields.items()}


def _tags(part: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(_fields(part).get("decoding"))


def _key(place: Sequence[str | int]) -> str:
    """A key as a person says it; entries of lists count from 1."""
    words, entries = "", False
    for part in place:
        if isinstance(part, int):
            words, entries = f"entry {part + 1} of {words}", True
        elif entries:
            words = f"{part} of {words}"
        else:
            shown = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            words = f"{words}.{shown}" if words else shown
    return words


def _shown(value: Any) -> str:
    """A value of the file, in short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, (int, float, str)):
        text = repr(value)
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return "a date or time"
