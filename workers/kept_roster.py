"""The people of a collection, in memory and in Redis, kept the same by whoever leads."""

from __future__ import annotations

from collections.abc import Callable

from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.lease import Lease
from workers.clustering.clusterer import Clusterer
from workers.models.calibration import Calibration
from workers.roster import Roster


class KeptRoster:
    """The roster of a collection and the steps that change it; to be loaded before anything else.

    Args:
        store: The collection.
        lease: Leadership of the collection.
        clusterer: Makes a fresh, empty clusterer of the method that the collection has at that moment.
        calibration: Of the embedder, for templates.
        on_people: Called after each step with the number of people there are.
    """

    def __init__(
        self,
        store: IdentityStore,
        lease: Lease,
        clusterer: Callable[[], Clusterer],
        calibration: Calibration,
        on_people: Callable[[int], None] | None = None,
    ) -> None:
        self.store = store
        self._lease = lease
        self._make_clusterer = clusterer
        self._calibration = calibration
        self._on_people = on_people
        self._roster = self._empty()

    def _empty(self) -> Roster:
        return Roster(self.store, self._make_clusterer(), self._calibration)

    @property
    def roster(self) -> Roster:
        """The people, as of the last step; another one after each `load`."""
        return self._roster

    def load(self) -> bool:
        """Take in the collection as it is in Redis, and what was decided in it.

        Returns:
            Whether only a re-cluster can tell where everybody belongs.
        """
        self._roster = self._empty()
        found = Effects()
        self._roster.load(found)
        # What somebody decided while nobody led, or a worker that died had not come to.
        touched, torn = self._roster.decide(found)
        self._roster.mark_provisional(found)
        self._describe(touched, found)
        if not found.is_nothing:
            self.store.commit(found, self._lease)
        return torn

    def commit(self, touched: set[str], effects: Effects) -> None:
        """Commit a step.

        Args:
            touched: People whose records are to be written anew.
            effects: What the step changes; their records are added.

        Raises:
            LeaseLostError: If another cluster worker has taken over; nothing was written then.
            OvertakenError: See `IdentityStore.commit`; the roster is to be loaded anew.
        """
        self._roster.mark_provisional(effects)
        self._describe(touched, effects)
        self.store.commit(effects, self._lease)
        self._roster.committed(effects)
        if self._on_people is not None:
            self._on_people(self._roster.people)

    def _describe(self, touched: set[str], effects: Effects) -> None:
        """Add the records of people who changed."""
        # A person of this very step may have gone already, and their record says where.
        gone = {identity.identity_id for identity in effects.identities if identity.merged_into}
        self._roster.describe(sorted(touched - gone), effects)
