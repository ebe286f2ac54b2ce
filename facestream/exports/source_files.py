"""Files of an export, one for each source."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath

from facestream.errors import FacestreamError
from facestream.source_name import is_camera, short_name
from storage.source_record import SourceRecord

# Room for an id and an ending in the 255 bytes that names of files have.
_MOST_BYTES = 232
# And what else stands in names that are made up of it, such as ids.
_MOST_PLAIN_BYTES = 160


def file_stems(sources: Iterable[SourceRecord], *, exact: bool = False) -> dict[str, str]:
    """The name of a file for each source, without its ending, by the source's id: that of the source.

    Sources that are called alike, in whatever case, are told apart by their ids.

    Args:
        sources: The sources.
        exact: Whether those of files are called as the file is, and not in letters that are safe everywhere.
    """
    stems = {source.source_id: _stem(source, exact=exact) for source in sources}
    counts = Counter(stem.casefold() for stem in stems.values())
    return {
        source_id: stem if counts[stem.casefold()] == 1 else f"{stem}-{source_id}"
        for source_id, stem in stems.items()
    }


def make_folder(folder: Path) -> None:
    """Make a folder to write to, private to its user; one that is there stays as it is.

    Raises:
        FacestreamError: If it can't be.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FacestreamError(
            f"{folder}: can't be made ({error.strerror}). Choose another folder."
        ) from error


def plain(name: str) -> str:
    """A part of a file's name without what could mean something elsewhere."""
    return _cut(re.sub(r"[^\w.-]+", "_", name)[:100], _MOST_PLAIN_BYTES).lstrip(".-")


def _stem(source: SourceRecord, *, exact: bool) -> str:
    name = short_name(source.source_id, source.path)
    if exact and not is_camera(source.source_id):
        # Another ending may be longer than its own.
        return _cut(PurePath(name).stem, _MOST_BYTES) or source.source_id
    return plain(name if is_camera(source.source_id) else PurePath(name).stem) or source.source_id


def _cut(text: str, most_bytes: int) -> str:
    """As much of a text as has room."""
    return os.fsencode(text)[:most_bytes].decode(errors="ignore")
