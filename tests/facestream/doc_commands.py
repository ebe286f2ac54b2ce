"""Shell commands that the documents show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "howto").glob("*.md")),
]
_FENCE = re.compile(r"^( *)```(console|sh|bash)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
# What stands between two commands of a line, or before a file.
_BETWEEN = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"\w+=")
# They run a command in a container of ours, whose name is that of the program.
_CONTAINERS = ("docker", "kubectl")


@dataclass(frozen=True)
class ShellCommand:
    """One command of a line that a page shows.

    Attributes:
        page: Where, from the root of the repository.
        line: Which line of it, from 1.
        words: The program and what it gets, without assignments before it.
    """

    page: str
    line: int
    words: tuple[str, ...]

    @property
    def facestream(self) -> tuple[str, ...] | None:
        """Words behind `facestream`, if it is one of ours, be it in a container."""
        program = self.words[0].rpartition("/")[2]
        if program == "facestream":
            return self.words[1:]
        if program in _CONTAINERS and {"run", "exec"} & set(self.words) and "facestream" in self.words:
            last = len(self.words) - self.words[::-1].index("facestream")
            return self.words[last:]
        return None

    @property
    def script(self) -> Path | None:
        """The script of ours that Python is to run."""
        if self.words[0].rpartition("/")[2] == "python" and self.words[1].startswith(
            ("examples/", "benchmarks/", "docs/")
        ):
            return ROOT / self.words[1]
        return None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {shlex.join(self.words)}"


def shell_commands(pages: list[Path] = PAGES) -> Iterator[ShellCommand]:
    """Every command of every line that begins with `$`, or of a block of a shell's own."""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for fence in _FENCE.finditer(text):
            first = text.count("\n", 0, fence.start(3)) + 1
            # A line that ends with a backslash goes on.
            block = fence[3].replace("\\\n", "  ")
            for number, line in enumerate(block.split("\n")):
                shown = line.strip()
                if fence[2] == "console":
                    if not shown.startswith("$ "):
                        continue
                    shown = shown.removeprefix("$ ")
                for words in _commands_of(shown):
                    yield ShellCommand(page.relative_to(ROOT).as_posix(), first + number, words)


def _commands_of(line: str) -> Iterator[tuple[str, ...]]:
    # Comments, and what another command writes for this one.
    line = re.sub(r"(?:^|\s)#\s.*|<\([^)]*\)", "", line)
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    words.commenters = ""
    found: list[str] = []
    # A file behind < or > is no program.
    redirected = False
    for word in [*words, ";"]:
        if _BETWEEN.fullmatch(word):
            if found and not redirected:
                yield tuple(found)
            found, redirected = [], "<" in word or ">" in word
        elif found or not _ASSIGNMENT.match(word):
            found.append(word)
