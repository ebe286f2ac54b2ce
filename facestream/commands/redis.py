"""facestream redis: the embedded server, for people without redis-cli."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.configuration.settings import Place


@click.command(
    name="redis",
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  facestream redis                                          keep the server up, print its socket
  facestream redis ZRANGE 'fs:{default}:identities' 0 -1    run one command
  facestream redis --json HGETALL 'fs:{default}:identity:p1'
  facestream redis --raw HGET 'fs:{default}:sample:ID' crop_jpeg > face.jpg
  redis-cli -s "$(facestream redis --socket)" PING          while something keeps it up
""",
)
@click.option("--socket", "only_socket", is_flag=True, help="Print the socket's path and leave.")
@click.option("--json", "as_json", is_flag=True, help="Print the reply as JSON.")
@click.option("--raw", is_flag=True, help="Write the bytes of the reply as they are, as of a picture.")
@click.option("--write", is_flag=True, help="Send a command that changes keys, too.")
@place_options()
@verbosity_options
@click.argument("arguments", nargs=-1)
def command(
    only_socket: bool,
    as_json: bool,
    raw: bool,
    write: bool,
    arguments: tuple[str, ...],
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    **_: Any,
) -> None:
    """Show the embedded server's socket and keep it up, or run one Redis command that reads.

    Without a command the server stays up until Ctrl-C, so that other programs can connect. docs/redis.md
    describes every key. The server says which commands read; those that change keys need --write, and what
    is about the whole server, as FLUSHALL, is never sent. What a script does (EVAL) is not looked into.
    """
    place = Place.of(data_dir, redis_url, collection)
    from facestream.commands.redis_rights import refuse_command
    from facestream.output import print_json
    from facestream.wiring import open_handle
    from storage.raw_command import run_command

    with open_handle(place) as handle, handle.errors():
        if arguments:
            refuse_command(handle, arguments, place, write=write)
            if not as_json:
                # As the server says it, PONG and not True; JSON keeps the client's objects for hashes.
                handle.client.response_callbacks.clear()
            reply = run_command(handle.client, arguments)
            if as_json:
                print_json(_plain(reply))
            elif raw and isinstance(reply, bytes):
                sys.stdout.buffer.write(reply)
            else:
                click.echo(_shown(reply))
            return
        done = threading.Event()
        if not only_socket:
            # Before the address is printed: whoever reads it may stop us at once.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: done.set())
        address = str(handle.socket_path) if handle.socket_path else handle.where
        click.echo(json.dumps({"address": address}) if as_json else address)
        if only_socket:
            return
        if not quiet:
            keeps = "The server is up" if handle.embedded else "Connected"
            click.echo(f"{keeps}; Ctrl-C ends this.", err=True)
        while not done.wait(0.5):
            continue


def _plain(reply: Any) -> Any:
    """A reply in types that JSON has; bytes that are no text are shown escaped."""
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "backslashreplace")
    if isinstance(reply, (list, tuple)):
        return [_plain(item) for item in reply]
    if isinstance(reply, set):
        return sorted(_plain(item) for item in reply)
    if isinstance(reply, dict):
        return {str(_plain(key)): _plain(value) for key, value in reply.items()}
    # The client makes dates of some replies, for instance.
    return reply if reply is None or isinstance(reply, (str, int, float)) else str(reply)


def _shown(reply: Any, indent: str = "") -> str:
    """A reply as redis-cli would show it."""
    if isinstance(reply, list):
        if not reply:
            return f"{indent}(empty)"
        return "\n".join(
            f"{indent}{number}) {_shown(item, indent + '   ').lstrip()}"
            for number, item in enumerate(reply, 1)
        )
    if reply is None:
        return f"{indent}(nil)"
    if isinstance(reply, bytes):
        text = reply.decode("utf-8", "backslashreplace")
        return indent + (text if text.isprintable() else json.dumps(text, ensure_ascii=False))
    return f"{indent}{reply}"
