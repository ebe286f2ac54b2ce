"""What became of the files that people were seen in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facestream.readable_path import paths_of
from facestream.recorded.source_id import is_file_of
from storage.source_record import SourceRecord
from stream.errors import StreamError


class FilePresence(StrEnum):
    """What became of the file of a source.

    Attributes:
        THERE: It is where it was.
        OTHER: Something else is there now, which was processed as well.
        GONE: It is no longer in its folder, of which other files are there still.
        AWAY: Nothing is there that was processed from its folder: that was deleted or moved, a disk isn't
            mounted, or it is a folder of another machine.
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
        presence: What became of it, as this machine sees it.
        people: How many people were seen in it.
    """

    source: SourceRecord
    presence: FilePresence
    people: int

    @property
    def is_past(self) -> bool:
        """Whether what was seen in it can't be seen in any file of this folder any more."""
        return self.presence in (FilePresence.GONE, FilePresence.OTHER)


def file_presences(sources: Sequence[SourceRecord]) -> list[FilePresence]:
    """What became of the files of all sources of a collection.

    A folder in which none of them is left tells nothing: where a disk isn't mounted, it is there and empty.
    Whether a file is the one that was processed is looked at where two sources are known by one path; that
    one was edited since, and not processed again, is not noticed.
    """
    known = Counter(source.path for source in sources if source.kind != "camera")
    found = [_found(source) for source in sources]
    # Those that hold a known file, at whatever depth.
    live = {folder for path in found if path is not None for folder in path.parents}
    return [
        _presence(source, path, live, shared=known[source.path] > 1)
        for source, path in zip(sources, found, strict=True)
    ]


def _found(source: SourceRecord) -> Path | None:
    """The file of a source, or whatever else is in its place."""
    if source.kind == "camera":
        return None
    # A folder in its place is not the file; what nobody may look at, nobody can say is gone.
    return next((path for path in paths_of(source.path) if os.path.isfile(path)), None)  # noqa: PTH113


def _presence(
    source: SourceRecord, found: Path | None, live: AbstractSet[Path], *, shared: bool
) -> FilePresence:
    if source.kind == "camera":
        return FilePresence.NONE
    if found is not None:
        return FilePresence.OTHER if shared and not _is_it(found, source.source_id) else FilePresence.THERE
    return FilePresence.GONE if any(p.parent in live for p in paths_of(source.path)) else FilePresence.AWAY


def _is_it(path: Path, source_id: str) -> bool:
    """Whether it is the file of a source; one that can't be read is no proof that it isn't."""
    try:
        return is_file_of(path, source_id)
    except StreamError:
        return True
