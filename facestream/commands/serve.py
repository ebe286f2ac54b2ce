"""facestream serve: the HTTP API and the web page."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.configuration.setting_option import setting_option
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.processes.stopping import stopping

if TYPE_CHECKING:
    from facestream.configuration.serve_table import ServeTable
    from facestream.web.context import WebContext

# Collections that are named where the one that was asked for is empty.
_NAMED = 5


@click.command(
    name="serve",
    epilog="""\b
Examples:
  facestream serve                               then open http://127.0.0.1:8765
  facestream serve --collection demo             the people of `facestream demo`
  facestream serve --port 0 --json               any free port, which is printed
  facestream token add family --scope write      a token, for others than this machine
  facestream serve --host 0.0.0.0                for the whole network, with tokens

\b
Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 something failed, 2 wrong usage, 130 interrupted before it
served.
""",
)
@setting_option(
    "--host",
    setting="serve.host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen on. Any but this machine's own needs tokens.",
)
@setting_option(
    "--port",
    setting="serve.port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    metavar="PORT",
    help="Port to listen on; 0 takes a free one.",
)
@setting_option(
    "--require-token/--no-require-token",
    setting="serve.require_token",
    default=False,
    show_default=True,
    help="Whether callers on this machine need a token as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print where it is as one line of JSON.")
@place_options()
@verbosity_options
def command(host: str, port: int, require_token: bool, as_json: bool, **options: Any) -> None:
    """Serve the page and the HTTP API of a collection, until Ctrl-C.

    On this machine nobody needs a token, unless the settings say so; whoever comes from elsewhere does
    (`facestream token`). Further settings are in the table [serve]. docs/serving.md tells more.
    """
    from facestream.configuration.given_settings import settings

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    given = {"host": host, "port": port, "require_token": require_token}
    perform(place, settings().serve.model_copy(update=given), as_json=as_json, quiet=options["quiet"])


def perform(place: Place, serve: ServeTable, *, as_json: bool, quiet: bool) -> None:
    """Serve until somebody ends it.

    Args:
        place: The collection.
        serve: How it is served.
        as_json: For machines.
        quiet: Without what goes well.
    """
    from facestream.web.listening import listen, url_of

    # First, as it takes no time: whoever has typed a wrong port need not wait for a server to start.
    with listen(serve.host, serve.port) as listening:
        from facestream.serving.web_wiring import open_context
        from facestream.web.app import make_app
        from facestream.web.server import WebServer

        _settle_retention(place)
        with open_context(place, serve) as context:
            _check_reachable(context)
            server = WebServer(make_app(context), serve, context.live_feed.close)
            url = url_of(listening)
            if as_json:
                # One line: whoever reads it need not know where the object ends.
                click.echo(json.dumps({"page": url, "api": f"{url}/api/v1"}))
            elif not quiet:
                click.echo(f"Page: {url}\nAPI:  {url}/api/v1 (described by {url}/api/v1/openapi.json)")
            # Now, for whoever reads from a pipe.
            sys.stdout.flush()
            for note in [] if quiet else _notes(context):
                click.echo(note, err=True)

            def end() -> None:
                context.haste.begin()
                server.end()

            with stopping(end):
                server.run_on(listening)


def _notes(context: WebContext) -> Iterator[str]:
    """What somebody who has just started it may not expect."""
    from facestream.jobs.job_folders import folders_of
    from facestream.web.listening import is_loopback

    hint = context.store.hint
    info = context.store.info()
    if not info.sources:
        others = [name for name in context.store.collections() if name != info.name]
        yield (
            f"Collection {info.name!r} is empty so far: drop videos on the page, or `{hint('run', 'VIDEO')}`."
            + (f" There are others: {', '.join(others[:_NAMED])}." if others else "")
        )
    for folder in folders_of(context.serve.folders or ""):
        if not folder.is_dir():
            yield f"serve.folders: {folder} is no folder; nothing is processed from there."
    if context.access.token_required:
        yield f"Everybody needs a token: `{hint('token')}` lists those that there are."
    if not is_loopback(context.serve.host):
        yield (
            "Others reach it by this machine's address, over plain HTTP: docs/serving.md says how to put "
            "TLS in front."
        )


def _settle_retention(place: Place) -> None:
    """Let it be said how long people are kept: now on a terminal, else where there are cameras already."""
    from facestream.erasure.retention import settle_policy
    from facestream.wiring import keys_of, make_camera_store, open_handle

    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        if sys.stdin.isatty() or make_camera_store(handle, keys).names():
            settle_policy(handle, keys, place)


def _check_reachable(context: WebContext) -> None:
    """Refuse to serve whom nobody could log in to.

    Raises:
        UsageError: If tokens are needed and there are none.
    """
    if not context.access.token_required or context.access.has_tokens():
        return
    from facestream.web.listening import is_loopback

    host = context.serve.host
    why = (
        f"{host} can be reached from other machines"
        if not is_loopback(host)
        else "the settings ask for tokens"
    )
    raise UsageError(
        f"{why}, and nobody has a token yet. Make one: `{context.store.hint('token', 'add', 'NAME')}`."
    )
