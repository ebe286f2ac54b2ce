"""Decisions about people, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.decisions.naming import checked_name
from facestream.people.track_pages import TrackPages

if TYPE_CHECKING:
    from facestream.decisions.deciding import Deciding
    from facestream.decisions.decision import Decision


@dataclass(slots=True, eq=False)
class DecidedPeople(TrackPages):
    """An open collection in which people say who is whom."""

    def merge(self, keep: str, *others: str, models: str | None = None) -> Decision:
        """Say that people are one: `keep`, who takes the others' tracks over and lends them the id.

        It holds at every re-cluster, even if they were seen together, as in a mirror; whoever is seen beside
        them again after that is somebody new all the same. A name goes over where `keep` has none; other
        names are the decision's `names_dropped`, and come back with its undo. As every decision, it holds
        until it is undone.

        Args:
            keep: Who stays.
            others: Who they are as well.
            models: Model pack; default: the collection's own.

        Raises:
            DecisionError: If it contradicts an earlier decision, whose number it tells.
            NotFoundError: If there is no such person.
            UsageError: If they are one already.
            WorkerError: If the cluster worker fails.
        """
        with self._errors():
            return self._deciding(models).merge(keep, others)

    def split(self, person_id: str, track_ids: Sequence[str], *, models: str | None = None) -> Decision:
        """Say that some tracks of a person are somebody else, who gets a new id, the last of `people`.

        Merges before hold for all but these tracks.

        Raises:
            DecisionError: If nothing would be left of one of those who were merged, or if it contradicts an
                earlier decision otherwise; its number it tells.
            NotFoundError: If there is no such person or track.
            UsageError: If the tracks are not theirs, or are all that they have.
            WorkerError: If the cluster worker fails.
        """
        with self._errors():
            return self._deciding(models).split(person_id, track_ids)

    def differs(self, first: str, second: str, *, models: str | None = None) -> Decision | None:
        """Say that two people are two, however alike they look; errors as of `merge`.

        Returns:
            The decision; None where that was said already, of all tracks that they have.
        """
        with self._errors():
            return self._deciding(models).differs(first, second)

    def name(self, person_id: str, name: str) -> Decision | None:
        """Say what people call somebody. The name stays through re-clusters and merges.

        Args:
            person_id: Who.
            name: At most 200 characters on one line, and nothing like "p3"; empty takes the name away.

        Returns:
            The decision; None where they are called so already.

        Raises:
            NotFoundError: If there is no such person.
            UsageError: If the name can't be one.
        """
        name = checked_name(name)
        with self._errors():
            return self._deciding().name(person_id, name)

    def ignore(self, person_id: str, *, on: bool = True) -> Decision | None:
        """Leave a person out of lists, or no longer.

        Returns:
            The decision; None where it is so already.

        Raises:
            NotFoundError: If there is no such person.
        """
        with self._errors():
            return self._deciding().ignore(person_id, on=on)

    def cover(self, person_id: str, track_id: str, *, models: str | None = None) -> Decision | None:
        """Show a person by the best face of one of their tracks first; errors as of `split`.

        Returns:
            The decision; None where that was said last already.
        """
        with self._errors():
            return self._deciding(models).cover(person_id, track_id)

    def undo(self, number: int | None = None, *, models: str | None = None) -> Decision:
        """Take a decision back.

        Args:
            number: Which; by default the last one that is not taken back.
            models: Model pack; default: the collection's own.

        Raises:
            NotFoundError: If there is no such decision.
            UsageError: If it is taken back already, is an undo itself, or was about somebody forgotten; or if
                it is a split of people who have different names by now.
            WorkerError: If the cluster worker fails.
        """
        with self._errors():
            return self._deciding(models).undo(number)

    def decisions(self) -> list[Decision]:
        """All that was decided, the first first."""
        from facestream.decisions.decision import decisions_of

        with self._errors():
            return decisions_of(self._log.read()[0])

    def _deciding(self, models: str | None = None) -> Deciding:
        """Makes decisions; made late, as lists should be quick."""
        from facestream.decisions.deciding import Deciding

        return Deciding(self._handle, self._place, self._identity, models)
