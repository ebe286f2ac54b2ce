"""Commands and paths that messages suggest: they work when they are pasted where the message was printed."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from facestream.configuration.given_settings import given_settings
from facestream.configuration.setting_option import typed_config
from facestream.configuration.settings import DEFAULT_COLLECTION, Place
from storage.redaction import redact_url


def command_line(place: Place, *words: str, collection: bool = True) -> str:
    """A command for a place, with the options that lead there.

    Args:
        place: Where the command is to work.
        words: The command and its arguments, quoted here where a shell needs that.
        collection: Whether the command has the option `--collection`.
    """
    config = typed_config()
    settings = [] if config is None else ["--config", shlex.quote(config)]
    return " ".join(
        [
            program(),
            *settings,
            *map(shlex.quote, words),
            *place_options(place, collection=collection, config_named=True),
        ]
    )


def place_options(place: Place, *, collection: bool = True, config_named: bool = False) -> list[str]:
    """What leads to a place on the command line, quoted; without what is so by default or by a setting.

    The URL of a server is shown without its secrets, so that one with a password has to be completed.

    Args:
        place: The place.
        collection: Whether to name the collection.
        config_named: Whether what stands before them has a `--config` that was typed; else they do without.
    """
    if config_named or typed_config() is None:
        given = Place.of(collection=place.collection)
        usual = given_settings().text("collection") or DEFAULT_COLLECTION
    else:
        given, usual = Place(collection=place.collection), None
    said: list[tuple[str, str]] = []
    if collection and place.collection != usual:
        said.append(("--collection", place.collection))
    folder = str(place.data_dir) if place.data_dir else ""
    if place != given:
        # A folder that is named wins over a server from the environment.
        if folder and (place.data_dir != given.data_dir or not place.redis_url):
            said.append(("--data-dir", folder))
        if place.redis_url:
            said.append(("--redis", redact_url(place.redis_url)))
    return [part for option, value in said for part in (option, shlex.quote(value))]


def program() -> str:
    """How this program can be started from here: by its name, or by its path where that isn't searched."""
    if shutil.which("facestream"):
        return "facestream"
    started = Path(sys.argv[0])
    if started.name == "facestream":
        return shlex.quote(shown_path(started))
    return f"{shlex.quote(sys.executable)} -m facestream"


def shown_path(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
