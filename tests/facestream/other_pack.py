"""A second model pack: the built-in one with the colours in another order, which makes other vectors."""

from __future__ import annotations

import shutil
from pathlib import Path

from workers.models.manifest import FILE_NAME
from workers.models.pack import find_pack

MODEL_ID = "turned-v1"


def other_pack(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the pack `turned`, whose vectors are as long as those of `open` and mean something else.

    Args:
        folder: Where to; not there yet.
        changes: What else is replaced in its manifest, and with what.
    """
    folder.mkdir()
    built_in = find_pack("open")
    shutil.copy(built_in / "calibration.npz", folder)
    text = (built_in / FILE_NAME).read_text()
    for old, new in (
        ('name = "open"', 'name = "turned"'),
        ('model_id = "dlib-resnet29-v1"', f'model_id = "{MODEL_ID}"'),
        ('colours = "rgb"', 'colours = "bgr"'),
        ("commercial_use = true", "commercial_use = false"),
        *changes,
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / FILE_NAME).write_text(text)
    return folder
