"""facestream camera remove: cameras that are no more; who was seen by them stays."""

from __future__ import annotations

from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_options import listed, named_cameras, opened_book
from facestream.output import confirm, print_json


@click.command(
    name="remove",
    epilog="""\b
Examples:
  facestream camera remove door
  facestream camera remove door garden --yes
""",
)
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the names as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def remove(ctx: click.Context, /, names: tuple[str, ...], yes: bool, **_: Any) -> None:
    """Remove cameras. Who was seen by them stays."""
    with opened_book(chosen_place(ctx)) as book:
        chosen_names = named_cameras(book, names, everyone=False)
        confirm(f"Remove {listed(chosen_names)}?", yes=yes)
        book.remove(chosen_names)
    if chosen(ctx, "as_json"):
        print_json(chosen_names)
    elif not chosen(ctx, "quiet"):
        click.echo(f"Removed: {listed(chosen_names)}.", err=True)
        _tell_of_webhooks(ctx, frozenset(chosen_names))


def _tell_of_webhooks(ctx: click.Context, removed: frozenset[str]) -> None:
    """Say which webhooks name a camera that is gone."""
    from facestream.hint import command_line
    from facestream.webhooks.webhook_wiring import opened_webhooks
    from storage.webhook_record import WebhookRecord

    place = chosen_place(ctx)
    with opened_webhooks(place) as webhooks:
        records = [record for record, _ in webhooks.all().values() if isinstance(record, WebhookRecord)]
    for record in records:
        if removed.intersection(record.cameras):
            away = command_line(place, "webhook", "remove", record.webhook_id)
            click.echo(f"Webhook {record.webhook_id} names such a camera: `{away}` takes it away.", err=True)
