"""Why a decision about people can't be made, and which command is the way out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.configuration.settings import Place
from facestream.decisions.decision import decisions_of
from facestream.errors import DecisionError, NotFoundError, UsageError
from facestream.hint import command_line
from storage.decision_record import Decision as Record
from storage.decision_record import DecisionKind
from storage.identity_record import Identity
from workers.rulings import in_force

if TYPE_CHECKING:
    from storage.track_record import TrackRecord

Log = Sequence[Record]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Makes the errors, with commands that work in one collection.

    Attributes:
        place: Where the collection is.
        models: Model pack that the decision was to be made with; None for the collection's own.
    """

    place: Place
    models: str | None

    def command(self, *words: str) -> str:
        """A command that compares faces, to be pasted."""
        models = () if self.models is None else ("--models", self.models)
        return f"`{command_line(self.place, *words, *models)}`"

    def plain_command(self, *words: str) -> str:
        """One that compares none."""
        return f"`{command_line(self.place, *words)}`"

    def where_tracks(self, person: Identity) -> str:
        """How to see which tracks a person has."""
        listed = self.plain_command("tracks", "list", "--person", person.identity_id)
        return f"{listed} lists the tracks of {person.identity_id}."

    def no_track(self, track_id: str, person: Identity) -> NotFoundError:
        """There is no such track."""
        return NotFoundError(
            f"no track {track_id!r} in collection {self.place.collection!r}. {self.where_tracks(person)}",
            what=track_id,
        )

    def foreign_track(self, track: TrackRecord, person: Identity) -> UsageError:
        """A track is not the person's."""
        whose = f"{track.identity_id}'s" if track.identity_id else "nobody's"
        return UsageError(
            f"track {track.track_id} is {whose}, not {person.identity_id}'s. {self.where_tracks(person)}"
        )

    def nobody_split(self, person: Identity, track_ids: Collection[str]) -> UsageError:
        """None of a person's tracks is to be split off, or each of them."""
        if not track_ids:
            return UsageError(f"no track of {person.identity_id} was named. {self.where_tracks(person)}")
        return UsageError(
            f"these are all tracks of {person.identity_id}: nothing would be left. Leave out those that "
            f"stay. {self.where_tracks(person)}"
        )

    def two_names(self, old: Identity, new: Identity) -> UsageError:
        """A split can't be undone, for a name would be lost."""
        return UsageError(
            f"{new.identity_id} would be {old.identity_id} again, and they are called {new.name} and "
            f"{old.name}. Take a name away first: "
            f"{self.plain_command('people', 'name', new.identity_id, '')}"
        )

    def contradiction(self, log: Log, earlier: Record) -> DecisionError:
        """The decision contradicts an earlier one."""
        decision = decisions_of(log)[[d.number for d in log].index(earlier.number)]
        when = decision.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
        undo = self.command("people", "undo", str(earlier.number))
        return DecisionError(
            f"that contradicts decision {earlier.number} of {when}: {decision}. Nothing was done. "
            f"{undo} takes that one back; then run the command again.",
            earlier=earlier.number,
        )

    def one_person(
        self, log: Log, asked: Sequence[str], person: Identity, paths: Sequence[Sequence[str]]
    ) -> UsageError:
        """Two who are to be told apart are one person.

        Args:
            log: All decisions by number.
            asked: How the two were called.
            person: Who both are.
            paths: The ids by which each of them leads to the person, theirs first.
        """
        one = f"{' and '.join(asked)} are one person, {person.identity_id}"
        met = next((identity_id for identity_id in paths[0] if identity_id in paths[1]), None)
        if met is None:
            return UsageError(f"{one}, and that is changing just now. Run the command again.")
        # Who became the one in whom the two met.
        taken = {path[path.index(met) - 1] for path in paths if path[0] != met}
        merges = [d for d in in_force(log) if d.kind is DecisionKind.MERGE]
        number = next((d.number for d in reversed(merges) if not taken.isdisjoint(d.identity_ids[1:])), None)
        if number is not None:
            undo = self.command("people", "undo", str(number))
            return UsageError(
                f"{one}, by decision {number}. {undo} makes them two again; then run the command again."
            )
        split = self.command("people", "split", person.identity_id, "TRACK...")
        return UsageError(f"{one}. Split off the tracks of one of them: {split}. {self.where_tracks(person)}")

    def to_undo(self, log: Log, number: int | None) -> Record:
        """The decision that is to be taken back: the last one that counts, unless one is named.

        Raises:
            NotFoundError: If there is no such decision.
            UsageError: If it can't be taken back, or there is none that could.
        """
        counting = in_force(log)
        listed = self.plain_command("people", "log")
        if number is None:
            if not counting:
                raise UsageError(f"nothing was decided that could be taken back. {listed} lists it.")
            return counting[-1]
        record = next((d for d in log if d.number == number), None)
        if record is None:
            raise NotFoundError(f"there is no decision {number}. {listed} lists them.", what=str(number))
        if record in counting:
            return record
        if record.kind is DecisionKind.UNDO:
            raise UsageError(
                f"decision {number} took decision {record.undoes} back; that can't be undone. Decide anew."
            )
        if record.redacted:
            raise UsageError(
                f"decision {number} was about somebody who was forgotten; there is nothing left to take back."
            )
        by = next((d.number for d in log if d.kind is DecisionKind.UNDO and d.undoes == number), None)
        with_what = "" if by is None else f", by decision {by}"
        raise UsageError(f"decision {number} was taken back already{with_what}.")
