"""Everything that is held on a person, as files: for them to see and to take with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facestream.errors import UsageError
from facestream.exports.source_files import make_folder, plain
from facestream.output import written_file
from facestream.people.people_view import person_json, sighting_json

if TYPE_CHECKING:
    from zipfile import ZipFile

    from facestream.client import Store
    from facestream.decisions.decision import Decision
    from facestream.people.track import Track
    from storage.identity_store import IdentityStore

Write = Callable[[str, bytes], None]

_ABOUT = {
    "person.json": "who it is: id, name, counts, sightings; ids of theirs that are no longer used",
    "sightings.json": "when and where they were seen",
    "sources.json": "the videos, photos and cameras that they were seen in",
    "tracks.json": "each face that was followed, with its place in every sampled frame",
    "samples.json": "faces that were compared, with the numbers (vector) that a face was turned into",
    "pictures/": "pictures of their face that are kept, by the id of the sample",
    "decisions.json": "what people decided about them; of other people who were meant, nothing is told",
    "events.json": "what was published about them and is still kept",
}


@dataclass(frozen=True, slots=True)
class PersonExport:
    """What was written.

    Attributes:
        path: The folder or ZIP file.
        person: Id of the person.
        counts: How many sightings, sources, tracks, faces, samples, pictures, decisions and events.
        files: SHA-256 of each file by its name.
    """

    path: Path
    person: str
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def export_person(store: Store, identities: IdentityStore, person_id: str, out: Path) -> PersonExport:
    """Write everything that is held on a person, and nothing of anybody else.

    Args:
        store: The collection.
        identities: The same, as it is stored.
        person_id: Who, by id or name.
        out: A ZIP file, if it ends in .zip, or a folder that is empty or not there yet.

    Raises:
        NotFoundError: If there is no such person.
        UsageError: If the folder holds something.
        FacestreamError: If a file can't be written.
    """
    person = store.person(person_id)
    export = PersonExport(out, person.id)
    own = {person.id, *identities.aliases(person.id)}
    with _target(out) as target:

        def write(name: str, data: bytes) -> None:
            target(name, data)
            export.files[name] = hashlib.sha256(data).hexdigest()

        def write_json(name: str, value: Any) -> None:
            write(name, json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")

        tracks = list(store.tracks(person.id))
        seen_in = {track.source_id for track in tracks} | {seen.source_id for seen in person.sightings}
        sources = [source for source in store.sources() if source.source_id in seen_in]
        write_json("person.json", person_json(person) | {"older_ids": sorted(own - {person.id})})
        write_json("sightings.json", [sighting_json(seen) for seen in person.sightings])
        write_json(
            "sources.json",
            [
                {
                    "id": source.source_id,
                    "kind": source.kind,
                    "path": source.path,
                    "duration_s": source.duration_s,
                    "recorded_at": None
                    if source.recorded_at_s is None
                    else datetime.fromtimestamp(source.recorded_at_s, UTC).isoformat(),
                }
                for source in sources
            ],
        )
        write_json("tracks.json", [_track_json(track) for track in tracks])
        samples, pictures = _samples(identities, (track.id for track in tracks), write)
        events = list(_events(identities, own))
        write_json("samples.json", samples)
        decisions = [_decision_json(d, own) for d in store.decisions() if own.intersection(d.people)]
        write_json("decisions.json", decisions)
        write_json("events.json", events)
        export.counts.update(
            sightings=len(person.sightings),
            sources=len(sources),
            tracks=len(tracks),
            faces=sum(len(track.faces) for track in tracks),
            samples=len(samples),
            pictures=pictures,
            decisions=len(decisions),
            events=len(events),
        )
        meta = store.meta()
        write_json(
            "manifest.json",
            {
                "person": person.id,
                "name": person.name,
                "collection": store.collection,
                "models": {name: meta[name] for name in ("model_id", "pack") if name in meta},
                "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "contents": _ABOUT,
                "counts": export.counts,
                "sha256": dict(export.files),
            },
        )
    return export


@contextmanager
def _target(out: Path) -> Iterator[Write]:
    if out.suffix.lower() == ".zip" and not out.is_dir():
        import zipfile

        with (
            written_file(out, text=False) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            yield lambda name, data: _add(archive, name, data)
        return
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError(
            f"{out}: is there already, and what is in it would be mixed with this. Give an empty folder, "
            "or a file that ends in .zip."
        )
    make_folder(out)
    # Of one person: nobody else on this machine is to read it, also in a folder that was there.
    out.chmod(0o700)
    make_folder(out / "pictures")

    def write(name: str, data: bytes) -> None:
        # The names are of our own making and of ids.
        with written_file(out / name, text=False) as file:
            file.write(data)

    yield write


def _add(archive: ZipFile, name: str, data: bytes) -> None:
    archive.writestr(name, data)


def _track_json(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "source_id": track.source_id,
        "start_s": round(track.start_s, 3),
        "end_s": round(track.end_s, 3),
        "start_at": track.start_at.isoformat() if track.start_at else None,
        "end_at": track.end_at.isoformat() if track.end_at else None,
        "provisional": track.provisional,
        "faces": [
            {
                "frame": face.frame,
                "time_s": round(face.time_s, 3),
                "box": [round(side, 2) for side in face.box_xyxy],
                "score": round(face.score, 4),
            }
            for face in track.faces
        ],
    }


def _samples(
    identities: IdentityStore, track_ids: Iterable[str], write: Write
) -> tuple[list[dict[str, Any]], int]:
    """Samples of tracks, whose pictures are written; returns what to tell of them, and how many pictures."""
    found = []
    pictures = 0
    for track in identities.tracks(track_ids):
        for sample in identities.samples(track.sample_ids):
            picture = None
            if sample.crop_jpeg:
                pictures += 1
                picture = f"pictures/{plain(sample.sample_id)}.jpg"
                write(picture, sample.crop_jpeg)
            found.append(
                {
                    "id": sample.sample_id,
                    "track": sample.track_id,
                    "frame": sample.frame,
                    "time_s": round(sample.media_s, 3),
                    "box": [round(side, 2) for side in sample.box_xyxy.tolist()],
                    "score": round(sample.score, 4),
                    "size_px": round(sample.size_px, 1),
                    "quality": round(sample.quality, 4),
                    "model_id": sample.model_id,
                    "vector": [round(value, 6) for value in sample.vector.tolist()],
                    "picture": picture,
                }
            )
    return found, pictures


def _decision_json(decision: Decision, own: set[str]) -> dict[str, Any]:
    """A decision, with nothing of the others whom it is about but that there are some."""
    names = dict(zip(decision.people, decision.names_before, strict=False))
    alone = own.issuperset(decision.people)
    about_own_name = decision.kind == "name" or alone
    return {
        "number": decision.number,
        "kind": decision.kind,
        "made_at": decision.made_at.isoformat(),
        "people": [person if person in own else "somebody else" for person in decision.people],
        "name": decision.name if about_own_name else "",
        "name_before": decision.name_before,
        "names_before": [name for person, name in names.items() if person in own],
        "on": decision.on,
        "undone_by": decision.undone_by,
    }


def _events(identities: IdentityStore, own: set[str]) -> Iterator[dict[str, Any]]:
    """What is still kept of the stream of events, as far as it is about the person."""
    from storage.identity_record import IdentityChange

    for entry_id, raw in identities.stream(identities.keys.changes):
        fields = {name.decode(): value.decode("utf-8", "replace") for name, value in raw.items()}
        if not own.intersection((fields.get("identity_id", ""), fields.get("other_id", ""))):
            continue
        change = IdentityChange.decode(raw)
        is_own = change.identity_id in own
        yield {
            "id": entry_id.decode(),
            "kind": change.kind.value,
            "person": change.identity_id if is_own else "somebody else",
            "other": change.other_id if change.other_id in own or not change.other_id else "somebody else",
            "track": change.track_id,
            "thumbnail": change.thumbnail if is_own else "",
            "event_s": change.event_s,
            "published_at": datetime.fromtimestamp(change.published_at_s, UTC).isoformat(),
            "provisional": change.provisional,
        }
