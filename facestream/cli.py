"""The command line: its commands are imported only when they run, so that --help is quick."""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable
from typing import Any

import click

from facestream import __version__
from facestream.configuration.given_settings import given_settings
from facestream.configuration.setting_option import heed_settings, setting_option, use_config, was_typed
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_COLLECTION, DEFAULT_MODELS, Place
from facestream.errors import SettingsError
from facestream.log_format import FORMATS, TEXT, configure
from facestream.parsing import DeviceName

_COMMANDS = {
    "run": ("facestream.commands.run", "Find the people in videos and photos."),
    "backfill": ("facestream.commands.backfill", "Find the people in an archive, over all cores."),
    "watch": ("facestream.commands.watch", "Find the people in front of cameras, live."),
    "people": ("facestream.commands.people", "List, show, name, find or forget people."),
    "report": ("facestream.commands.report", "Write a page with everybody's faces and times."),
    "compare": ("facestream.commands.compare", "Say whether two photos show the same person."),
    "cluster": (
        "facestream.commands.cluster",
        "Group faces by a classic algorithm, to compare or to learn.",
    ),
    "evaluate": ("facestream.commands.evaluate", "Compare found people with known ones."),
    "tracks": ("facestream.commands.tracks", "List faces as they were followed, or show one."),
    "sources": (
        "facestream.commands.sources",
        "List in what people were looked for, and what is gone of it.",
    ),
    "stats": ("facestream.commands.stats", "Show how steady people are from one re-cluster to the next."),
    "export": ("facestream.commands.export", "Write faces as CSV, JSON, MOTChallenge or captions."),
    "dead": ("facestream.commands.dead", "List, show, retry or drop what could not be taken in."),
    "retention": (
        "facestream.commands.retention",
        "Say how long people are kept, and delete what is over age.",
    ),
    "encryption": (
        "facestream.commands.encryption",
        "Encrypt vectors and pictures of faces where they are stored.",
    ),
    "readers": ("facestream.commands.readers", "List who reads the streams, or drop a consumer group."),
    "collections": ("facestream.commands.collections", "List, measure or drop sets of people."),
    "backup": ("facestream.commands.backup", "Write a collection to one file."),
    "restore": ("facestream.commands.restore", "Read a collection back from a backup."),
    "reembed": ("facestream.commands.reembed", "Change a collection to other models."),
    "demo": ("facestream.commands.demo", "Make a video and find the people in it."),
    "calibrate": (
        "facestream.commands.calibrate",
        "Measure how alike strangers and the same person look to a model.",
    ),
    "worker": ("facestream.commands.worker", "Look at a share of all cameras, beside other workers."),
    "cluster-worker": (
        "facestream.commands.cluster_worker",
        "Find the people in what workers send.",
    ),
    "models": ("facestream.commands.models", "List, show, pull, add, verify or remove model packs."),
    "doctor": ("facestream.commands.doctor", "Check this installation and measure its speed."),
    "serve": ("facestream.commands.serve", "Serve the web page and the HTTP API."),
    "token": ("facestream.commands.token", "Add, list or remove tokens of the web page and the API."),
    "reader": ("facestream.commands.reader", "Send frames of cameras to workers on other hosts."),
    "camera": ("facestream.commands.camera", "Add, list, test, pause or remove cameras."),
    "webhook": ("facestream.commands.webhook", "Add, list, test or remove webhooks."),
    "config": ("facestream.commands.config", "Check the settings file, or show what is set and where."),
    "redis": ("facestream.commands.redis", "Show the embedded server's socket, or run a Redis command."),
}

