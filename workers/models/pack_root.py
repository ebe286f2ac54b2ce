"""Folders of packs: the models folder, and the model root of InsightFace."""

from __future__ import annotations

from pathlib import Path

from workers.models.manifest import FILE_NAME
from workers.models.pack_archive import MODEL_ENDING
from workers.models.pack_store import is_pack_name


def insightface_root() -> Path:
    """Where the library insightface keeps its packs unless it is told otherwise: `~/.insightface/models`."""
    return Path.home() / ".insightface" / "models"


def pack_in(root: Path, name: str) -> Path | None:
    """The folder of a pack below a folder of packs, or None.

    Args:
        root: The folder of packs, which need not be there.
        name: Name of the pack, which is the name of its folder.
    """
    if not is_pack_name(name):
        return None
    # InsightFace unpacks zip files that have a folder in them into one more of the same name.
    for folder in (root / name, root / name / name):
        if _is_pack(folder):
            return folder
    return None


def packs_in(root: Path) -> list[str]:
    """Names of the packs below a folder of packs."""
    try:
        return sorted(path.name for path in root.iterdir() if pack_in(root, path.name) is not None)
    except OSError:
        return []


def _is_pack(folder: Path) -> bool:
    try:
        return (folder / FILE_NAME).is_file() or any(
            path.name.lower().endswith(MODEL_ENDING) for path in folder.iterdir()
        )
    except OSError:
        return False
