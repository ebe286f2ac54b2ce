"""facestream webhook: who is told of what happens by a request."""

from __future__ import annotations

import sys
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.errors import FacestreamError
from facestream.output import confirm, print_json, print_table, printable
from facestream.parsing import Number

_KINDS = ("created", "assigned", "split", "merged", "vanished", "renamed", "forgotten", "camera")


@click.group(
    name="webhook",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream webhook add https://example.org/faces --unknown --live --cooldown 300
  facestream webhook                             which there are, and how they are doing
  facestream webhook test w0123456789ab
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Webhooks: add, list, try or remove them.

    `facestream serve` sends each event to them as signed JSON and tries again for a day where nobody takes
    it: docs/webhooks.md. Their URLs and secrets are sealed in Redis.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="add",
    epilog="""\b
Examples:
  facestream webhook add https://example.org/faces
  facestream webhook add https://example.org/door --person p3 --person p12 --live --cooldown 600
  facestream webhook add https://example.org/shop --unknown --live --camera door --camera till
  facestream webhook add https://example.org/ops --kind camera       cameras that go down and come back
  facestream webhook add - --unknown < url.txt          keeps the URL out of `ps` and the history
""",
)
@click.argument("url")
@click.option("--person", "people", multiple=True, metavar="ID", help="Only of this person. Repeatable.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only events of this kind. Repeatable."
)
@click.option(
    "--unknown",
    "unknown_only",
    is_flag=True,
    help="Only sightings of people without a name, and who aren't ignored.",
)
@click.option(
    "--camera",
    "cameras",
    multiple=True,
    metavar="NAME",
    help="Only what this camera saw, or of it. Repeatable.",
)
@click.option(
    "--live",
    "live_only",
    is_flag=True,
    help="Only sightings by cameras as they happen: none in files, by a re-cluster, of who is ignored, or "
    "told late. Whoever was taken for somebody else at first is told of when that is found out.",
)
@click.option(
    "--cooldown",
    "cooldown_s",
    type=Number(0, 604800),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="For so long, no other sighting of the same person.",
)
@click.option(
    "--secret-file",
    type=click.File(),
    metavar="FILE",
    help="What deliveries are signed with; - is standard input. Else one is made up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the webhook as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def add(ctx: click.Context, /, url: str, secret_file: Any, **options: Any) -> None:
    """Add a webhook: URL is https:// or http://, or - to read it from standard input.

    Only public addresses are sent to, and the networks in the setting serve.webhook_networks. The secret is
    printed once; the receiver checks signatures with it.
    """
    from facestream.errors import UsageError
    from facestream.webhooks.webhook_book import WebhookWish
    from facestream.webhooks.webhook_wiring import opened_webhooks

    if url == "-":
        if secret_file is sys.stdin:
            raise UsageError("standard input can't hold both the URL and the secret.")
        url = sys.stdin.readline().strip()
    secret = None if secret_file is None else secret_file.read().strip()
    wish = WebhookWish(
        url,
        secret,
        options["people"],
        options["kinds"],
        unknown_only=options["unknown_only"],
        cooldown_s=options["cooldown_s"],
        cameras=options["cameras"],
        live_only=options["live_only"],
    )
    with opened_webhooks(chosen_place(ctx)) as book:
        record, made = book.add(wish)
        told = book.json(*book.get(record.webhook_id))
    if chosen(ctx, "as_json"):
        print_json(told | {"secret": made})
        return
    click.echo(record.webhook_id)
    if not chosen(ctx, "quiet"):
        click.echo(f"Webhook {record.webhook_id} is added: {record.shown_url}.", err=True)
        if secret is None:
            click.echo(f"Its secret, which is not shown again: {made}", err=True)


@command.command(name="list", epilog="\b\nExample:\n  facestream webhook list --json | jq '.[].last_error'")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List the webhooks: what they are told, what was delivered, given up and waits, and the last error."""
    from facestream.hint import command_line
    from facestream.webhooks.webhook_wiring import opened_webhooks
    from storage.errors import RecordError

    place = chosen_place(ctx)
    with opened_webhooks(place) as book:
        told = [
            {"id": webhook_id, "damaged": str(record)}
            if isinstance(record, RecordError)
            else book.json(record, state)
            for webhook_id, (record, state) in book.all().items()
        ]
    if chosen(ctx, "as_json"):
        print_json(told)
    elif told:
        columns = ("webhook", "url", "told of", "delivered", "failed", "waiting", "last error")
        print_table(columns, [_row(facts) for facts in told], frozenset({"delivered", "failed", "waiting"}))
    else:
        first = command_line(place, "webhook", "add", "https://example.org/faces")
        click.echo(f"There is no webhook yet. Start with: {first}")


@command.command(name="remove", epilog="\b\nExample:\n  facestream webhook remove w0123456789ab --yes")
@click.argument("webhook_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the id as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def remove(ctx: click.Context, /, webhook_id: str, yes: bool, **_: Any) -> None:
    """Remove a webhook. What it had still to be told is told no more."""
    from facestream.webhooks.webhook_wiring import opened_webhooks

    with opened_webhooks(chosen_place(ctx)) as book:
        record, _state = book.get(webhook_id)
        confirm(f"Remove {webhook_id} ({printable(record.shown_url)})?", yes=yes)
        book.remove(webhook_id)
    if chosen(ctx, "as_json"):
        print_json([webhook_id])
    elif not chosen(ctx, "quiet"):
        click.echo(f"Removed: {webhook_id}.", err=True)


@command.command(name="test", epilog="\b\nExample:\n  facestream webhook test w0123456789ab")
@click.argument("webhook_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def test(ctx: click.Context, /, webhook_id: str, **_: Any) -> None:
    """Send a webhook an event of the kind `test` now, once, and say what the receiver answered."""
    from facestream.webhooks.webhook_wiring import opened_webhooks

    with opened_webhooks(chosen_place(ctx)) as book:
        outcome = book.test(webhook_id)
    if chosen(ctx, "as_json"):
        print_json(
            {
                "ok": outcome.is_taken,
                "status": outcome.status,
                "error": outcome.error or None,
                "seconds": round(outcome.seconds, 3),
            }
        )
    elif outcome.is_taken and not chosen(ctx, "quiet"):
        click.echo(f"The receiver took it: {outcome.status} after {outcome.seconds:.2f} s.", err=True)
    if not outcome.is_taken:
        raise FacestreamError(f"{webhook_id}: {outcome.error}")


def _row(facts: dict[str, Any]) -> list[str]:
    if "damaged" in facts:
        return [facts["id"], "damaged", "-", "-", "-", "-", facts["damaged"]]
    return [
        facts["id"],
        facts["url"],
        _what(facts),
        str(facts["delivered"]),
        str(facts["failed"]),
        str(facts["waiting"]) if facts["waiting"] < 1000 else "1000+",
        facts["last_error"] or "",
    ]


def _what(facts: dict[str, Any]) -> str:
    """What a webhook is told, in words."""
    people = facts["people"]
    parts = [
        ", ".join(facts["kinds"])
        or ("sightings" if facts["unknown_only"] or facts["live_only"] else "everything")
    ]
    if facts["unknown_only"]:
        parts.append("of people without a name")
    if people is not None:
        parts.append(
            f"of {', '.join(people[:5])}{' ...' if len(people) > 5 else ''}" if people else "of nobody"
        )
    if facts["cameras"]:
        more = " ..." if len(facts["cameras"]) > 5 else ""
        parts.append(f"at {', '.join(facts['cameras'][:5])}{more}")
    if facts["live_only"]:
        parts.append("as they happen")
    if facts["cooldown_s"]:
        parts.append(f"every {facts['cooldown_s']:g} s at most")
    return " ".join(parts)
