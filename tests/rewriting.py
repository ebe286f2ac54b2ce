"""Test files with their asserts rewritten, by each worker of pytest-xdist its share.

Every worker loads every test file. To rewrite asserts takes most of that time, and those that begin together
never find what another one has written.
"""

from __future__ import annotations

import contextlib
import sys
import types

import pytest


def rewrite_share(config: pytest.Config, share: int, shares: int) -> None:
    """Write the bytecode of every `shares`-th test file where pytest looks for it.

    It is written even where PYTHONDONTWRITEBYTECODE says that imports write none.

    Args:
        config: Of a session that has not collected anything.
        share: Which part of the files, from 0.
        shares: How many parts there are.
    """
    hook = config.pluginmanager.rewrite_hook
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        for path in sorted((config.rootpath / "tests").rglob("test_*.py"))[share::shares]:
            spec = hook.find_spec(path.stem, [str(path.parent)])
            assert spec is not None
            module = types.ModuleType(path.stem)
            module.__spec__ = spec
            # Without `__import__` the file ends at its first line: it is run when it is collected.
            module.__dict__["__builtins__"] = {}
            # What is wrong with it is told then, too.
            with contextlib.suppress(ImportError, SyntaxError):
                hook.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes_none
