"""Collections as tables, lines and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from facestream.models.terms import terms
from facestream.people.people_view import clock, counted
from storage.catalogue import CollectionInfo
from storage.collection_stats import CollectionStats

COLUMNS = ("collection", "people", "tracks", "sources", "created", "model pack")
RIGHT = frozenset({"people", "tracks", "sources"})


def collection_row(info: CollectionInfo) -> list[str]:
    """A collection as a row of the table."""
    numbers = (info.people, info.tracks, info.sources)
    return [info.name, *map(str, numbers), _date(info, "%Y-%m-%d"), info.pack or "-"]


def collection_json(info: CollectionInfo) -> dict[str, Any]:
    """A collection for machines."""
    return {
        "name": info.name,
        "people": info.people,
        "tracks": info.tracks,
        "sources": info.sources,
        "cameras": info.cameras,
        "created_at": info.created_at.isoformat() if info.created_at else None,
        "pack": info.pack,
        "licence": info.licence,
        "commercial_use": info.commercial_use,
        "model_id": info.model_id,
        "schema": info.schema,
        "clustering": info.clustering,
    }


def stats_json(stats: CollectionStats) -> dict[str, Any]:
    """What is in a collection, for machines."""
    numbers = asdict(stats)
    del numbers["info"]
    numbers["looked_at_s"] = round(stats.looked_at_s, 3)
    return collection_json(stats.info) | numbers


def stats_lines(stats: CollectionStats) -> list[tuple[str, str]]:
    """What is in a collection, line by line: what, and how much."""
    info = stats.info
    memory = "unknown" if stats.memory_bytes is None else f"about {shown_size(stats.memory_bytes)}"
    lines = [
        ("collection", info.name),
        ("people", f"{info.people}, {stats.named} with a name"),
        ("tracks", f"{info.tracks}" + _of_them(stats)),
        ("faces", f"{stats.faces}"),
        ("samples", f"{stats.samples}"),
        ("videos", _how_many(stats.videos, stats.videos_complete)),
        ("photos", _how_many(stats.photos, stats.photos_complete)),
        ("cameras", f"{stats.cameras}"),
        ("looked at", clock(stats.looked_at_s)),
        ("events", f"{stats.events}"),
        ("logged faces", f"{stats.logged_faces}"),
        ("waiting", f"{stats.waiting}" + (", for the next run to take in" if stats.waiting else "")),
        ("put aside", f"{stats.put_aside}" + (", as they can't be taken in" if stats.put_aside else "")),
        ("kept out", f"{counted(stats.kept_out, 'forgotten person', 'forgotten people')}" + _returns(stats)),
        ("memory", f"{memory} in the server"),
        ("model", f"{info.pack or 'unknown'} ({info.model_id or 'unknown'})"),
        ("licence", terms(info.licence, info.commercial_use).removeprefix("licence ")),
        ("clustering", info.clustering),
        ("created", _date(info, "%Y-%m-%d %H:%M:%S")),
    ]
    kept_out = stats.kept_out or stats.returns_ignored
    seldom = {"logged faces": stats.logged_faces, "cameras": stats.cameras, "kept out": kept_out}
    return [line for line in lines if seldom.get(line[0], 1)]


def contents(info: CollectionInfo) -> str:
    """What is in a collection, in few words."""
    if info.leftover:
        return "what a restore left that was killed"
    numbers = [
        counted(info.people, "person", "people"),
        counted(info.tracks, "track"),
        counted(info.sources, "source"),
        *([counted(info.cameras, "camera")] if info.cameras else []),
    ]
    return ", ".join(numbers)


def shown_size(size_bytes: int) -> str:
    """A size with a unit that keeps it short."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB" if size < 1000 else f"{size:.0f} GB"


def _of_them(stats: CollectionStats) -> str:
    """How many of the tracks are nobody's, or may still be somebody else's."""
    nobodys = f", {stats.unassigned} of nobody" if stats.unassigned else ""
    return nobodys + (f", {stats.provisional} provisional" if stats.provisional else "")


def _returns(stats: CollectionStats) -> str:
    return f", {counted(stats.returns_ignored, 'track')} of theirs left out" if stats.returns_ignored else ""


def _how_many(number: int, complete: int) -> str:
    return f"{number}" if complete == number else f"{number}, {number - complete} not complete"


def _date(info: CollectionInfo, how: str) -> str:
    return info.created_at.astimezone().strftime(how) if info.created_at else "unknown"


def uploads_elsewhere(names: Sequence[str]) -> str:
    """What there is to say of uploaded files that lie on other machines, and stay there."""
    return f"Uploaded to other machines, and to be deleted there: {', '.join(names[:10])}."
