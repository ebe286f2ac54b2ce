"""The options that choose people: for `people` and `report`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from facestream.output import printable
from facestream.parsing import Number, When
from facestream.people.people_filter import ANY_CAMERA, SORTS, Moment, PeopleFilter, names_source
from facestream.source_name import full_name, is_camera, short_name

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.people.person import Person

_NAMED = 8

# Who is meant, by id or whole name.
who_argument = click.argument("person_id", metavar="WHO")


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which people, and in which order."""
    options = (
        sources_option("Seen in this file"),
        camera_option("Seen by this camera"),
        moment_options,
        click.option("--name", metavar="TEXT", default="", help="Whose name holds this."),
        click.option("--named/--unnamed", default=None, help="Only those with a name, or without one."),
        click.option(
            "--min-seconds",
            type=Number(0),
            default=0.0,
            metavar="S",
            help="Seen for at least S seconds.",
        ),
        click.option("--max-seconds", type=Number(0), metavar="S", help="Seen for at most S seconds."),
        click.option("--ignored", is_flag=True, help="Also those who are ignored."),
        click.option(
            "--sort",
            type=click.Choice(SORTS),
            default="seconds",
            show_default=True,
            help="Order of the list.",
        ),
        click.option("--reverse", is_flag=True, help="The other way round."),
        click.option(
            "--limit",
            type=click.IntRange(0),
            default=0,
            metavar="N",
            help="Only the first N.  [default: 0, all]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def sources_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option that chooses sources, for `sources`: patterns as `names_source` takes them.

    Args:
        what: What is of them, for the help.
    """
    return click.option(
        "--source",
        "sources",
        multiple=True,
        callback=lambda _ctx, _parameter, typed: tuple(map(typed_source, typed)),
        metavar="TEXT",
        help=f"{what}: its path, a part of it, a pattern with * and ?, or its id. May be repeated.",
    )


def camera_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option that chooses cameras, for `cameras`.

    Args:
        what: What is of them, for the help.
    """
    return click.option(
        "--camera",
        "cameras",
        multiple=True,
        metavar="NAME",
        help=f"{what}, by its whole name; * is any. May be repeated: by one of them, or in a file of "
        "--source.",
    )


def moment_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose moments, for `since` and `until`."""
    command = click.option(
        "--to",
        "until",
        type=When(end=True),
        metavar="WHEN",
        help="Seen at this moment or before; a date alone means its end.",
    )(command)
    return click.option(
        "--from",
        "since",
        type=When(),
        metavar="WHEN",
        help="Seen at this moment or later: a date (2026-05-01, 2026-05-01T18:30), or a time into the video "
        "(1:30).",
    )(command)


# Options of `people` that its subcommands heed as well.
_SHARED = frozenset({"as_json", "data_dir", "redis_url", "collection", "quiet", "debug", "verbose"})


def check_moments(since: Moment | None, until: Moment | None) -> None:
    """Refuse the ends of a time that are of different kinds.

    Raises:
        click.UsageError: If they are.
    """
    if None not in (since, until) and isinstance(since, datetime) is not isinstance(until, datetime):
        raise click.UsageError("--from and --to must both be dates, or both times into the video.")


def refuse_list_options(ctx: click.Context) -> None:
    """Say that an option before a subcommand would do nothing there.

    Raises:
        click.UsageError: If there is one.
    """
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if parameter.name not in _SHARED and source is ParameterSource.COMMANDLINE:
            option = "/".join((*parameter.opts, *parameter.secondary_opts))
            raise click.UsageError(
                f"{option} chooses whom `facestream people` lists, and does nothing before "
                f"`{ctx.invoked_subcommand}`. Leave it out there.",
                ctx,
            )


def typed_source(text: str) -> str:
    """A source as somebody types it: told by its whole path where the typed one is relative, or a link."""
    first, separator, _ = text.partition(os.sep)
    if not separator:
        return text
    path = Path(text).expanduser() if first == "~" else Path(text)
    try:
        whole = str(path.resolve())
    except (OSError, RuntimeError):
        # Links that lead round and round.
        return text
    is_link = os.path.exists(path) and not whole.endswith(text)  # noqa: PTH110 - what may not be looked at isn't
    return whole if first in (".", "..", "~") or is_link else text


@dataclass(frozen=True, slots=True)
class PeopleChoice:
    """What those options say.

    Attributes:
        where: Who is meant.
        sort: Order.
        reverse: The other way round.
        limit: Most people, 0 for all.
    """

    where: PeopleFilter
    sort: str
    reverse: bool
    limit: int

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> PeopleChoice:
        """From the values of `filter_options`."""
        names = (
            "sources",
            "cameras",
            "since",
            "until",
            "name",
            "named",
            "min_seconds",
            "max_seconds",
            "ignored",
        )
        chosen = {name: options[name] for name in names}
        check_moments(options["since"], options["until"])
        return cls(PeopleFilter(**chosen), options["sort"], options["reverse"], options["limit"])

    @property
    def narrows(self) -> bool:
        """Whether it leaves anybody out."""
        return replace(self.where, ignored=False) != PeopleFilter()

    def people(self, store: Store) -> tuple[list[Person], int, int]:
        """Those who are meant, how many there would be without the limit, and how many are ignored."""
        everybody = store.people(replace(self.where, ignored=True), sort=self.sort, reverse=self.reverse)
        people = [person for person in everybody if self.where.ignored or not person.ignored]
        return people[: self.limit or None], len(people), len(everybody) - len(people)


def tell_unknown_places(store: Store, where: PeopleFilter) -> None:
    """Say so of the first of some --source, and of some --camera, that names none."""
    tell_unknown_source(store, where.sources)
    known = [source for source in store.sources() if is_camera(source.source_id)] if where.cameras else []
    names = sorted({full_name(source.source_id, source.path) for source in known})
    unknown = next((name for name in where.cameras if name not in (ANY_CAMERA, *names)), None)
    if unknown is not None:
        there = f"there are {_listed(names)}" if names else "no camera has seen anything yet"
        click.echo(f"--camera {printable(unknown)} names no camera; {there}.", err=True)


def tell_unknown_source(store: Store, patterns: Sequence[str]) -> None:
    """Say so of the first of some --source that names none: totals would be wrong without a word."""
    sources = store.sources() if patterns else []
    if not sources:
        return
    for pattern in patterns:
        if not any(names_source(pattern, source.source_id, source.path) for source in sources):
            names = sorted({short_name(source.source_id, source.path) for source in sources})
            there = _listed(names)
            click.echo(f"--source {printable(pattern)} names no source; there are {there}.", err=True)
            return


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(printable, names[:_NAMED])) + more
