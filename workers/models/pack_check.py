"""Whether the files of a pack are the ones that its manifest names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workers.models.build import built_path, file_sha256, is_intact
from workers.models.manifest import Manifest

FileState = Literal["ok", "missing", "differs", "built", "not built yet", "damaged"]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of a pack, as it is now.

    Attributes:
        name: Its name.
        state: "ok", "missing", or "differs" from the manifest's checksum. Of files that are built on first
            use: "built" and intact, "not built yet", or "damaged", and then built anew at the next use.
        sha256: Checksum of what is there, or None.
    """

    name: str
    state: FileState
    sha256: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the pack can be used as far as this file goes."""
        return self.state not in ("missing", "differs")


def check_files(folder: Path, manifest: Manifest, cache: Path) -> list[CheckedFile]:
    """Hash every file of a pack.

    Args:
        folder: The pack.
        manifest: What it says of itself.
        cache: Folder for models that are built on first use.

    Raises:
        OSError: If a file can't be read.
    """
    checked = []
    for name, expected in manifest.sha256.items():
        path = folder / name
        if not path.is_file():
            checked.append(CheckedFile(name, "missing"))
            continue
        found = file_sha256(path)
        checked.append(CheckedFile(name, "ok" if found == expected else "differs", found))
    if manifest.build:
        target = built_path(manifest, cache)
        state: FileState = "built" if is_intact(target, manifest) else "damaged"
        if not target.exists():
            state = "not built yet"
        checked += [CheckedFile(step.file, state) for step in manifest.build]
    return checked
