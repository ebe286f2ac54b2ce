"""What sources are called where people read of them."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePath

_CAMERA = "c-"
_BY_URL = re.compile(r"c-url-[0-9a-f]{12}")


def is_camera(source_id: str) -> bool:
    """Whether a source is a camera."""
    return source_id.startswith(_CAMERA)


def full_name(source_id: str, path: str) -> str:
    """The path of a file, or the name of a camera; of one that was named by its URL alone, host and path.

    Args:
        source_id: The source.
        path: Of a file; of a camera its URL without what could be a secret.
    """
    if not is_camera(source_id):
        return path
    if path and _BY_URL.fullmatch(source_id):
        return path.partition("://")[2].rpartition("@")[2]
    return source_id.removeprefix(_CAMERA)


def camera_name(source_id: str, path: str) -> str:
    """The name of a camera, or empty for a file."""
    return full_name(source_id, path) if is_camera(source_id) else ""


def short_name(source_id: str, path: str) -> str:
    """The name of a file without its folder, or the name of a camera."""
    name = full_name(source_id, path)
    return name if is_camera(source_id) else PurePath(name).name


def names_apart(paths: Mapping[str, str]) -> dict[str, str]:
    """Short names that tell sources apart: of files of one name, with as many folders as that takes.

    Args:
        paths: Path of each source by its id, see `full_name`.

    Returns:
        The name of each by its id; with the id behind it where even the paths are the same, as of a file that
        was replaced.
    """
    names = {source_id: short_name(source_id, path) for source_id, path in paths.items()}
    folders = {i: PurePath(path).parts for i, path in paths.items() if not is_camera(i)}
    for count in itertools.count(2):
        alike = [ids for ids in _by_name(names) if len({paths[i] for i in ids}) > 1]
        longer = [i for ids in alike for i in ids if count <= len(folders.get(i, ()))]
        if not longer:
            break
        names |= {source_id: str(PurePath(*folders[source_id][-count:])) for source_id in longer}
    for ids in _by_name(names):
        names |= {source_id: f"{names[source_id]} ({source_id})" for source_id in ids if len(ids) > 1}
    return names


def _by_name(names: Mapping[str, str]) -> list[list[str]]:
    """Ids of sources that are called the same."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for source_id, name in names.items():
        ids[name].append(source_id)
    return list(ids.values())
