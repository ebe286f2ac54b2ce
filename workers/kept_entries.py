"""Entries of a stream of frames that another worker may still need."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry that was read.

    Attributes:
        media_s: Its media time, s; not before that of the one before.
        entry_id: Its id.
        begins: Whether it can be decoded without those before it.
        leads: Whether those after it may need it to be decoded.
    """

    media_s: float
    entry_id: bytes
    begins: bool = True
    leads: bool = False


class KeptEntries:
    """Knows which entries can be deleted once what was seen in some has been told; pure.

    Args:
        most: Most entries that the stream holds: it has let go of those before.
    """

    def __init__(self, most: int) -> None:
        self._entries: deque[KeptEntry] = deque(maxlen=most)

    def add(self, entry: KeptEntry) -> None:
        """An entry was read."""
        self._entries.append(entry)

    def told(self, media_s: float) -> list[bytes]:
        """Ids of the entries that nobody needs any more, oldest first; they are kept no longer.

        Whatever decoding the first frame takes that has not been told of stays, back to where decoding can
        begin; where all have been told of, so does what the next one may take.

        Args:
            media_s: What was seen up to here is stored.
        """
        told = sum(entry.media_s <= media_s for entry in self._entries)
        begins = [place for place, entry in enumerate(self._entries) if entry.begins and place <= told]
        done = begins[-1] if begins else told
        while done < told and not self._entries[done].leads:
            done += 1
        return [self._entries.popleft().entry_id for _ in range(done)]
