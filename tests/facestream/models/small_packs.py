"""Packs of small models, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_runs import Done

Here = Callable[..., Done]

FREE = ("det.onnx", "rec.onnx")


def names_in(folder: Path) -> set[str]:
    return (
        {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if folder.exists()
        else set()
    )


def listed(here: Here) -> dict[str, dict[str, Any]]:
    return {pack["name"]: pack for pack in here("models", "list", "--json").json()}
