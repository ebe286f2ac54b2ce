"""Tables that are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as a Markdown table, with the keys of the first as its head; None is "-"."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [["-" if row.get(name) is None else str(row[name]) for name in names] for row in rows]
    lines = [names, ["---"] * len(names), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
