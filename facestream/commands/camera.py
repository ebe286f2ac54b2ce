"""facestream camera: the cameras of a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_import import import_cameras
from facestream.commands.camera_look import snapshot, test
from facestream.commands.camera_options import listed, look_options, named_cameras, opened_book, wish_of
from facestream.commands.camera_remove import remove
from facestream.commands.camera_show import show
from facestream.errors import UsageError
from facestream.log_format import tell_warning
from facestream.output import print_json, print_table, printable

if TYPE_CHECKING:
    from facestream.cameras.camera_look import CameraLook
    from storage.camera_record import CameraRecord
    from stream.camera_url import CameraUrl
    from stream.errors import StreamError


@click.group(
    name="camera",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream camera add door rtsp://user:password@192.168.1.20:554/stream1
  facestream camera test door                    what does it send?
  facestream camera                              which there are, and how they are doing
  facestream camera snapshot door -o door.jpg --zones
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Cameras: add, list, test, pause or remove them.

    They are stored in Redis, so that workers on any host find them. Their URLs are sealed with a key that is
    not: docs/cameras.md.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="add",
    epilog="""\b
Examples:
  facestream camera add door rtsp://user:password@192.168.1.20:554/stream1
  facestream camera add door - < url.txt                        keeps the password out of `ps` and the history
  facestream camera add door 'rtsp://user:{env:DOOR_PASSWORD}@192.168.1.20/stream1'
  facestream camera add desk webcam:0 --fps 10 --zone "0,0 50%,0 50%,100% 0,100%"
""",
)
@click.argument("name")
@click.argument("url")
@look_options(add=True)
@click.option("--no-test", is_flag=True, help="Don't connect to it now to see what it sends.")
@click.option("--json", "as_json", is_flag=True, help="Print the camera as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def add(ctx: click.Context, /, name: str, url: str, no_test: bool, **options: Any) -> None:
    """Add a camera: NAME, and its URL.

    URL is rtsp://, rtsps://, http:// or https:// (MJPEG, HLS), webcam:0 or /dev/video0. What stands on a
    command line shows in `ps` and in the shell's history: with - it is read from standard input. Instead of a
    password, {env:NAME} or {file:/path} in it names a variable or a file that is read when the camera is
    opened. A camera that can't be reached is stored all the same, and tried again for ever.
    """
    from facestream.cameras.camera_book import camera_name
    from facestream.cameras.camera_look import failure_json, kind_of
    from facestream.cameras.camera_view import camera_json, look_json, settings_text
    from stream.detail import misfit

    name = camera_name(name)
    wish = wish_of(options, url)
    with opened_book(chosen_place(ctx)) as book:
        (record,) = book.add_all({name: wish})
    (seen, failure), (sub_seen, sub_failure) = (
        (None, None) if no_test or each is None else _first_look(each, record)
        for each in (wish.url, wish.sub_url)
    )
    wrong = ""
    if seen and sub_seen:
        wrong = misfit((sub_seen.width_px, sub_seen.height_px), (seen.width_px, seen.height_px))
    if chosen(ctx, "as_json"):
        print_json(
            camera_json(record)
            | {
                "seen": None if seen is None else look_json(seen),
                "error": None if failure is None else failure_json(failure),
                "sub_seen": None if sub_seen is None else look_json(sub_seen),
                "sub_error": None if sub_failure is None else failure_json(sub_failure),
            }
        )
    elif not chosen(ctx, "quiet"):
        click.echo(f"Camera {name!r} is added: {record.shown_url}, {settings_text(record)}.", err=True)
        for who, found in (("It", seen), ("Its sub-stream", sub_seen)):
            if found is not None:
                click.echo(
                    f"{who} sends {found.codec}, {found.width_px}x{found.height_px}; the first picture came "
                    f"after {found.first_picture_s:.1f} s.",
                    err=True,
                )
    for who, error in (("it", failure), ("its sub-stream", sub_failure)):
        if error is not None:
            said = printable(str(error)).rstrip(".")
            tell_warning(
                f"{who} gives no pictures now ({kind_of(error)}): {said}. It is stored all the same; "
                f"`facestream camera test {name}` tries again."
            )
    if wrong:
        tell_warning(f"faces would be cut out of the sub-stream: {wrong}.")


def _first_look(url: CameraUrl, record: CameraRecord) -> tuple[CameraLook | None, StreamError | None]:
    """What a camera sends, or why it sends nothing."""
    from facestream.cameras.camera_look import look
    from facestream.commands.camera_look import quick_settings
    from stream.errors import StreamError

    try:
        return look(url, quick_settings(record)), None
    except StreamError as error:
        return None, error


@command.command(
    name="set",
    epilog="""\b
Examples:
  facestream camera set door --fps 2 --no-zones
  facestream camera set door --url - < url.txt