_WHICH_MODELS = "Model pack: one of `facestream models`, a folder with one, or DETECTOR+EMBEDDER of two."
_LEVEL, _LINES = "facestream.log_level", "facestream.log_format"
_OWN_MODELS = f"the collection's own, else {DEFAULT_MODELS}"


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the commands in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look a command up; one that is misspelt gets the nearest as a suggestion."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            like = get_close_matches(args[0].lower(), _COMMANDS, 1)
            if like and args[0] not in _COMMANDS:
                raise click.UsageError(f"{error.message} Did you mean {like[0]!r}?", ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from their one-line helps."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  facestream demo                        see it work, without any file of your own
  facestream run holiday.mp4             find the people in a video
  facestream run ~/Pictures              group a folder of photos by person
  facestream watch                       find people in front of cameras (facestream camera add)
  facestream people                      who was seen, how long, when
""",
)
@click.option(
    "--config",
    metavar="FILE",
    expose_value=False,
    callback=use_config,
    help="Settings file.  [env var: FACESTREAM_CONFIG; default: ./facestream.toml, else "
    "facestream/facestream.toml in the user's config folder]",
)
@click.option(
    "--log-format",
    type=click.Choice(FORMATS),
    expose_value=False,
    callback=lambda ctx, param, lines: _choose_log_format(ctx, param, lines),
    help="How log lines and errors look: text, or one JSON object a line. Commands take it as well.",
)
@click.version_option(__version__, prog_name="facestream")
def cli() -> None:
    """Find the people in videos and photos: who was seen, where, when, with a face to look at.

    Nobody is enrolled first: people come out of clustering, and they stay in Redis. Without a server of your
    own (--redis), facestream runs one in its data folder.
    """


def data_dir_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option that says where the data folder is."""
    return click.option(
        "--data-dir",
        metavar="FOLDER",
        type=click.Path(file_okay=False),
        callback=heed_settings,
        help=f"{what}  [env var: FACESTREAM_DATA_DIR; default: the user's data folder]",
    )


def _collection_option(collection: str | None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    help_text = "Which set of people."
    if collection == DEFAULT_COLLECTION:
        return setting_option(
            "--collection",
            setting="collection",
            default=collection,
            show_default=True,
            metavar="NAME",
            help=help_text,
        )
    # A collection of the command's own choice, which is no setting.
    return click.option("--collection", default=collection, show_default=True, metavar="NAME", help=help_text)


def place_options(
    collection: str | None = DEFAULT_COLLECTION,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options that say where people are stored.

    Args:
        collection: The collection unless one is named; None where the command knows another way to tell.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        options = (
            data_dir_option("Data folder with the embedded server."),
            click.option(
                "--redis",
                "redis_url",
                metavar="URL",
                help="A Redis (7 or later) or Valkey server of your own instead.  [env var: "
                "FACESTREAM_REDIS]",
            ),
            _collection_option(collection),
        )
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def chosen(ctx: click.Context, name: str) -> Any:
    """An option's value wherever it stands: behind a command of a group, or else behind the group."""
    outer = None if was_typed(ctx, name) or ctx.parent is None else ctx.parent.params
    return outer[name] if outer and name in outer else ctx.params[name]


def chosen_place(ctx: click.Context) -> Place:
    """The place that the options of `place_options` say, wherever they stand."""
    return Place.of(chosen(ctx, "data_dir"), chosen(ctx, "redis_url"), chosen(ctx, "collection"))


def models_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says which models compare faces."""
    return setting_option(
        "--models",
        "pack",
        setting="models",
        default=DEFAULT_MODELS,
        show_default=True,
        metavar="NAME|FOLDER",
        help=_WHICH_MODELS,
    )(command)


def own_models_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where faces of a collection are compared, which its own models are best for: no setting."""
    return click.option(
        "--models",
        "pack",
        metavar="NAME|FOLDER",
        help=f"{_WHICH_MODELS}  [default: {_OWN_MODELS}]",
    )(command)


def new_faces_models_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where new faces are found for a collection."""
    return setting_option(
        "--models",
        "pack",
        setting="models",
        show_envvar=False,
        metavar="NAME|FOLDER",
        help=f"{_WHICH_MODELS}  [env var: FACESTREAM_MODELS; default: {_OWN_MODELS}]",
    )(command)


def device_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says what models run on."""
    return setting_option(
        "--device",
        setting="device",
        type=DeviceName(),
        default=AUTO_DEVICE,
        show_default=True,
        metavar="DEVICE",
        help="What models run on: auto (the best that works here), cpu, cuda[:n], tensorrt[:n], openvino or "
        "coreml. One that is named and doesn't work is an error with its mend.",
    )(command)


def _choose_level(ctx: click.Context, _param: click.Parameter, verbose: int) -> None:
    ctx.find_root().meta[_LEVEL] = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    _configure_logging(ctx)


def _choose_log_format(ctx: click.Context, _param: click.Parameter, lines: str | None) -> None:
    meta = ctx.find_root().meta
    if lines:
        meta[_LINES] = lines
    elif _LINES not in meta and ctx.parent is not None and not ctx.resilient_parsing:
        meta[_LINES] = _log_format_that_is_set()
    _configure_logging(ctx)


def _log_format_that_is_set() -> str:
    # What is wrong with the settings is told by whoever heeds them: `config check` lists all of it.
    with contextlib.suppress(SettingsError):
        return given_settings().text("log_format") or TEXT
    return TEXT


def _configure_logging(ctx: click.Context) -> None:
    meta = ctx.find_root().meta
    configure(meta.get(_LEVEL, logging.WARNING), meta.get(_LINES, TEXT))


def verbosity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how much is said."""
    decorators: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_choose_level,
            help="Say more: -v for what happens, -vv for all of it.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(FORMATS),
            expose_value=False,
            callback=_choose_log_format,
            help="How log lines and errors look: text, or one JSON object a line.  [env var: "
            "FACESTREAM_LOG_FORMAT; default: text]",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and problems."),
        click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
    ]
    for decorate in reversed(decorators):
        command = decorate(command)
    return command
