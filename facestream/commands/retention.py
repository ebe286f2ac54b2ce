"""facestream retention: how long what was found is kept, and what is over age now."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options
from facestream.configuration.setting_option import setting_option
from facestream.parsing import Days

if TYPE_CHECKING:
    from facestream.erasure.erasing import Erased
    from facestream.erasure.retention import Expected
    from storage.retention_policy import RetentionPolicy

_SAYS = {
    "unnamed": "People without a name, after they were last seen.",
    "named": "People with a name, after they were last seen.",
    "sightings": "Single tracks, whoever's they are, with vectors and pictures.",
    "pictures": "Pictures of faces, while vectors stay.",
    "streams": "Entries of the streams `changes`, `faces`, `dead` and `reclusters`.",
    "readers": "Readers of `changes` or `faces` that are silent for longer hold nothing back.",
}


def _limits(command: Any) -> Any:
    for name in reversed(_SAYS):
        command = setting_option(
            f"--{name}", setting=f"retention.{name}", type=Days(), metavar="DAYS", help=_SAYS[name]
        )(command)
    return command


@click.command(
    name="retention",
    epilog="""\b
Examples:
  facestream retention --dry-run                      the policy, and what would go now
  facestream retention --unnamed 30 --named forever
  facestream retention --sightings 90 --yes --json
""",
)
@_limits
@setting_option(
    "--files/--no-files",
    setting="retention.files",
    default=None,
    help="Whether this counts for videos and photos as well, and not for cameras alone.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go; nothing is kept or deleted.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask where another policy deletes something.")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, dry_run: bool, yes: bool, pack: str | None, **said: Any) -> None:
    """Say how long people, sightings and faces are kept, and delete what is over age now.

    DAYS is a number or `forever`. What is said stays with the collection; what nobody said anything of is
    kept for ever. Whoever finds people (`watch`, `serve`, `run`) deletes what is over age every ten minutes,
    and more often where it is kept for less than 100. Age counts from when somebody was seen, or, where a
    file does not tell its date, from when it was taken in. Nothing is kept to know the deleted by:
    docs/privacy.md tells more.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import confirm
    from storage.retention_policy import DAYS, RetentionPolicy

    as_json, quiet = chosen(ctx, "as_json"), chosen(ctx, "quiet")
    wanted = RetentionPolicy(**{name: said[name] for name in DAYS}, files=said["files"])
    with open_store(place) as store:
        before = store.retention()
        policy = wanted.over(before)
        expected = store.expected_erasure("retention", policy=policy)
        if not as_json and not quiet:
            _show(policy)
        if dry_run:
            _tell(policy, expected, None, as_json=as_json)
            return
        if policy != before and (expected.tracks or expected.pictures):
            confirm(f"{_counted(expected)} by this policy now, for good. Go on?", yes=yes)
        store.keep_retention(policy)
        done = store.erase("retention", models=pack)
    _tell(policy, expected, done, as_json=as_json)
    if not done.history_erased:
        from facestream.commands.people_erase import UNPROVEN

        click.echo(UNPROVEN, err=True)


def _show(policy: RetentionPolicy) -> None:
    from facestream.output import print_table
    from storage.retention_policy import DAYS, READERS_DAYS, written_days

    rows = []
    for name in DAYS:
        days = getattr(policy, name)
        kept = "forever" if days is None else written_days(days)
        if days is None and name == "readers":
            kept = f"{READERS_DAYS:g} days"
        elif days is not None and not math.isinf(days):
            kept = f"{kept} day{'s' if days != 1 else ''}"
        rows.append([name, f"{kept} (nobody said)" if days is None else kept, _SAYS[name]])
    scope = "cameras, videos and photos" if policy.files else "cameras; what files show is kept for ever"
    print_table(
        ["what", "kept", ""], [*rows, ["files", "yes" if policy.files else "no", f"Counts for {scope}."]]
    )
    click.echo()


def _tell(policy: RetentionPolicy, expected: Expected, done: Erased | None, *, as_json: bool) -> None:
    from facestream.output import print_json
    from facestream.people.people_view import counted
    from storage.retention_policy import FOREVER

    if as_json:
        shown = {
            name: FOREVER if isinstance(value, float) and math.isinf(value) else value
            for name in (*_SAYS, "files")
            for value in [getattr(policy, name)]
        }
        what = expected if done is None else done
        print_json(
            {
                "policy": shown,
                "dry_run": done is None,
                "tracks": what.tracks,
                "people": what.people,
                "pictures": what.pictures,
                "history_erased": None if done is None else done.history_erased,
            }
        )
    elif done is None:
        click.echo(f"{_counted(expected)} now.")
    elif not (done.tracks or done.people or done.pictures):
        click.echo("Nothing is over age: nothing was deleted.")
    else:
        click.echo(
            f"Deleted: {counted(done.tracks, 'track')}, {counted(done.people, 'person', 'people')} of whom "
            f"nothing is left, pictures of {counted(done.pictures, 'track')}."
        )


def _counted(expected: Expected) -> str:
    from facestream.people.people_view import counted

    people = counted(expected.people, "person", "people")
    return (
        f"{counted(expected.tracks, 'track')} would go, with {people} of whom nothing would be left, "
        f"and the pictures of {counted(expected.pictures, 'track')}"
    )