""",
)
@click.argument("name")
@click.option("--url", metavar="URL", help="Where it is from now on; - reads it from standard input.")
@look_options(add=False)
@click.option("--no-sub-url", is_flag=True, help="Find faces in the picture itself again.")
@click.option("--no-zones", is_flag=True, help="Let faces count in the whole picture again.")
@click.option("--no-masks", is_flag=True, help="Take all masks away.")
@click.option("--no-min-face", is_flag=True, help="Choose the smallest face by the picture's size again.")
@click.option("--local", is_flag=True, help="Let workers connect to it again, instead of a reader's sending.")
@click.option("--json", "as_json", is_flag=True, help="Print the camera as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def change(ctx: click.Context, /, name: str, url: str | None, **options: Any) -> None:
    """Change a camera. What isn't named stays; zones and masks that are named replace all older ones.

    Workers take it up within seconds.
    """
    from facestream.cameras.camera_book import camera_name
    from facestream.cameras.camera_view import camera_json, settings_text
    from facestream.cameras.camera_wish import CameraWish

    names = {
        "no_sub_url": ("sub_url", ("sealed_sub_url", "shown_sub_url")),
        "no_zones": ("zones", ("zones",)),
        "no_masks": ("masks", ("masks",)),
        "no_min_face": ("min_face_px", ("min_face_px",)),
    }
    cleared: set[str] = set()
    for flag, (option, fields) in names.items():
        if options[flag]:
            if options[option]:
                raise UsageError(
                    f"--{flag.replace('_', '-')} takes away what another option gives. Choose one."
                )
            cleared.update(fields)
    if options["local"]:
        cleared.add("remote")
    wish = wish_of(options, url, frozenset(cleared))
    if wish == CameraWish():
        raise UsageError("nothing was named that is to change. `facestream camera set --help` lists it.")
    with opened_book(chosen_place(ctx)) as book:
        record = book.change(camera_name(name), wish)
    if chosen(ctx, "as_json"):
        print_json(camera_json(record))
    elif not chosen(ctx, "quiet"):
        click.echo(f"Camera {name!r}: {record.shown_url}, {settings_text(record)}.", err=True)


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream camera list
  facestream camera list --json | jq -r '.[] | select(.status.state == "failed").name'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List the cameras: state, frames per second looked at and sent, delay, faces, last error.

    URLs are shown without what could be a secret.
    """
    from facestream.cameras.camera_view import (
        COLUMNS,
        RIGHT,
        camera_json,
        camera_row,
        damaged_json,
        damaged_row,
    )
    from facestream.hint import command_line
    from storage.errors import RecordError

    place = chosen_place(ctx)
    with opened_book(place) as book:
        cameras = book.cameras()
    if chosen(ctx, "as_json"):
        print_json(
            [
                damaged_json(name, found) if isinstance(found, RecordError) else camera_json(found, status)
                for name, (found, status) in cameras.items()
            ]
        )
    elif cameras:
        rows = [
            damaged_row(name, found) if isinstance(found, RecordError) else camera_row(found, status)
            for name, (found, status) in cameras.items()
        ]
        print_table(COLUMNS, rows, RIGHT)
    else:
        add_one = command_line(
            place, "camera", "add", "door", "rtsp://user:password@192.168.1.20:554/stream1"
        )
        click.echo(f"There is no camera yet. Start with: {add_one}")


def _of_some_cameras(function: Callable[..., Any]) -> Callable[..., Any]:
    """What commands take that do something to cameras, those named or all."""
    decorators = (
        click.argument("names", metavar="NAME...", nargs=-1),
        click.option("--all", "everyone", is_flag=True, help="All cameras."),
        click.option("--json", "as_json", is_flag=True, help="Print the cameras as JSON."),
        place_options(),
        verbosity_options,
        click.pass_context,
    )
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


@command.command(name="pause", epilog="\b\nExample:\n  facestream camera pause door garden")
@_of_some_cameras
def pause(ctx: click.Context, /, names: tuple[str, ...], everyone: bool, **_: Any) -> None:
    """Leave cameras alone until they are resumed: nobody connects to them."""
    _set_paused(ctx, names, everyone=everyone, paused=True)


@command.command(name="resume", epilog="\b\nExample:\n  facestream camera resume --all")
@_of_some_cameras
def resume(ctx: click.Context, /, names: tuple[str, ...], everyone: bool, **_: Any) -> None:
    """Watch cameras again that were paused."""
    _set_paused(ctx, names, everyone=everyone, paused=False)


def _set_paused(ctx: click.Context, names: tuple[str, ...], *, everyone: bool, paused: bool) -> None:
    from facestream.cameras.camera_view import camera_json

    with opened_book(chosen_place(ctx)) as book:
        records: list[CameraRecord] = book.set_paused(
            named_cameras(book, names, everyone=everyone), paused=paused
        )
    if chosen(ctx, "as_json"):
        print_json([camera_json(record) for record in records])
    elif not chosen(ctx, "quiet"):
        what = "Paused" if paused else "Resumed"
        click.echo(f"{what}: {listed([record.name for record in records])}.", err=True)


for subcommand in (import_cameras, show, test, snapshot, remove):
    command.add_command(subcommand)
