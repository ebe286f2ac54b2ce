"""People and sightings as the HTTP API answers them."""

from __future__ import annotations

import os.path
from typing import Any

from facestream.people.person import Person
from facestream.people.sighting import Sighting
from facestream.readable_path import paths_of
from facestream.source_name import full_name, is_camera
from facestream.web import schemas

_MOST_SOURCES = 20


def person_answer(person: Person) -> schemas.Person:
    """A person in short."""
    sources = person.sources
    return schemas.Person(
        id=person.id,
        name=person.name,
        ignored=person.ignored,
        provisional=person.provisional,
        seconds=round(person.seconds, 3),
        faces=person.faces,
        tracks=person.tracks,
        sightings=len(person.sightings),
        first=sighting_answer(person.first),
        last=sighting_answer(person.last),
        thumbnails=list(person.thumbnails),
        sources=list(sources)[:_MOST_SOURCES],
        cameras=[full_name(*source) for source in sources.items() if is_camera(source[0])],
    )


def sighting_answer(seen: Sighting) -> schemas.Sighting:
    """A sighting."""
    return schemas.Sighting(**_facts(seen))


def person_sighting_answer(person: Person, seen: Sighting) -> schemas.PersonSighting:
    """A sighting of somebody, with a face of theirs: from that very source, where the best ones have one."""
    thumbnail = next(
        (sample_id for sample_id in person.thumbnails if sample_id.startswith(f"{seen.source_id}.")),
        next(iter(person.thumbnails), None),
    )
    return schemas.PersonSighting(
        **_facts(seen), person_id=person.id, person_name=person.name, thumbnail=thumbnail
    )


def camera_name(source_id: str, path: str) -> str | None:
    """Name of a camera, or None for files."""
    return full_name(source_id, path) if is_camera(source_id) else None


def is_playable(source_id: str, path: str) -> bool:
    """Whether the file of a source is still where it was; `source_media` looks whether it is that file."""
    # A path may hold what no operating system takes, such as a null byte.
    if is_camera(source_id) or not path or "\0" in path:
        return False
    return any(os.path.isfile(each) for each in paths_of(path))  # noqa: PTH113


def _facts(seen: Sighting) -> dict[str, Any]:
    return {
        "source_id": seen.source_id,
        "source": seen.source,
        "camera": camera_name(seen.source_id, seen.source),
        "photo": seen.photo,
        "start_s": seen.start_s,
        "end_s": seen.end_s,
        "start_at": seen.start_at,
        "end_at": seen.end_at,
        "seconds": round(seen.seconds, 3),
        "provisional": seen.provisional,
        "playable": is_playable(seen.source_id, seen.source),
    }
