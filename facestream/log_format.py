"""How log lines look: text for people, or one JSON object a line; both without secrets."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)

IDS = ("camera", "source_id", "track_id", "identity_id", "entry_id", "job_id", "webhook_id")
"""What a log line may be about, as `extra` of a call of the log says it."""

# Our packages, whose modules log under their names.
_OWN = frozenset({"facestream", "storage", "stream", "workers"})
_TEXT_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# What stands before the @ of a URL, up to the last one: an @ in a password is often left as it is. Without
# the scheme, which would be looked for at each letter of a long word.
_CREDENTIALS = re.compile(r"://[^\s/'\"<>]*@")
# Tokens of the HTTP API.
_TOKEN = re.compile(r"\bfst_[A-Za-z0-9_-]+")
_CAMERA_SOURCE = "c-"


def redacted(text: str) -> str:
    """A text without credentials of URLs and without tokens: whatever a library has put into it."""
    return _TOKEN.sub("fst_***", _CREDENTIALS.sub("://***@", text))


class TextLines(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__(_TEXT_LINE)

    def format(self, record: logging.LogRecord) -> str:
        """One entry; with a traceback, several lines."""
        return redacted(super().format(record))


class JsonLines(logging.Formatter):
    """Lines for machines: one object each, whatever is in the message.

    Fields are `time` (UTC, RFC 3339), `level`, `logger`, `message`, those of `IDS` that are known, and
    `error` with the traceback where there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One entry, on one line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        for name in IDS:
            value = getattr(record, name, None)
            if value:
                entry[name] = redacted(str(value))
        source_id = str(entry.get("source_id", ""))
        if "camera" not in entry and source_id.startswith(_CAMERA_SOURCE):
            entry["camera"] = source_id.removeprefix(_CAMERA_SOURCE)
        if record.exc_info:
            entry["error"] = redacted(self.formatException(record.exc_info))
        # Escapes of all that isn't ASCII: whatever reads the lines, none is cut in two.
        return json.dumps(entry)


def configure(level: int, lines: str) -> None:
    """Say how much is logged to standard error, and how it looks.

    Libraries are never logged in all detail: they put into it what they send, as paths of webhooks, which are
    secret as a rule, and names of people.

    Args:
        level: Of the root logger.
        lines: One of `FORMATS`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if lines == JSON else TextLines())
    handler.addFilter(_may_be_told)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _may_be_told(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO or record.name.partition(".")[0] in _OWN


def configure_anyhow(words: Sequence[str]) -> None:
    """Have what is said look as the command line or its variable says, though neither could be read whole.

    Args:
        words: Of the command line.
    """
    asked = os.environ.get("FACESTREAM_LOG_FORMAT", "")
    for at, word in enumerate(words):
        if word == "--":
            break
        if word == "--log-format":
            asked = "".join(words[at + 1 : at + 2])
        elif word.startswith("--log-format="):
            asked = word.partition("=")[2]
    if asked == JSON and not is_json():
        configure(logging.WARNING, JSON)


def tell_error(text: str) -> None:
    """Say on standard error what has failed: as log lines are where those are for machines."""
    _tell(logging.ERROR, "Error: ", text)


def tell_warning(text: str) -> None:
    """Say on standard error what a person should know, likewise."""
    _tell(logging.WARNING, "Warning: ", text)


def tell_interrupted() -> None:
    """Say on standard error that somebody has ended a command, likewise."""
    _tell(logging.WARNING, "", "Interrupted.")


def _tell(level: int, title: str, text: str) -> None:
    if is_json():
        logging.getLogger("facestream").log(level, "%s", text)
    else:
        click.echo(f"{title}{text}", err=True)


def message_of(line: str) -> str:
    """What a line says that another process has logged, or told, in either format."""
    try:
        message = json.loads(line)["message"]
    except (ValueError, TypeError, KeyError):
        return line
    return str(message)


def is_json() -> bool:
    """Whether log lines are for machines."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)
