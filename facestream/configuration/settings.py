"""Where things are: the data folder, the server, the collection, the cache, the settings file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_COLLECTION = "default"
AUTO_DEVICE = "auto"
DEFAULT_MODELS = "open"
VARIABLE_PREFIX = "FACESTREAM_"
CONFIG_VARIABLE = "FACESTREAM_CONFIG"
SETTINGS_FILE = "facestream.toml"


@dataclass(frozen=True, slots=True)
class Place:
    """Where people are stored.

    Attributes:
        data_dir: Data folder, or None for the default one.
        redis_url: URL of a user's own server, or None for the data folder's embedded one.
        collection: Name of the collection.
    """

    data_dir: Path | None = None
    redis_url: str | None = field(default=None, repr=False)
    collection: str = DEFAULT_COLLECTION

    @classmethod
    def of(
        cls,
        data_dir: str | os.PathLike[str] | None = None,
        redis: str | None = None,
        collection: str = DEFAULT_COLLECTION,
    ) -> Place:
        """Fill what is not given from the settings `data_dir` and `redis`.

        A data folder that is given wins over a server of the settings.

        Raises:
            SettingsError: If there are settings that can't be used.
        """
        from facestream.configuration.given_settings import given_settings

        given = given_settings()
        folder = data_dir or given.text("data_dir")
        url = redis or (None if data_dir else given.text("redis"))
        return cls(expanded(folder) if folder else None, url, collection)


def model_cache() -> Path:
    """Folder for models that are built on first use: the setting `cache_dir`, or the user's cache folder.

    Raises:
        SettingsError: If there are settings that can't be used.
    """
    from facestream.configuration.given_settings import given_settings

    chosen = given_settings().text("cache_dir")
    if chosen:
        return expanded(chosen) / "models"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "facestream" / "models"


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with ~ and ~user as their home folders, or as it is where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def settings_paths() -> tuple[Path, ...]:
    """Where a settings file is looked for unless FACESTREAM_CONFIG names one; the first there is wins."""
    base = os.environ.get("XDG_CONFIG_HOME")
    folder = (Path(base) if base else Path.home() / ".config") / "facestream"
    return Path(SETTINGS_FILE), folder / SETTINGS_FILE


def settings_path() -> Path | None:
    """The settings file that is in force, or None; it need not be there if FACESTREAM_CONFIG names it."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return expanded(named)
    # A folder of that name is found as well, and is an error: somebody meant something by it.
    return next((path for path in settings_paths() if os.path.lexists(path)), None)
