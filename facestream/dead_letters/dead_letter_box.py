"""Dead letters, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.decisions.decided_people import DecidedPeople
from facestream.errors import NotFoundError

if TYPE_CHECKING:
    from facestream.dead_letters.dead_letter import DeadLetter, Dropped, Retried
    from storage.dead_letters import DeadLetters


@dataclass(slots=True, eq=False)
class DeadLetterBox(DecidedPeople):
    """An open collection that keeps what could not be taken in."""

    def dead_letters(self, limit: int | None = None) -> list[DeadLetter]:
        """What could not be taken in, the last one first.

        Args:
            limit: At most so many; None is all that are kept, about 10,000 at most.
        """
        from facestream.dead_letters.dead_letter import DeadLetter

        with self._errors():
            letters = self._letters
            return [DeadLetter.of(e) for e in letters.latest(letters.count() if limit is None else limit)]

    def dead_letter(self, letter_id: str) -> DeadLetter:
        """One of them.

        Raises:
            NotFoundError: If there is none with this id.
        """
        from facestream.dead_letters.dead_letter import DeadLetter
        from storage.entry_id import is_entry_id

        with self._errors():
            entry = self._letters.get(letter_id) if is_entry_id(letter_id) else None
        if entry is None:
            raise self._no_letter(letter_id)
        return DeadLetter.of(entry)

    def retry_dead_letters(
        self, letter_ids: Sequence[str] | None = None, *, models: str | None = None
    ) -> Retried:
        """Have dead letters taken in after all, as by a newer version of facestream.

        Each stays a dead letter until it has had its effect, and has it once, however often this is called.
        One that fails again is a dead letter with the new reason, under a new id.

        Args:
            letter_ids: Which; None for all.
            models: Model pack; default: the collection's own.

        Raises:
            NotFoundError: If one of them isn't there. None is tried then.
            ModelConflictError: If the collection was made with other models.
            WorkerError: If the cluster worker fails.
        """
        from facestream.dead_letters.dead_letter import Retried
        from facestream.dead_letters.dead_retry import retry

        with self._errors():
            ids = self._letter_ids(letter_ids)
            return retry(self._handle, self._place, ids, models) if ids else Retried((), ())

    def drop_dead_letters(self, letter_ids: Sequence[str] | None = None) -> Dropped:
        """Delete dead letters for good; what they held has no effect then.

        Args:
            letter_ids: Which; None for all.

        Raises:
            NotFoundError: If one of them isn't there. None is dropped then.
            RedisFullError: If they are deleted, but the server's file can't be rewritten.
        """
        from facestream.dead_letters.dead_letter import Dropped
        from storage.erasure import erase_history

        with self._errors():
            count = self._letters.drop(self._letter_ids(letter_ids))
            return Dropped(count, erase_history(self._handle))

    def _letter_ids(self, letter_ids: Sequence[str] | None) -> list[str]:
        """Ids of dead letters that there are, the oldest first."""
        from storage.entry_id import is_entry_id

        if letter_ids is None:
            return [entry.entry_id for entry in self._letters.all()]
        asked = dict.fromkeys(letter_ids)
        there = self._letters.there([letter_id for letter_id in asked if is_entry_id(letter_id)])
        missing = next((letter_id for letter_id in asked if letter_id not in there), None)
        if missing is not None:
            raise self._no_letter(missing)
        # A sample should come before its track, and so they were sent.
        return sorted(asked, key=lambda letter_id: [int(part) for part in letter_id.split("-")])

    def _no_letter(self, letter_id: str) -> NotFoundError:
        return NotFoundError(
            f"no dead letter {letter_id[:40]!r} in collection {self.collection!r}. "
            f"`{self.hint('dead', 'list')}` shows the ids.",
            what=letter_id,
        )

    @property
    def _letters(self) -> DeadLetters:
        from facestream.wiring import make_dead_letters

        return make_dead_letters(self._handle, self._reader.keys)
