"""facestream camera test and snapshot: one look at a camera."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_options import opened_book, typed_url
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError, UsageError
from facestream.log_format import tell_error, tell_warning
from facestream.output import check_writable, print_json, printable, written_file
from facestream.parsing import Number

if TYPE_CHECKING:
    from storage.camera_record import CameraRecord
    from stream.camera_url import CameraUrl
    from stream.live_settings import LiveSettings

_PATIENCE_S = 10.0
_PICTURES = (".jpg", ".jpeg", ".png")
_URL_BEGINNINGS = ("webcam:", "/dev/", "-")


@click.command(
    name="test",
    epilog="""\b
Examples:
  facestream camera test door
  facestream camera test rtsp://user:password@192.168.1.20:554/stream1
  facestream camera test - < url.txt

\b
Exit codes: 0 it gives pictures, 1 it doesn't, 2 wrong usage.
""",
)
@click.argument("camera", metavar="NAME|URL")
@click.option(
    "--seconds",
    type=Number(0.5, 60),
    default=3.0,
    show_default=True,
    metavar="S",
    help="How long to count pictures.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def test(ctx: click.Context, /, camera: str, seconds: float, **_: Any) -> int:
    """Connect to a camera and say what it sends: codec, size, pictures per second, delay of the first.

    Nothing is stored. A URL of - is read from standard input. What fails is "unreachable" (trying again may
    help), "refused" (only you can mend it: a password, a path, a codec), or "lost" on the way.
    """
    from facestream.cameras.camera_look import failure_json, kind_of, look
    from facestream.cameras.camera_view import look_json, look_lines
    from stream.detail import misfit
    from stream.errors import StreamError

    record, urls = _urls(camera, chosen_place(ctx))
    as_json = chosen(ctx, "as_json")
    told: dict[str, Any] = {}
    sizes_px: dict[str, tuple[int, int]] = {}
    failed = False
    for what, url in urls.items():
        if not as_json:
            click.echo(f"{what:<14}{printable(url.masked)}")
        try:
            seen = look(url, quick_settings(record), seconds)
        except StreamError as error:
            failed = True
            told[what] = {"url": url.masked, "error": failure_json(error)}
            if not as_json:
                tell_error(f"{kind_of(error)}: {printable(str(error))}")
            continue
        sizes_px[what] = seen.width_px, seen.height_px
        told[what] = {"url": url.masked, **look_json(seen), "error": None}
        if not as_json:
            for name, value in look_lines(seen):
                click.echo(f"{name:<14}{printable(value)}")
    if len(sizes_px) > 1 and (wrong := misfit(sizes_px["sub-stream"], sizes_px["camera"])):
        tell_warning(f"faces would be cut out of the sub-stream: {wrong}.")
    if as_json:
        print_json(told)
    return 1 if failed else 0


@click.command(
    name="snapshot",
    epilog="""\b
Examples:
  facestream camera snapshot door -o door.jpg
  facestream camera snapshot door -o door.jpg --zones     see where faces count
""",
)
@click.argument("camera", metavar="NAME|URL")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to: a .jpg or .png file. An older one is replaced.",
)
@click.option("--zones", is_flag=True, help="Outline zones in blue, and fill masks in orange.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def snapshot(ctx: click.Context, /, camera: str, output: Path, zones: bool, **_: Any) -> None:
    """Write the first picture that a camera sends to a file.

    A URL of - is read from standard input.
    """
    import cv2

    from facestream.cameras.camera_look import kind_of, look
    from facestream.drawing.areas import with_areas
    from stream.errors import StreamError

    if output.suffix.lower() not in _PICTURES:
        raise UsageError(f"{output}: pictures are written as .jpg or .png. Choose one of these endings.")
    record, urls = _urls(camera, chosen_place(ctx))
    if zones and record is None:
        raise UsageError("a camera that isn't stored has no zones. Name one of `facestream camera list`.")
    check_writable(output, picture_of=())
    try:
        seen = look(urls["camera"], quick_settings(record))
    except StreamError as error:
        raise FacestreamError(f"{urls['camera'].masked}: {kind_of(error)}: {error}") from error
    image_bgr = seen.image_bgr
    if zones and record is not None:
        image_bgr = with_areas(image_bgr, record.zones, record.masks)
    encoded = cv2.imencode(output.suffix.lower(), image_bgr)[1]
    with written_file(output, text=False, picture=True) as written:
        written.write(encoded.tobytes())
    if chosen(ctx, "as_json"):
        size = {"width_px": seen.width_px, "height_px": seen.height_px}
        print_json({"file": str(output.resolve()), **size})
    elif not chosen(ctx, "quiet"):
        click.echo(f"{output}: {seen.width_px}x{seen.height_px}", err=True)


def quick_settings(record: CameraRecord | None) -> LiveSettings:
    """How to read a camera for a short look; as usual, where it isn't stored."""
    from stream.live_settings import LiveSettings

    if record is None:
        return LiveSettings(open_timeout_s=_PATIENCE_S, stall_s=_PATIENCE_S)
    return LiveSettings(
        transport=record.transport,
        hwaccel=record.hwaccel,
        keyframes_only=record.keyframes_only,
        open_timeout_s=_PATIENCE_S,
        stall_s=_PATIENCE_S,
    )


def _urls(camera: str, place: Place) -> tuple[CameraRecord | None, dict[str, CameraUrl]]:
    """A camera by its name, or one that isn't stored by its URL; with the URLs of its pictures."""
    from facestream.cameras.camera_book import camera_name, camera_url

    # With an @ it is a URL without its scheme, and what it says of that holds no password.
    if "://" in camera or "@" in camera or camera.startswith(_URL_BEGINNINGS):
        return None, {"camera": camera_url(typed_url(camera))}
    with opened_book(place) as book:
        record = book.get(camera_name(camera))
        url, sub_url = book.urls(record)
    return record, {"camera": url, **({} if sub_url is None else {"sub-stream": sub_url})}
