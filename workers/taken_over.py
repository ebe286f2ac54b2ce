"""What a worker finds of a camera that another one had before it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.entry_id import order


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How far the one before has come.

    Attributes:
        told_s: What was seen up to this media time is stored; -inf: nothing.
        newest: Id of the last entry that there was when that was read. What came later is not told of,
            whatever its clock says.
    """

    told_s: float
    newest: bytes

    def covers(self, entry_id: bytes, media_s: float) -> bool:
        """Whether an entry has been told of, so that it only serves to decode others."""
        return media_s <= self.told_s and order(entry_id) <= order(self.newest)
