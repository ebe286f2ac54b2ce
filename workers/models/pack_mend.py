"""What to do about a file of a pack that is missing or damaged."""

from __future__ import annotations

from pathlib import Path

from workers.models.catalogue import known_packs


def get_again(path: Path, pack: str = "") -> str:
    """How to get a file again: the command where its pack can be pulled.

    Args:
        path: The file.
        pack: Name of its pack; by default that of the folder that it lies in.
    """
    known = known_packs().get(pack or path.parent.name)
    if known is not None and known.pullable:
        return f"Get it again: {known.pull_command}"
    return f"Get {path.name} again from where the pack comes from, and put it into {path.parent}."
