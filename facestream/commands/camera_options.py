"""Options that say where a camera is and how it is looked at."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from facestream.configuration.setting_option import setting_option
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.parsing import Number

if TYPE_CHECKING:
    from facestream.cameras.camera_book import CameraBook
    from facestream.cameras.camera_wish import CameraWish
    from storage.people_reader import PeopleReader
    from storage.polygon import Polygon

    _PolygonType = click.ParamType[Polygon]
    _NameType = click.ParamType[str]
else:
    _PolygonType = _NameType = click.ParamType

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Area(_PolygonType):
    """Part of a picture: "x,y x,y x,y ..."."""

    name = "area"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Polygon:
        """Corners as shares of width and height."""
        from facestream.cameras.area import parse_area

        try:
            return parse_area(str(value))
        except ValueError as error:
            self.fail(f"{str(value)[:60]!r} is no area: {error}.", param, ctx)


class DecoderName(_NameType):
    """None, auto, or FFmpeg's name of a decoding device."""

    name = "decoder"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it was written."""
        from facestream.cameras.camera_wish import HWACCEL

        if not HWACCEL.fullmatch(str(value)):
            self.fail(f"{str(value)[:40]!r} is neither none nor auto nor a name such as cuda", param, ctx)
        return str(value)


def look_options(*, add: bool) -> Decorator:
    """The options of a camera that say how it is looked at.

    Args:
        add: Whether settings say what is usual where one isn't typed.
    """

    def option(*words: str, setting: str, **more: Any) -> Decorator:
        if add:
            return setting_option(*words, setting=f"camera.{setting}", **more)
        return click.option(*words, **{name: value for name, value in more.items() if name != "default"})

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        options = (
            click.option(
                "--sub-url",
                metavar="URL",
                help="A smaller picture of the same, to find faces in; crops are cut out of the large one.",
            ),
            option(
                "--fps",
                setting="fps",
                type=Number(0, 25, min_open=True),
                default=5.0,
                show_default=add,
                metavar="N",
                help="Looks per second, at most 25.",
            ),
            click.option(
                "--zone",
                "zones",
                multiple=True,
                type=Area(),
                metavar='"X,Y X,Y X,Y..."',
                help="Only faces with their centre in here count: three corners or more, as shares of the "
                "picture (0.5) or percent (50%). May be given several times.",
            ),
            click.option(
                "--mask",
                "masks",
                multiple=True,
                type=Area(),
                metavar='"X,Y X,Y X,Y..."',
                help="Faces with their centre in here don't. May be given several times.",
            ),
            option(
                "--min-face",
                "min_face_px",
                setting="min_face",
                type=Number(12, 10000),
                metavar="PX",
                help="Smallest face to look for; else by the size of the picture.",
            ),
            option(
                "--transport",
                setting="transport",
                type=click.Choice(["auto", "tcp", "udp"]),
                default="auto",
                show_default=add,
                help="How RTSP brings the pictures.",
            ),
            option(
                "--hwaccel",
                setting="hwaccel",
                type=DecoderName(),
                default="none",
                show_default=add,
                metavar="NAME",
                help="What decodes: none is the processor, auto the best there is, else FFmpeg's name of it.",
            ),
            option(
                "--keyframes-only/--all-frames",
                setting="keyframes_only",
                default=False,
                show_default=add,
                help="Decode key frames alone, which costs little and sees seldom.",
            )
            if add
            else click.option(
                "--keyframes-only/--all-frames",
                default=None,
                help="Decode key frames alone, or all.",
            ),
        )
        for each in reversed(options):
            command = each(command)
        return command

    return decorate


def wish_of(options: dict[str, Any], url: str | None, cleared: frozenset[str] = frozenset()) -> CameraWish:
    """What the options of `look_options` say.

    Raises:
        UsageError: If a URL is none of a camera.
    """
    from facestream.cameras.camera_book import camera_url
    from facestream.cameras.camera_wish import SETTINGS, CameraWish

    sub_url = options["sub_url"]
    return CameraWish(
        None if url is None else camera_url(typed_url(url)),
        None if sub_url is None else camera_url(typed_url(sub_url)),
        tuple(options["zones"]) or None,
        tuple(options["masks"]) or None,
        {name: options[name] for name in SETTINGS if options[name] is not None},
        cleared,
    )


def typed_url(text: str) -> str:
    """A URL from the command line; where it is -, from standard input."""
    if text != "-":
        return text
    if sys.stdin.isatty():
        click.echo("Type the camera's URL, then Enter:", err=True)
    return sys.stdin.readline().rstrip("\n")


@contextlib.contextmanager
def opened_book(place: Place) -> Iterator[CameraBook]:
    """The cameras of a collection within a `with` block; errors as those of `opened_cameras`."""
    with opened_cameras(place) as (book, _):
        yield book


@contextlib.contextmanager
def opened_cameras(place: Place) -> Iterator[tuple[CameraBook, PeopleReader]]:
    """The cameras of a collection, and what was seen by them, within a `with` block.

    Raises:
        UsageError: If no collection can be called so.
        StorageError: If the folder or the server can't be used.
    """
    from facestream.cameras.camera_book import CameraBook
    from facestream.wiring import keys_of, make_camera_store, make_reader, open_folder, open_handle

    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        reader = make_reader(handle, keys)
        reader.check_schema()
        yield CameraBook(make_camera_store(handle, keys), keys, open_folder(place).path), reader


def named_cameras(book: CameraBook, names: tuple[str, ...], *, everyone: bool) -> list[str]:
    """The cameras that are meant, which are there."""
    if everyone and names:
        raise UsageError("--all means every camera; leave the names out.")
    if not everyone and not names:
        raise UsageError(f"no camera was named: there are {', '.join(book.names()) or 'none yet'}.")
    return book.names() if everyone else book.found(names)


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names) or "no camera"
