"""A command of facestream that ends when the first frame has been looked at: `python first_look.py WORDS...`.

It prints the Unix time of that. Nothing is loaded before the command loads it by itself.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from facestream.__main__ import main

_FOLLOWER = "workers.source_follower"


class Watchful(importlib.machinery.SourceFileLoader):
    """Loads the follower of sources, and has it tell of the first look."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, and put the end of this process behind a look."""
        super().exec_module(module)
        look = module.SourceFollower.look

        def looked(follower: Any, *arguments: Any) -> NoReturn:
            look(follower, *arguments)
            print(f"first look at {time.time()!r}", flush=True)
            os._exit(0)

        module.SourceFollower.look = looked


class Finder(importlib.abc.MetaPathFinder):
    """Finds the follower of sources, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """As `importlib` asks."""
        if fullname != _FOLLOWER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = Watchful(fullname, spec.origin)
        return spec


if __name__ == "__main__":
    sys.meta_path.insert(0, Finder())
    main(sys.argv[1:])
