"""Where things are: the data folder, the server, the collection, the cache."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_COLLECTION = "default"
AUTO_DEVICE = "auto"
DEFAULT_MODELS = "open"


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
        """Fill what is not given from FACESTREAM_DATA_DIR and FACESTREAM_REDIS.

        A data folder that is given wins over a server from the environment.
        """
        folder = data_dir or os.environ.get("FACESTREAM_DATA_DIR") or None
        url = redis or (None if data_dir else os.environ.get("FACESTREAM_REDIS")) or None
        return cls(Path(folder).expanduser() if folder else None, url, collection)


def model_cache() -> Path:
    """Folder for models that are built on first use: FACESTREAM_CACHE_DIR, or the user's cache folder."""
    chosen = os.environ.get("FACESTREAM_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser() / "models"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "facestream" / "models"
