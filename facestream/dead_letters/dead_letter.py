"""What could not be taken in, as the command and the Python client give it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.dead_letters import DeadEntry

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that a worker sent and the cluster worker could not take in.

    Attributes:
        id: Its id in the dead-letter stream.
        kind: What it is: "sample", "track", "segment", or a request such as "recluster"; as it was sent.
        reason: Why it could not be taken in, the last time.
        at: When that was, in UTC; None where nobody knows any more.
        tries: How often it was tried.
        source_id: The source that it is of, or empty.
        track_id: The track that it is of, or empty.
        size_bytes: Size of what was sent.
        fields: Fields that are short and text, as they were sent.
        binary: Size in bytes of each other field: vectors, pictures, and what is too long to be shown.
    """

    id: str
    kind: str
    reason: str
    at: datetime | None
    tries: int
    source_id: str
    track_id: str
    size_bytes: int
    fields: dict[str, str]
    binary: dict[str, int]

    @classmethod
    def of(cls, entry: DeadEntry) -> DeadLetter:
        """From its entry."""
        fields: dict[str, str] = {}
        binary: dict[str, int] = {}
        for name, value in entry.fields.items():
            written = value.decode("utf-8", "replace")
            if len(value) <= _LONGEST and written.isprintable() and "\ufffd" not in written:
                fields[name.decode("utf-8", "replace")] = written
            else:
                binary[name.decode("utf-8", "replace")] = len(value)
        return cls(
            entry.entry_id,
            entry.text("type"),
            entry.reason,
            None if entry.at_s is None else datetime.fromtimestamp(entry.at_s, UTC),
            entry.tries,
            entry.text("source_id"),
            entry.text("track_id"),
            entry.size_bytes,
            fields,
            binary,
        )


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of dead letters that were tried again.

    Attributes:
        taken_in: Ids of those that have had their effect, and are gone.
        failed: What could not be taken in again. They have new ids.
    """

    taken_in: tuple[str, ...]
    failed: tuple[DeadLetter, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of dead letters that were dropped.

    Attributes:
        count: How many were deleted.
        history_erased: Whether the server's files hold nothing of them any more. False for a server of your
            own: its append-only file and snapshots keep what was in them until they are rewritten.
    """

    count: int
    history_erased: bool
