"""What a collection is: its layout, its models, whether it can be read here.

Nothing here needs NumPy, whose import takes as long as a list of thousands of people.
"""

from __future__ import annotations

import shlex

import redis

from storage.commands import commands_of
from storage.data_keys import NO_DATA_KEYS, DataKeys
from storage.errors import CollectionSchemaError, ModelChangeError
from storage.keys import SCHEMA, Keys
from storage.recluster_record import DEFAULT_CLUSTERING


class CollectionFacts:
    """The facts of one collection, and what can be refused by them.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
        data_keys: What opens vectors and pictures, where the collection is encrypted.
    """

    def __init__(
        self, client: redis.Redis, keys: Keys, options: str = "", data_keys: DataKeys = NO_DATA_KEYS
    ) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._options = options
        self._data_keys = data_keys

    @property
    def keys(self) -> Keys:
        """Key names of the collection."""
        return self._keys

    def meta(self) -> dict[str, str]:
        """Facts of the collection: schema, model_id, pack, licence, created_at_s and more."""
        raw = self._client.hgetall(self._keys.meta)
        # Whoever adds a field of their own, in whatever encoding, must not keep anybody from the others.
        return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in raw.items()}

    def check_usable(self) -> None:
        """Refuse a collection of another layout, and one in which vectors of two models stand side by side.

        Raises:
            CollectionSchemaError: If another version of facestream wrote it.
            ModelChangeError: If a change of its models was stopped half way.
        """
        self.check_schema()
        if self._client.hget(self._keys.meta, "changing_to") is not None:
            pack = (self._client.hget(self._keys.reembed, "pack") or b"").decode("utf-8", "replace")
            raise ModelChangeError(
                f"the change of collection {self._keys.collection!r} to the models of pack {pack!r} was "
                "stopped half way, or is under way right now. Finish it: facestream reembed --models "
                f"{shlex.quote(pack or 'PACK')} {self._place} (its folder, for a pack of yours).",
                collection=self._keys.collection,
                pack=pack,
            )

    def check_key(self) -> None:
        """Refuse an encrypted collection whose key is not here, before anything is half read.

        Raises:
            DataKeyError: If it is not here.
        """
        for name in self._client.hmget(self._keys.meta, ["data_key", "data_key_before"]):
            self._data_keys.sealing(name)

    @property
    def is_encrypted(self) -> bool:
        """Whether vectors and pictures of faces are sealed, or are about to be."""
        return bool(self._client.hget(self._keys.meta, "data_key"))

    @property
    def _place(self) -> str:
        """What leads to the collection on the command line."""
        return f"--collection {self._keys.collection} {self._options}".rstrip()

    def clustering(self) -> str:
        """How the tracks of the collection are grouped into people."""
        raw = self._client.hget(self._keys.meta, "clustering")
        return raw.decode("utf-8", "replace") if raw else DEFAULT_CLUSTERING

    def check_schema(self) -> None:
        """Refuse a collection of another layout; one that doesn't exist yet is fine.

        Raises:
            CollectionSchemaError: If another version of facestream wrote it.
        """
        found = (self._client.hget(self._keys.meta, "schema") or str(SCHEMA).encode()).decode(
            "utf-8", "replace"
        )
        if found != str(SCHEMA):
            raise CollectionSchemaError(
                f"collection {self._keys.collection!r} has schema {found[:20]!r}, and this version of "
                f"facestream reads and writes {SCHEMA}. Use the version that wrote it, or "
                "another --collection.",
                found=found,
                supported=SCHEMA,
            )
