"""Files of an export, one for each source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath

from facestream.errors import FacestreamError
from facestream.source_name import is_camera, short_name
from storage.source_record import SourceRecord


def file_stems(sources: Iterable[SourceRecord]) -> dict[str, str]:
    """The name of a file for each source, without its ending, by the source's id: that of the source.

    Sources that are called alike, in whatever case, are told apart by their ids.
    """
    stems = {source.source_id: _stem(source) for source in sources}
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
    return re.sub(r"[^\w.-]+", "_", name)[:100].lstrip(".-")


def _stem(source: SourceRecord) -> str:
    name = short_name(source.source_id, source.path)
    return plain(name if is_camera(source.source_id) else PurePath(name).stem) or source.source_id
