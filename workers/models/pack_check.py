"""Whether the files of a pack are the ones that its manifest names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from workers.models.build import built_path, file_sha256, is_intact
from workers.models.manifest import FILE_NAME, Manifest
from workers.models.model_file import file_problem

FileState = Literal["ok", "missing", "differs", "no checksum", "built", "not built yet", "damaged"]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of a pack, as it is now.

    Attributes:
        name: Its name.
        state: "ok", "missing", "differs" from its checksum, or "no checksum" where nobody states one. Of
            files that are built on first use: "built" and intact, "not built yet", or "damaged", and then
            built anew at the next use.
        sha256: Checksum of what is there, or None.
    """

    name: str
    state: FileState
    sha256: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the pack can be used as far as this file goes."""
        return self.state not in ("missing", "differs")


def plain_problem(folder: Path, manifest: Manifest, sizes_bytes: Mapping[str, int]) -> str | None:
    """What is plainly wrong with the files of a pack, found without reading all of them; None if nothing is.

    Args:
        folder: The pack.
        manifest: What it says of itself.
        sizes_bytes: Sizes by names of files, where they are known.

    Raises:
        OSError: If a file can't be read.
    """
    for name in manifest.sha256:
        path = folder / name
        if not path.is_file():
            return f"{path}: missing"
        size_bytes = path.stat().st_size
        if sizes_bytes.get(name, size_bytes) != size_bytes:
            return f"{path}: has {size_bytes:,} bytes, and not {sizes_bytes[name]:,}"
        problem = file_problem(path) if name in manifest.model_files else None
        if problem is not None:
            return f"{path}: {problem}"
    return None


def check_files(
    folder: Path, manifest: Manifest, cache: Path, published: Mapping[str, str] = MappingProxyType({})
) -> list[CheckedFile]:
    """Hash every file of a pack.

    Args:
        folder: The pack.
        manifest: What it says of itself.
        cache: Folder for models that are built on first use.
        published: Checksums by names of files that count more than those of the manifest.

    Raises:
        OSError: If a file can't be read.
    """
    checked = []
    # What was made of the files themselves says nothing of what they should be.
    stated = manifest.sha256 if (folder / FILE_NAME).is_file() else {}
    for name in manifest.sha256:
        expected = published.get(name, stated.get(name))
        path = folder / name
        if not path.is_file():
            checked.append(CheckedFile(name, "missing"))
            continue
        found = file_sha256(path)
        state: FileState = "ok" if found == expected else "differs"
        checked.append(CheckedFile(name, "no checksum" if expected is None else state, found))
    if manifest.build:
        target = built_path(manifest, cache)
        state = "built" if is_intact(target, manifest) else "damaged"
        if not target.exists():
            state = "not built yet"
        checked += [CheckedFile(step.file, state) for step in manifest.build]
    return checked
