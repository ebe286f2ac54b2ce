"""What became of the files that people were seen in."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facestream.source_id import is_file_of
from storage.source_record import SourceRecord
from stream.errors import StreamError

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


class FileState(StrEnum):
    """What became of the file of a source.

    Attributes:
        THERE: It is where it was.
        OTHER: Something else is there now, which was processed as well.
        GONE: It is no longer in its folder.
        AWAY: Its folder isn't there either: it was deleted or moved, or a disk isn't mounted.
        NONE: There never was one: a camera.
    """

    THERE = "there"
    OTHER = "other content"
    GONE = "gone"
    AWAY = "folder away"
    NONE = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source with what became of its file.

    Attributes:
        source: The source.
        state: What became of it, as this machine sees it.
        people: How many people were seen in it.
    """

    source: SourceRecord
    state: FileState
    people: int

    @property
    def is_past(self) -> bool:
        """Whether what was seen in it can't be seen in any file of this folder any more."""
        return self.state in (FileState.GONE, FileState.OTHER)


def file_states(sources: Sequence[SourceRecord]) -> list[FileState]:
    """What became of the files of some sources.

    Whether a file is the one that was processed is looked at where two sources are known by one path; that
    one was edited since, and not processed again, is not noticed.
    """
    known = Counter(source.path for source in sources if source.kind != "camera")
    return [_state(source, shared=known[source.path] > 1) for source in sources]


def _state(source: SourceRecord, *, shared: bool) -> FileState:
    if source.kind == "camera":
        return FileState.NONE
    paths = list(_paths(source.path))
    for path in paths:
        # A folder in its place is not the file.
        if path.is_file():
            return FileState.THERE if not shared or _is_it(path, source.source_id) else FileState.OTHER
    return FileState.GONE if any(path.parent.is_dir() for path in paths) else FileState.AWAY


def _is_it(path: Path, source_id: str) -> bool:
    """Whether it is the file of a source; one that can't be read is no proof that it isn't."""
    try:
        return is_file_of(path, source_id)
    except StreamError:
        return True


def _paths(written: str) -> Iterable[Path]:
    """What a path may be that is kept as text, see `readable`: bytes that are no text are escaped in it."""
    yield Path(written)
    raw = written.encode()
    if _ESCAPED.search(raw):
        yield Path(os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)))
