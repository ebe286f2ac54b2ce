"""Files of an export, one for each source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from facestream.errors import FacestreamError
from facestream.source_name import is_camera, short_name
from storage.source_record import SourceRecord


def file_names(sources: Iterable[SourceRecord], ending: str) -> dict[str, str]:
    """A file name for each source, by its id: that of the source with another ending.

    Sources that are called alike, in whatever case, are told apart by their ids.

    Args:
        sources: The sources.
        ending: Such as ".vtt".
    """
    stems = {source.source_id: _stem(source) for source in sources}
    counts: dict[str, int] = {}
    for stem in stems.values():
        counts[stem.casefold()] = counts.get(stem.casefold(), 0) + 1
    return {
        source_id: f"{stem}{ending}" if counts[stem.casefold()] == 1 else f"{stem}-{source_id}{ending}"
        for source_id, stem in stems.items()
    }


def make_folder(folder: Path) -> None:
    """Make a folder to write to.

    Raises:
        FacestreamError: If it can't be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
