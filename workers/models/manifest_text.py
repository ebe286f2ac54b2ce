"""Manifests as TOML text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workers.models.manifest import FILE_NAME, Manifest

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a pack's manifest; `read_manifest` reads the same one back.

    Raises:
        OSError: If it can't be written.
    """
    (folder / FILE_NAME).write_text(manifest_toml(manifest), encoding="utf-8")


def manifest_toml(manifest: Manifest) -> str:
    """A manifest as TOML: what is not said in it is left out."""
    content = manifest.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)
    if manifest.licence.commercial_use is None:
        content["licence"]["commercial_use"] = "unknown"
    return "\n".join(_table(content, ())) + "\n"


def _table(content: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {name: value for name, value in content.items() if isinstance(value, dict) and value}
    lists = {name: value for name, value in content.items() if _is_list_of_tables(value)}
    for name, value in content.items():
        if name not in inner and name not in lists and value != {}:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in inner.items():
        yield f"\n[{'.'.join(map(_key, (*path, name)))}]"
        yield from _table(value, (*path, name))
    for name, entries in lists.items():
        for entry in entries:
            yield f"\n[[{'.'.join(map(_key, (*path, name)))}]]"
            yield from _table(entry, (*path, name))


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # TOML's basic strings are JSON's, but for DEL, which JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
