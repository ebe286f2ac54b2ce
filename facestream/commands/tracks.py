"""facestream tracks: faces as they were followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options

if TYPE_CHECKING:
    from datetime import datetime

    from facestream.client import Store
    from facestream.people.track import Track


@click.group(
    name="tracks",
    epilog="""\b
Examples:
  facestream tracks list --person p3
  facestream tracks show v-0123456789abcdef.250.0
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
def command(**_: Any) -> None:
    """Tracks: one face, followed through one shot of a video, or one face of a photo."""


@command.command(
    name="list", epilog="\b\nExample:\n  facestream tracks list --person p3 --json | jq '.[].id'"
)
@click.option("--person", "person_id", metavar="ID", help="Only those of this person.")
@click.option(
    "--source",
    metavar="TEXT",
    help="Only those in this file: its path, a part of it, a pattern with * and ?, or a source's id.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_tracks(ctx: click.Context, /, person_id: str | None, source: str | None, **_: Any) -> None:
    """List tracks, by source and time: whose they are, where and when.

    A ~ marks those of which no re-cluster has confirmed yet whose they are.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.commands.people_options import tell_unknown_source, typed_source
    from facestream.output import print_json, print_table
    from facestream.people.people_view import marked, nobody, provisional_note
    from facestream.source_name import full_name

    with open_store(place) as store:
        store.check_there()
        # By time: track ids hold frame numbers, and 80 is sorted behind 400 in them.
        tracks = sorted(
            _tracks(store, person_id, source), key=lambda t: (t.source, t.source_id, t.start_s, t.id)
        )
        empty = "" if tracks else "No such tracks." if source or person_id else nobody(store)
        tell_unknown_source(store, [typed_source(source)] if source else [])
    if chosen(ctx, "as_json"):
        print_json([track_json(track) for track in tracks])
    elif empty:
        click.echo(empty)
    else:
        rows = [
            [
                track.id,
                marked(track.identity or "-", provisional=track.provisional),
                "-" if track.photo else _time(track, track.start_at, track.start_s),
                "-" if track.photo else _time(track, track.end_at, track.end_s),
                str(len(track.faces)),
                full_name(track.source_id, track.source),
            ]
            for track in tracks
        ]
        print_table(("track", "person", "from", "to", "faces", "source"), rows, right={"faces"})
        note = provisional_note(place, sum(track.provisional for track in tracks), "track")
        if note and not chosen(ctx, "quiet"):
            click.echo(note, err=True)


def _time(track: Track, at: datetime | None, media_s: float) -> str:
    """A time within a file; a camera has no beginning that anybody knows of, and dates instead."""
    from facestream.people.people_view import clock, moment
    from facestream.source_name import is_camera

    return moment(at, media_s) if is_camera(track.source_id) else clock(media_s)


def _tracks(store: Store, person_id: str | None, source: str | None) -> Iterator[Track]:
    from facestream.commands.people_options import typed_source
    from facestream.people.people_filter import names_source

    pattern = typed_source(source or "")
    if person_id or not pattern:
        tracks = store.tracks(person_id)
        return (track for track in tracks if names_source(pattern, track.source_id, track.source))
    known = (s.source_id for s in store.sources() if names_source(pattern, s.source_id, s.path))
    return (track for source_id in known for track in store.tracks(source_id=source_id))


@command.command(name="show", epilog="\b\nExample:\n  facestream tracks show v-0123456789abcdef.250.0")
@click.argument("track_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the box of every frame.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, track_id: str, **_: Any) -> None:
    """Show one track: whose it is, where and when, and the faces of it that were compared."""
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, print_table, printable
    from facestream.people.people_view import clock, counted, moment
    from facestream.source_name import full_name

    with open_store(place) as store:
        store.check_there()
        track = store.track(track_id)
    if chosen(ctx, "as_json"):
        print_json(track_json(track, detailed=True))
        return
    whose = (track.identity or "given to nobody") + (" (provisional)" if track.provisional else "")
    click.echo(f"{track.id}: {whose}, {counted(len(track.faces), 'face')}")
    click.echo(f"source: {printable(full_name(track.source_id, track.source))}")
    if not track.photo:
        click.echo(f"from {moment(track.start_at, track.start_s)} to {moment(track.end_at, track.end_s)}")
    if track.continues:
        click.echo(f"continues {track.continues}")
    if not track.founder:
        click.echo("too small, blurred or short to make a person of its own; it may only join one")
    click.echo("\nFaces that were compared:")
    rows = [
        [s.id, clock(s.time_s), f"{s.size_px:.0f}", f"{s.quality:.2f}", f"{s.score:.2f}"]
        for s in track.samples
    ]
    columns = ("sample", "time", "size px", "quality", "score")
    print_table(columns, rows, right={"size px", "quality", "score"})


def track_json(track: Track, *, detailed: bool = False) -> dict[str, Any]:
    """A track for machines."""
    result: dict[str, Any] = {
        "id": track.id,
        "person": track.identity,
        "provisional": track.provisional,
        "source": track.source,
        "source_id": track.source_id,
        "start_s": round(track.start_s, 3),
        "end_s": round(track.end_s, 3),
        "start_at": _iso(track.start_at),
        "end_at": _iso(track.end_at),
        "faces": len(track.faces),
        "founder": track.founder,
        "continues": track.continues,
    }
    if detailed:
        result["samples"] = [
            {
                "id": s.id,
                "frame": s.frame,
                "time_s": round(s.time_s, 3),
                "size_px": round(s.size_px, 1),
                "quality": round(s.quality, 4),
                "score": round(s.score, 4),
            }
            for s in track.samples
        ]
        result["boxes"] = [
            {
                "frame": face.frame,
                "time_s": round(face.time_s, 3),
                "box": [round(side, 1) for side in face.box_xyxy],
                "score": round(face.score, 4),
            }
            for face in track.faces
        ]
    return result


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
