"""facestream people forget: every trace of somebody, or of what was seen, is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options
from facestream.commands.people_erase import UNPROVEN, erase, tell_nothing_gone
from facestream.parsing import Moment

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.erasure.forgetting import Forgotten


@click.command(
    name="forget",
    epilog="""\b
Examples:
  facestream people forget p3
  facestream people forget p3 --yes --json
  facestream people forget p3 --and-ignore-return
  facestream people forget --before 2026-01-01 --dry-run
  facestream people forget --source lobby.mp4
  facestream people forget --gone --dry-run
  facestream people forget --all
""",
)
@click.argument("person_id", metavar="[WHO]", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody, and all that was seen.")
@click.option(
    "--before", type=Moment(), metavar="DATE", help="Tracks that ended before this moment, ISO 8601."
)
@click.option(
    "--source", metavar="SOURCE", help="What was seen in a video, a photo or by a camera: id, path or name."
)
@click.option(
    "--gone",
    is_flag=True,
    help="What was seen in files that `facestream sources --gone` lists.",
)
@click.option(
    "--and-ignore-return",
    "ignore_return",
    is_flag=True,
    help="Keep a few templates of the face, to leave them out when they come back.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print what was deleted as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def forget(
    ctx: click.Context,
    /,
    person_id: str | None,
    everybody: bool,
    before: Any,
    source: str | None,
    gone: bool,
    ignore_return: bool,
    dry_run: bool,
    yes: bool,
    pack: str | None,
    **_: Any,
) -> None:
    """Delete every trace of a person, or of what was seen: tracks, vectors, faces, sightings, events.

    The files they were seen in stay marked as processed: running them again leaves the person out, and says
    so; `facestream run --include-forgotten` looks at them anew. In other files, and in a run that is looking
    at them right now, the person would be a new one: nothing is kept to know them by. Backups, reports and
    exports that you made are yours to delete. WHO is an id, or the whole name of somebody.

    With --and-ignore-return, at most five templates of their face stay: biometric data, by which tracks that
    are almost surely theirs (99 %) are left out from then on, and only counted. Whoever comes back as a poor
    view may be somebody new, and a stranger who looks almost the same is left out with them. Forgetting WHO
    again deletes the templates, as --all and `reembed` do; retention does not.

    With --all, --before, --source or --gone, people of whom something else was seen stay, with that. --source
    and --gone also delete the record of the file, and what was uploaded. Whoever stops it leaves the rest to
    the next command that finds people, or to the same one again. docs/privacy.md tells more.
    """
    wanted = [person_id is not None, everybody, before is not None, source is not None, gone]
    if sum(wanted) != 1:
        raise click.UsageError("say whom: WHO, --all, --before DATE, --source SOURCE or --gone, one of them.")
    if ignore_return and person_id is None:
        raise click.UsageError("--and-ignore-return goes with WHO alone: somebody whose return is ignored.")
    place = chosen_place(ctx)
    from facestream.client import open_store

    as_json = chosen(ctx, "as_json")
    with open_store(place) as store:
        if person_id is None:
            past = [file.source for file in store.source_files() if file.is_past] if gone else []
            if gone and not past:
                tell_nothing_gone(as_json=as_json)
                return
            # Looked for once: what is deleted is what was shown.
            meant = [known.source_id for known in past] or source
            extent = "all" if everybody else "before" if before is not None else "source"
            what = {"before": before, "source": meant, "models": pack}
            files = [known.path for known in past]
            erase(store, extent, what, files, dry_run=dry_run, yes=yes, as_json=as_json)
        else:
            how = {"models": pack, "and_ignore_return": ignore_return}
            _forget_one(store, person_id, how, dry_run=dry_run, yes=yes, as_json=as_json)


def _forget_one(
    store: Store, person_id: str, how: dict[str, Any], *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from facestream.errors import NotFoundError
    from facestream.output import confirm, print_json, printable
    from facestream.people.people_view import counted, led_on
    from workers.clustering.returning import MOST_KEPT

    if store.is_forgotten(person_id):
        # Their part in the server's files, where that could not be deleted the first time.
        # By an id as all that looks them up takes it.
        is_kept = any(person_id.strip().lower() in ids for ids in store.kept_out())
        if dry_run:
            left = "; templates of the face are kept, and would go" if is_kept else ""
            click.echo(f"{person_id} was forgotten before{left}.")
            return
        if is_kept and not how["and_ignore_return"]:
            confirm(
                f"{person_id} was forgotten before, and templates of the face are kept. Delete these as "
                "well, so that they are somebody new when they come back?",
                yes=yes,
            )
        _tell(store.forget(person_id, **how), "", as_json=as_json)
        return
    try:
        person = store.person(person_id)
    except NotFoundError:
        # There was somebody, or it would have been said above.
        _forget_vanished(store, person_id, how, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    merged = led_on(person_id, person)
    was = f"{merged} " if merged else ""
    name = f" ({printable(person.name)})" if person.name else ""
    sources = sorted({sighting.source_id for sighting in person.sightings})
    tracks = f"{counted(person.tracks, 'track')} in {counted(len(sources), 'source')}"
    most = min(person.tracks, MOST_KEPT) if how["and_ignore_return"] else 0
    kept = (
        f" At most {counted(most, 'template')} of the face {'stay' if most > 1 else 'stays'}." if most else ""
    )
    if dry_run:
        if as_json:
            told = {"id": person.id, "tracks": person.tracks, "sources": sources, "templates_kept": most}
            print_json({**told, "dry_run": True})
        else:
            click.echo(f"{was}{person.id}{name} would be forgotten: {tracks}.{kept}")
        return
    again = store.hint("people", "forget", person.id)
    if kept:
        kept += (
            f" This is biometric data, kept to leave them out when they come back; `{again}` deletes it then."
        )
    confirm(f"{was}Forget {person.id}{name}: {tracks}, for good?{kept}", yes=yes)
    _tell(store.forget(person.id, exactly=True, **how), again if most else "", as_json=as_json)


def _forget_vanished(
    store: Store, person_id: str, how: dict[str, Any], *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from facestream.output import confirm

    left = f"{person_id} is no more, and nothing is left but what was decided about them"
    if dry_run:
        click.echo(f"{left}, which would go.")
        return
    confirm(f"{left}. Delete that, for good?", yes=yes)
    done = store.forget(person_id, **how)
    if as_json:
        _tell(done, "", as_json=True)
    else:
        click.echo(f"{done.id} is forgotten: what was decided about them is deleted.")
        if not done.history_erased:
            click.echo(UNPROVEN, err=True)


def _tell(done: Forgotten, again: str, *, as_json: bool) -> None:
    """Say what was deleted; `again` is what deletes the templates that were to be kept, empty for none."""
    from facestream.output import print_json
    from facestream.people.people_view import counted

    if as_json:
        print_json(
            {
                "id": done.id,
                "older_ids": list(done.older_ids),
                "tracks": done.tracks,
                "sources": list(done.sources),
                "templates_kept": done.templates_kept,
                "templates_deleted": done.templates_deleted,
                "history_erased": done.history_erased,
            }
        )
        return
    if not done.tracks:
        gone = "what was left of them in files is"
        if done.templates_deleted:
            number = done.templates_deleted
            gone = f"{counted(number, 'template')} of the face {'is' if number == 1 else 'are'}"
        click.echo(f"{done.id} was forgotten before; {gone} deleted now.")
        if done.templates_deleted and not done.history_erased:
            click.echo(UNPROVEN, err=True)
        return
    older = f" (once also {', '.join(done.older_ids)})" if done.older_ids else ""
    click.echo(f"{done.id}{older} is forgotten: {counted(done.tracks, 'track')} deleted.")
    if done.templates_kept:
        kept = counted(done.templates_kept, "template")
        click.echo(
            f"Kept, to leave them out when they come back: {kept} of the face. `{again}` deletes that."
        )
    elif again:
        click.echo("Nothing of the face could be kept: who comes back is somebody new.", err=True)
    if not done.history_erased:
        click.echo(UNPROVEN, err=True)
