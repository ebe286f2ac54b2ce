"""Every guarantee names tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "guarantees.md").read_text()
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    """Rows of the tables, without their heads."""
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    return [line for line in lines if not line.startswith(("| what happens", "|---"))]


@cache
def names_in(path: str) -> frozenset[str]:
    """Names of the tests of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_each_guarantee_names_tests_that_there_are() -> None:
    assert rows()
    named = [found for row in rows() for found in _NAMED.findall(row.split("|")[3]) or [(row, "")]]
    for path, name in named:
        assert name, f"no test is named in {path}"
        assert (ROOT / path).is_file(), path
        assert name in names_in(path), f"{path} has no test {name}"
