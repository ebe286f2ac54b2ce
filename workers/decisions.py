"""What people decided, carried out on who has which track."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from storage.collection_reader import CollectionReader
from storage.decision_record import Decision, DecisionKind, Side
from storage.effects import Effects, Said
from storage.identity_record import ChangeKind
from workers.clustering.clusterer import Clusterer
from workers.clustering.constraints import NO_CONSTRAINTS, Constraints
from workers.forgetting import bearer_of
from workers.membership import Membership
from workers.personal_rulings import (
    covers_of,
    ignored_tracks,
    is_lent,
    is_taken_back,
    said_ignored,
    said_name,
)
from workers.rulings import constraints_of, in_force, origins, put_back, sides_left

# Written together with the decision, by whoever made it.
_WRITTEN = frozenset({DecisionKind.NAME, DecisionKind.IGNORE})


class Decisions:
    """Carries out each decision once, in order, and lets the clusterer know what holds from then on.

    Args:
        store: The collection with the log.
        membership: Who has which track; is changed.
        clusterer: Is told the constraints.

    Attributes:
        revision: Another number after each decision that may bear on who is whom.
    """

    def __init__(self, store: CollectionReader, membership: Membership, clusterer: Clusterer) -> None:
        self._store = store
        self._membership = membership
        self._clusterer = clusterer
        self._constraints: Constraints = NO_CONSTRAINTS
        self._covers: list[str] = []
        self._applied = 0
        self.revision = 0

    def load(self) -> None:
        """Read the log, and how far it has been carried out."""
        self._applied = int(self._store.meta().get("decisions_applied", 0))
        self._heed(self._store.decisions())

    def read_again(self) -> None:
        """Heed what is left of the log, of which some was blacked out.

        As far as it has been carried out: what is to be carried out yet must find everybody as they were when
        it was decided, and not as a re-cluster that keeps to it leaves them.
        """
        self._heed([decision for decision in self._store.decisions() if decision.number <= self._applied])

    def bind(self, track_id: str) -> bool:
        """Whether people put a track together with others, so that it is theirs whatever it looks like."""
        return bool(self._constraints.with_(track_id))

    def cover_of(self, track_ids: Collection[str]) -> str:
        """The track by whose face people want its person to be shown, or empty."""
        return next((track_id for track_id in self._covers if track_id in track_ids), "")

    def ignored_tracks(self) -> dict[str, bool]:
        """Whether to ignore whoever had a track, as was said last; read anew, for it is said beside us."""
        return ignored_tracks(in_force(self._store.decisions()))

    def carry_out(self, effects: Effects) -> set[str]:
        """Carry out what was decided since; returns the people that this changes."""
        log = self._store.decisions()
        touched: set[str] = set()
        for count, decision in enumerate(log, 1):
            if decision.number <= self._applied:
                continue
            # Of most decisions, such as names, there is nothing to heed; there may be thousands.
            if decision.kind not in _WRITTEN:
                self.revision += 1
                self._heed(log[:count])
                touched |= self._carry_out(decision, log[:count], effects)
            self._applied = effects.applied = decision.number
        self._heed(log)
        return touched

    def mend(self, effects: Effects) -> set[str]:
        """Make all that was decided hold, whatever came in between; returns the people that this changes.

        A re-cluster may put somebody where a decision, made at that very moment, does not want them.
        """
        touched: set[str] = set()
        for track_ids, heir in self._constraints.moves(self._membership.identity_of):
            identity_id = heir or self._membership.create(track_ids[0], effects)
            touched |= self._give(track_ids, identity_id, ChangeKind.SPLIT, effects)
        return touched

    def _heed(self, log: Sequence[Decision]) -> None:
        self._constraints, self._covers = constraints_of(log), covers_of(in_force(log))
        self._clusterer.constrain(self._constraints)

    def _carry_out(self, decision: Decision, log: Sequence[Decision], effects: Effects) -> set[str]:
        if decision.redacted:
            return set()
        match decision.kind:
            case DecisionKind.MERGE:
                return self._merge(decision.sides, effects)
            case DecisionKind.SPLIT:
                return self._split(decision.sides[1], effects)
            case DecisionKind.COVER:
                return self._owners(decision.sides[0].track_ids)
            case DecisionKind.UNDO:
                undone = next((d for d in log if d.number == decision.undoes), None)
                return set() if undone is None else self._undo(undone, log, effects)
            case _:
                # Who differs differs already.
                return set()

    def _undo(self, undone: Decision, log: Sequence[Decision], effects: Effects) -> set[str]:
        if undone.redacted:
            return set()
        match undone.kind:
            case DecisionKind.MERGE:
                touched = self._unmerge(undone, undone.sides[1:], log, effects)
                for merge, still in self._still_merged(undone, log):
                    touched |= self._unmerge(merge, still, log, effects)
                    touched |= self._rejoin(merge, log, effects)
                return touched | self._rejoin(undone, log, effects)
            case DecisionKind.SPLIT:
                return self._unsplit(undone, log, effects)
            case DecisionKind.COVER:
                return self._owners(undone.sides[0].track_ids)
            case _:
                return set()

    def _merge(self, sides: Sequence[Side], effects: Effects) -> set[str]:
        """Give all that others have to the first, as far as they may be together."""
        strays = {t for side in sides for t in side.track_ids if self._membership.knows(t)}
        heirs = [self._bearer(side.identity_id, effects) for side in sides]
        successor = heirs[0] or next(iter(sorted(self._owners(strays))), None)
        if successor is None:
            return set()
        touched = {successor}
        # In the order in which they were named: the first name of theirs goes over.
        for other in dict.fromkeys(heir for heir in heirs[1:] if heir and heir != successor):
            apart = frozenset().union(*map(self._constraints.against, self._membership.members(successor)))
            moving = sorted(self._membership.members(other) - apart)
            touched |= self._give(moving, successor, ChangeKind.ASSIGNED, effects)
        # What a re-cluster gave to somebody else between the decision and now.
        strays -= self._membership.members(successor)
        return touched | self._give(sorted(strays), successor, ChangeKind.SPLIT, effects)

    def _split(self, new: Side, effects: Effects) -> set[str]:
        """Make a new person of some tracks."""
        moving = [t for t in new.track_ids if self._membership.knows(t)]
        if not moving or self._would_empty(moving):
            return set()
        effects.changes.append(self._membership.change(ChangeKind.CREATED, new.identity_id, moving[0]))
        return self._give(moving, new.identity_id, ChangeKind.SPLIT, effects)

    def _unsplit(self, undone: Decision, log: Sequence[Decision], effects: Effects) -> set[str]:
        """Put those who had been split off back to where they belong."""
        before, after = undone.sides
        touched: set[str] = set()
        for home in [*self._bound(after.identity_id), *origins(log, undone)]:
            heir = self._bearer(home.identity_id, effects)
            theirs = self._membership.members(after.identity_id)
            moving = theirs & self._constraints.reach(home.track_ids)
            if heir is None or heir == after.identity_id:
                continue
            if self._constraints.allow(moving, self._membership.members(heir)):
                touched |= self._give(sorted(moving), heir, ChangeKind.ASSIGNED, effects)
        old = self._bearer(before.identity_id, effects)
        members = self._membership.members(after.identity_id)
        # Somebody who was merged further stays there: that was said, or found, since.
        if old is None or not members:
            return touched
        if not self._constraints.allow(members, self._membership.members(old)):
            return touched
        return touched | self._merge((Side(old), Side(after.identity_id)), effects)

    def _bound(self, identity_id: str) -> list[Side]:
        """Tracks of a person that belong together with those of others, by these."""
        members = self._membership.members(identity_id)
        found: dict[str, list[str]] = {}
        for track_id in members:
            others = self._constraints.with_(track_id) - members
            owners = Counter(self._membership.identity_of[t] for t in sorted(others) if self._owners([t]))
            if owners:
                found.setdefault(owners.most_common(1)[0][0], []).append(track_id)
        return [Side(owner, tuple(track_ids)) for owner, track_ids in found.items()]

    def _still_merged(
        self, undone: Decision, log: Sequence[Decision]
    ) -> list[tuple[Decision, Sequence[Side]]]:
        """Merges that were taken back before, and those of their sides that this one kept from coming.

        Who has no tracks for another reason, as another merge that counts, or a re-cluster, joined them to
        somebody, is none of those.
        """
        counting = {decision.number for decision in in_force(log)}
        merges = [d for d in log if d.kind is DecisionKind.MERGE and not d.redacted and d is not undone]
        elsewhere = {i for merge in merges if merge.number in counting for i in merge.identity_ids[1:]}
        before = constraints_of([decision for decision in log if decision.undoes != undone.number])
        tied = before.reach([track_id for side in undone.sides for track_id in side.track_ids])

        def is_kept(merge: Decision, side: Side) -> bool:
            if self._membership.members(side.identity_id) or side.identity_id in elsewhere:
                return False
            return not tied.isdisjoint({*side.track_ids, *put_back(log, merge, side.identity_id)})

        found: list[tuple[Decision, Sequence[Side]]] = []
        for merge in merges:
            if merge.number in counting:
                continue
            if still := [side for side in merge.sides[1:] if is_kept(merge, side)]:
                found.append((merge, still))
        return found

    def _unmerge(
        self, undone: Decision, taken_over: Sequence[Side], log: Sequence[Decision], effects: Effects
    ) -> set[str]:
        """Bring those back to life who had been taken over."""
        touched: set[str] = set()
        # What was split off since stays where it is.
        sides = sides_left(log, undone)
        wanted = {side.identity_id for side in taken_over}
        for side in sides[1:]:
            if side.identity_id not in wanted:
                continue
            others = {t for other in sides if other != side for t in other.track_ids}
            # With what was put back to theirs, unless it could not go there and is somebody by itself.
            there = self._owners(side.track_ids)
            again = put_back(log, undone, side.identity_id)
            again = {track_id for track_id in again if not there or self._owners([track_id]) <= there}
            named = {*side.track_ids, *again} - others
            # And with what other decisions put together with theirs, and still is.
            theirs = self._constraints.reach(named)
            owners = self._owners(named)
            moving = sorted(t for t in theirs if self._membership.identity_of.get(t) in owners)
            if not moving or not theirs.isdisjoint(others) or self._would_empty(moving):
                continue
            back = bool(self._membership.members(side.identity_id))
            effects.identities = [i for i in effects.identities if i.identity_id != side.identity_id]
            touched |= self._give(moving, side.identity_id, ChangeKind.SPLIT, effects)
            if not back:
                self._give_back(side.identity_id, owners, undone, log, effects)
        return touched

    def _rejoin(self, undone: Decision, log: Sequence[Decision], effects: Effects) -> set[str]:
        """Undo the splits of those who are back that were taken back while they had been taken over."""
        back = {side.identity_id for side in undone.sides[1:]}
        counting = {decision.number for decision in in_force(log)}
        since = {decision.undoes for decision in log if decision.number > undone.number}
        touched: set[str] = set()
        for split in log:
            if split.kind is not DecisionKind.SPLIT or split.number in counting or split.redacted:
                continue
            if split.number not in since:
                continue
            if split.sides[1].identity_id not in back:
                continue
            touched |= self._undo(split, log, effects)
            said = effects.revived.get(split.sides[1].identity_id)
            heir = self._bearer(split.sides[1].identity_id, effects)
            if said and said.name and heir and heir != split.sides[1].identity_id:
                # They were called so when they were back, for the length of this step.
                effects.names.setdefault(heir, said.name)
        return touched

    def _give_back(
        self, identity_id: str, owners: set[str], undone: Decision, log: Sequence[Decision], effects: Effects
    ) -> None:
        """Let a person who is back have what was said of them."""
        record = self._store.person(identity_id)
        if record is None:
            return
        ignored, name = said_ignored(log, identity_id), said_name(log, identity_id)
        if name is None:
            lent = is_lent(log, identity_id, record.name) or is_taken_back(log, record.name)
            name = "" if lent else record.name
        said = Said(name, record.ignored if ignored is None else ignored)
        effects.revived[identity_id] = said
        # It had gone over with the merge, or with one before it.
        taken = undone.name if undone.name in (record.name, said.name) else said.name
        if not taken:
            return
        # Whom the merge had lent it to may have been put back into somebody else since.
        lent_to = undone.sides[0].identity_id if taken == undone.name else identity_id
        heir = self._bearer(lent_to, effects)
        for owner in owners:
            by_way = owner == heir != lent_to and not said_name(log, owner)
            if by_way or is_lent(log, owner, taken):
                effects.names_back[owner] = taken

    def _give(
        self, track_ids: Iterable[str], identity_id: str, kind: ChangeKind, effects: Effects
    ) -> set[str]:
        """Give tracks to a person; who has none left then leads to them."""
        touched = {identity_id}
        for track_id in track_ids:
            before = self._membership.identity_of.get(track_id)
            if before == identity_id:
                continue
            told = kind if before is not None else ChangeKind.ASSIGNED
            self._membership.assign(track_id, identity_id, told, effects)
            if before is not None:
                touched.add(before)
        for before in sorted(touched):
            if not self._membership.members(before):
                self._membership.merge(before, identity_id, effects)
        return touched

    def _bearer(self, identity_id: str, effects: Effects) -> str | None:
        merged = {i.identity_id: i.merged_into for i in effects.identities if i.merged_into}
        return bearer_of(self._store, identity_id, merged, set(self._membership.alive()))

    def _owners(self, track_ids: Iterable[str]) -> set[str]:
        owners = self._membership.identity_of
        return {owners[track_id] for track_id in track_ids if track_id in owners}

    def _would_empty(self, moving: Collection[str]) -> bool:
        """Whether somebody would have nothing left without these tracks."""
        gone = set(moving)
        return any(self._membership.members(owner) <= gone for owner in self._owners(moving))
