"""Names that taking a decision back must not drop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from facestream.decisions.refusal import Refusal
from storage.decision_record import Decision, DecisionKind
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from workers.rulings import constraints_of, origins


class KeptNames:
    """Refuses to make one of two people with different names by an undo.

    Args:
        store: The collection.
        bearer: Gives whoever an id leads to now, None where nobody is.
        refusal: Says why not.
    """

    def __init__(
        self, store: IdentityStore, bearer: Callable[[str], Identity | None], refusal: Refusal
    ) -> None:
        self._store = store
        self._bearer = bearer
        self._refusal = refusal

    def check(self, told: Decision, log: Sequence[Decision]) -> None:
        """Look at a decision before it is taken back.

        Args:
            told: The decision.
            log: All decisions by number, with that undo.

        Raises:
            UsageError: If a name would be dropped.
        """
        if told.kind is DecisionKind.SPLIT:
            self._check_split(told, log)
        if told.kind in (DecisionKind.SPLIT, DecisionKind.DIFFERS):
            self._check_bound(told, log)

    def _check_split(self, split: Decision, log: Sequence[Decision]) -> None:
        new = self._bearer(split.identity_ids[1])
        # Whoever was merged further stays there, as does whoever must.
        if new is None or new.identity_id != split.identity_ids[1]:
            return
        constraints, theirs = constraints_of(log), self._tracks(new)
        for home in (split.sides[0], *origins(log, split)):
            old = self._bearer(home.identity_id)
            if old is None or not _differ(old, new):
                continue
            tracks = self._tracks(old)
            bound = any(not constraints.with_(track_id).isdisjoint(tracks) for track_id in theirs)
            if bound or constraints.allow(tracks, theirs):
                raise self._refusal.two_names(old, new)

    def _check_bound(self, told: Decision, log: Sequence[Decision]) -> None:
        """Look at whose tracks belong together again, as a merge had only yielded to what is taken back."""
        constraints = constraints_of(log)
        groups = {constraints.with_(track_id) for side in told.sides for track_id in side.track_ids}
        for group in groups:
            records = self._store.tracks(sorted(group))
            owners = Counter(record.identity_id for record in records if record.identity_id)
            people = [self._bearer(identity_id) for identity_id, _ in owners.most_common()]
            heir = people[0] if people else None
            for other in people[1:]:
                if heir is None or other is None or not _differ(heir, other):
                    continue
                # Who keeps others of their tracks keeps the name.
                if group.issuperset(self._tracks(other)):
                    raise self._refusal.two_names(heir, other)

    def _tracks(self, person: Identity) -> list[str]:
        return self._store.track_ids(identity_id=person.identity_id)


def _differ(one: Identity, other: Identity) -> bool:
    return bool(one.name and other.name and one.name != other.name)
