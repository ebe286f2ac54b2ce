"""People and sightings as the HTTP API answers them."""

from __future__ import annotations

from pathlib import Path

from facestream.person import Person
from facestream.sighting import Sighting
from facestream.source_name import full_name, is_camera
from facestream.web import schemas

_MOST_SOURCES = 20


def person_answer(person: Person) -> schemas.Person:
    """A person in short."""
    sources = dict.fromkeys((seen.source_id, seen.source) for seen in person.sightings)
    return schemas.Person(
        id=person.id,
        name=person.name,
        ignored=person.ignored,
        provisional=person.provisional,
        seconds=person.seconds,
        faces=person.faces,
        tracks=person.tracks,
        sightings=len(person.sightings),
        first=sighting_answer(person.first),
        last=sighting_answer(person.last),
        thumbnails=list(person.thumbnails),
        sources=[source_id for source_id, _ in sources][:_MOST_SOURCES],
        cameras=[full_name(*source) for source in sources if is_camera(source[0])],
    )


def sighting_answer(seen: Sighting) -> schemas.Sighting:
    """A sighting."""
    camera = is_camera(seen.source_id)
    return schemas.Sighting(
        source_id=seen.source_id,
        source=seen.source,
        camera=full_name(seen.source_id, seen.source) if camera else None,
        photo=seen.photo,
        start_s=seen.start_s,
        end_s=seen.end_s,
        start_at=seen.start_at,
        end_at=seen.end_at,
        seconds=seen.seconds,
        provisional=seen.provisional,
        playable=not camera and Path(seen.source).is_file(),
    )
