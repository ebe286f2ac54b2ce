"""Everything that docs/benchmarks.md tells, by one command: a table, JSON and plots.

    python benchmarks/suite.py --list
    python benchmarks/suite.py [--data FOLDER] [--out FOLDER] [--only NAME ...] [--again]
    python benchmarks/suite.py --quick [--only NAME ...]            does all of it work at all?

Each part is a script of this folder in a process of its own, one after the other: the machine should have
nothing else to do. --only takes names of parts and of groups. A part that fails is said, and the others go
on, but for those that need what it makes; the exit code is 1 then. A part that was measured by the same
arguments, on test data of the same names and sizes, is not measured again, so that what was interrupted by
Ctrl-C can go on; --again does.

FOLDER of --data holds the labelled clips, photos and models (docs/benchmarks.md), by default
FACESTREAM_TEST_DATA; parts that lack theirs are left out. OUT gets results.json, results.md, plots/, and for
each part parts/NAME.json and logs/NAME.log.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark_script import run_script
from machine import commit, machine_facts
from markdown_table import markdown_table
from suite_data import mark_of
from suite_parts import PARTS, Part, chosen
from suite_plots import draw
from suite_report import table, write_results
from suite_run import Outcome, run_part, skipped

_INTERRUPTED = 130


class Suite:
    """Runs parts into a folder.

    Args:
        data: Test data, if there is some.
        out: Where everything is written.
        quick: Whether small sizes will do.
        again: Whether what is there is measured again.
    """

    def __init__(self, data: Path | None, out: Path, *, quick: bool, again: bool) -> None:
        self._data, self._out, self._quick, self._again = data, out, quick, again
        self._mark = "" if data is None else mark_of(data)
        self._ran: dict[str, Outcome] = {}

    def run(self, parts: Sequence[Part]) -> None:
        """Run parts, one after the other."""
        for name in ("parts", "logs"):
            (self._out / name).mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(parts, 1):
            left = sum(one.minutes for one in parts[number - 1 :])
            ahead = "" if self._quick else f", about {part.minutes:g} min of {left:g} left"
            tell(f"[{number}/{len(parts)}] {part.name}: {part.about}{ahead}")
            self._ran[part.name] = self._outcome(part)

    def outcomes(self) -> list[Outcome]:
        """What this run and those before it came to, in the order of the parts."""
        found = (self._ran.get(part.name) or self._before(part) for part in PARTS)
        return [outcome for outcome in found if outcome is not None]

    def _path(self, part: Part) -> Path:
        return self._out / "parts" / f"{part.name}.json"

    def _before(self, part: Part) -> Outcome | None:
        """What a run before this one came to by the same arguments."""
        found = Outcome.read(self._path(part))
        if found is None or found.command != part.words(quick=self._quick):
            return None
        return found if found.data == self._data_of(part) else None

    def _data_of(self, part: Part) -> str:
        """A mark of the test data, where a part uses them."""
        return self._mark if part.uses_data(quick=self._quick) else ""

    def _outcome(self, part: Part) -> Outcome:
        before = self._before(part)
        if before and not self._again and before.state == "done":
            other = "" if before.machine["commit"] == commit() else f", of commit {before.machine['commit']}"
            tell(f"    there already{other}; --again measures anew")
            return before
        without = [name for name in part.after if self._ran[name].state != "done"]
        why = part.lacks(self._data) or (f"{', '.join(without)} came to nothing" if without else "")
        if why:
            tell(f"    left out: {why}")
            return skipped(part, why)
        outcome = run_part(part, self._data, self._out, _tick, quick=self._quick)
        outcome.data = self._data_of(part)
        if outcome.state == "failed":
            tell(f"    FAILED: {outcome.why}; {self._out / 'logs' / part.name}.log says more")
        else:
            tell(f"    {outcome.seconds:.0f} s")
        outcome.write(self._path(part))
        return outcome


def _tick(waited_s: float) -> None:
    if sys.stderr.isatty():
        print(f"    {waited_s:.0f} s", end="\r", file=sys.stderr, flush=True)


def tell(words: str) -> None:
    """Say how it gets on."""
    print(words, file=sys.stderr, flush=True)


def list_of(parts: Sequence[Part], data: Path | None) -> str:
    """What there is to measure."""
    rows = [
        {
            "part": part.name,
            "group": part.group,
            "minutes": f"{part.minutes:g}",
            "measures": part.about,
            "script": " ".join([part.script, part.arguments.replace("{data}/", "").replace("{out}/", "")]),
            "here": part.lacks(data) or "yes",
        }
        for part in parts
    ]
    return f"{markdown_table(rows)}\n\nAbout {sum(part.minutes for part in parts) / 60:.1f} h on two cores."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, tell and draw; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("FACESTREAM_TEST_DATA")
    parser.add_argument("--list", action="store_true", help="say what there is, and how long it takes")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="parts or groups")
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures mean nothing")
    parser.add_argument("--again", action="store_true", help="measure what is there already as well")
    parser.add_argument("--data", type=Path, default=Path(default) if default else None, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: benchmark-results[-quick]")
    args = parser.parse_args(arguments)
    try:
        parts = chosen(args.only)
    except KeyError as error:
        parser.error(f"no part and no group is called {error.args[0]!r}; --list names them")
    if args.list:
        print(list_of(parts, args.data))
        return 0
    out = (args.out or Path("benchmark-results-quick" if args.quick else "benchmark-results")).absolute()
    suite = Suite(args.data and args.data.absolute(), out, quick=args.quick, again=args.again)
    machine, interrupted = machine_facts(), False
    try:
        suite.run(parts)
    except KeyboardInterrupt:
        interrupted = True
        tell("\nInterrupted. The same command goes on with what is left.")
    outcomes = suite.outcomes()
    text = table(outcomes)
    write_results(out / "results.json", outcomes, machine, quick=args.quick)
    (out / "results.md").write_text(text + "\n", encoding="utf-8")
    plots = draw(outcomes, out / "plots", {part.name: part.group for part in PARTS})
    print(text)
    failed = [outcome.part for outcome in outcomes if outcome.state == "failed"]
    tell(f"\n{out / 'results.json'}, results.md and {len(plots)} plots.")
    if failed:
        tell(f"Failed: {', '.join(failed)}.")
    if interrupted:
        return _INTERRUPTED
    return 1 if failed else 0


if __name__ == "__main__":
    run_script(main)
