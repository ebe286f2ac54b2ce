"""People and their sightings as rows of a table, as spreadsheets read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from facestream.iso_time import iso_local
from facestream.people.people_view import listed_within
from facestream.source_name import camera_name, is_camera, short_name

if TYPE_CHECKING:
    from facestream.people.appearance import Appearance
    from facestream.people.person import Person

PERSON_COLUMNS = (
    *("person", "name", "seconds", "sightings", "first_at", "last_at", "cameras", "files", "faces"),
    "provisional",
)
SIGHTING_COLUMNS = (
    *("person", "name", "camera", "file", "start_at", "end_at", "start_s", "end_s", "seconds"),
    "provisional",
)

# So many characters for the names of files, of which an album has thousands.
_FILES_WIDTH = 250


def person_row(person: Person, names: Mapping[str, str]) -> dict[str, Any]:
    """A person as a row: values for `PERSON_COLUMNS`; cameras and files are lists of their names.

    Args:
        person: With the sightings that count.
        names: Of sources, see `names_apart`.
    """
    sources = person.sources.items()
    cameras = [camera_name(*source) for source in sources if is_camera(source[0])]
    files = [_file_name(*source, names) for source in sources if not is_camera(source[0])]
    return {
        "person": person.id,
        "name": person.name,
        "seconds": round(person.seconds, 3),
        "sightings": len(person.sightings),
        "first_at": iso_local(person.first.start_at),
        "last_at": iso_local(person.last.end_at),
        "cameras": cameras,
        "files": files,
        "faces": person.faces,
        "provisional": person.provisional,
    }


def in_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a person for a spreadsheet, whose cells hold no lists: of very many files the first."""
    names = {"cameras": ", ".join(row["cameras"]), "files": listed_within(row["files"], _FILES_WIDTH)}
    return {**row, **names}


def sighting_row(seen: Appearance, names: Mapping[str, str]) -> dict[str, Any]:
    """A sighting as a row: values for `SIGHTING_COLUMNS`.

    Args:
        seen: The sighting.
        names: Of sources, see `names_apart`.
    """
    return {
        "person": seen.person_id,
        "name": seen.person_name,
        "camera": camera_name(seen.source_id, seen.source),
        "file": "" if is_camera(seen.source_id) else _file_name(seen.source_id, seen.source, names),
        "start_at": iso_local(seen.start_at),
        "end_at": iso_local(seen.end_at),
        "start_s": round(seen.start_s, 3),
        "end_s": round(seen.end_s, 3),
        "seconds": round(seen.seconds, 3),
        "provisional": seen.provisional,
    }


def _file_name(source_id: str, path: str, names: Mapping[str, str]) -> str:
    # One that came while the others were listed is called by its own name.
    return names.get(source_id) or short_name(source_id, path)
