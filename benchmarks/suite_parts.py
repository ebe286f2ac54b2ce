"""What the suite measures: the parts of suite.toml, which are scripts of this folder."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """One script that the suite runs.

    Attributes:
        name: What it is called on the command line, in tables and in docs/benchmarks.md.
        group: What it belongs to.
        about: What it measures.
        script: File in this folder.
        arguments: Its arguments; `{data}` is the folder of test data and `{out}` that of the results.
        quick: The same, small.
        minutes: About how long it takes on two cores.
        needs: What it needs below `{data}`.
        programs: Programs that it needs on the PATH.
        after: Names of parts whose output it needs.
    """

    name: str
    group: str
    about: str
    script: str
    arguments: str
    quick: str
    minutes: float
    needs: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def words(self, *, quick: bool) -> list[str]:
        """The script and its arguments, whose folders stand in braces."""
        return [self.script, *(self.quick if quick else self.arguments).split()]

    def uses_data(self, *, quick: bool) -> bool:
        """Whether test data count for it, by themselves or by what other parts make of them."""
        return bool(self.after) or any("{data}" in word for word in self.words(quick=quick))

    def command(self, data: Path | None, out: Path, *, quick: bool) -> list[str]:
        """The script and its arguments, without Python and without --json."""
        script, *words = self.words(quick=quick)
        return [str(Path(__file__).parent / script), *(w.format(data=data, out=out) for w in words)]

    def lacks(self, data: Path | None) -> str:
        """Why it can't run here; empty if it can."""
        if self.needs and data is None:
            return f"needs {', '.join(self.needs)}: name a folder by --data"
        missing = [name for name in self.needs if data is not None and not (data / name).exists()]
        if missing:
            return f"{data} lacks {', '.join(missing)}"
        absent = [name for name in self.programs if shutil.which(name) is None]
        return f"{', '.join(absent)} not on the PATH" if absent else ""


def _parts() -> Iterator[Part]:
    for name, facts in tomllib.loads(Path(__file__).with_name("suite.toml").read_text("utf-8")).items():
        lists: dict[str, Any] = {key: tuple(facts.pop(key, ())) for key in ("needs", "programs", "after")}
        yield Part(name=name, **facts, **lists)


PARTS: tuple[Part, ...] = tuple(_parts())


def chosen(names: Sequence[str], parts: Sequence[Part] = PARTS) -> list[Part]:
    """Parts of these names or groups, all of them for none, with those that they need, in their order.

    Raises:
        KeyError: If there is no part and no group of a name.
    """
    wanted: set[str] = set()
    for name in names or {part.group for part in parts}:
        found = {part.name for part in parts if name in (part.name, part.group)}
        if not found:
            raise KeyError(name)
        wanted |= found
    while True:
        more = {name for part in parts if part.name in wanted for name in part.after} - wanted
        if not more:
            return [part for part in parts if part.name in wanted]
        wanted |= more
