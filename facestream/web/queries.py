"""Parts of queries that several routes take."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import click
from fastapi import Depends, Path, Query

from facestream.errors import UsageError
from facestream.parsing import When
from facestream.people.people_filter import PeopleFilter, is_file_id

MOST_SOURCES = 500
"""Sources that one query can name."""
_MOST_PATTERNS = 50

Offset = Annotated[int, Query(ge=0, le=10**9, description="So many are passed over.")]
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many.")]
Text = Annotated[str, Query(max_length=200)]
PersonPath = Annotated[str, Path(pattern="^p[0-9]{1,18}$", examples=["p3"])]
IdPath = Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,200}$")]


def date_of(name: str, written: str, *, end: bool = False) -> datetime | None:
    """A date of a query; local unless it has a zone.

    Args:
        name: Of the parameter, for the message.
        written: The date; empty for None.
        end: Whether a date without a time means the end of that day.

    Raises:
        UsageError: If it is none.
    """
    if not written:
        return None
    # Who doesn't escape the + of a zone sends a space.
    written = re.sub(r" (\d\d:?\d\d)$", r"+\1", written) if "T" in written else written
    try:
        found = When(end=end).convert(written, None, None)
    except click.UsageError as error:
        raise UsageError(f"{name}: {error.message}.") from error
    if not isinstance(found, datetime):
        raise UsageError(
            f"{name}: {written!r} is not a date; write it like 2026-05-01 or 2026-05-01T18:30:00Z."
        )
    return found


def _seen_where(
    source: Annotated[
        tuple[Annotated[str, Query(max_length=500)], ...],
        Query(
            max_length=MOST_SOURCES,
            description="Id, path or part of it, or a pattern with * and ?; repeatable: at most "
            f"{MOST_SOURCES}, of which {_MOST_PATTERNS} are no ids of files.",
        ),
    ] = (),
    camera: Annotated[
        tuple[Annotated[str, Query(max_length=64)], ...],
        Query(max_length=50, description="Name of a camera, or * for any; repeatable."),
    ] = (),
    since: Annotated[str, Query(max_length=50, description="Seen at this date or later, ISO 8601.")] = "",
    until: Annotated[
        str,
        Query(max_length=50, description="Seen at this date or before; one without a time means its end."),
    ] = "",
) -> PeopleFilter:
    patterns = sum(not is_file_id(one) for one in source)
    if patterns > _MOST_PATTERNS:
        raise UsageError(
            f"source: {patterns} of them are no ids of files; at most {_MOST_PATTERNS} can be searched for."
        )
    return PeopleFilter(
        sources=source,
        cameras=camera,
        since=date_of("since", since),
        until=date_of("until", until, end=True),
    )


SeenWhere = Annotated[PeopleFilter, Depends(_seen_where)]
"""The sightings that count, by source, camera and date."""
