"""A re-cluster on a snapshot: how it begins, and what its outcome changes of what is there by then."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from storage.collection_reader import CollectionReader
from storage.effects import Effects
from storage.recluster_record import ReclusterRecord
from workers.clustering.churn import churn
from workers.clustering.clusterer import Clusterer
from workers.clustering.partition import Partition
from workers.decisions import Decisions
from workers.membership import Membership
from workers.mute_tracks import with_mute
from workers.named_people import inherit_with_names
from workers.people import TrackSummary
from workers.rearrangement import Ignored, rearrange
from workers.settlement import Settlement
from workers.source_book import SourceBook

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a re-cluster goes by.

    Attributes:
        clusterer: Nobody else's.
        settled: Person of each track of which nothing new was known then.
        named: People who have a name.
        sources_began_s: Unix time at which each source began, where it is known.
        tracks: What was known of each track.
        revision: Of the decisions that it keeps to.
        began_s: Monotonic time at which it was made.
        removed: Tracks that were removed since; what comes under their ids is new.
    """

    clusterer: Clusterer
    settled: Mapping[str, str]
    named: frozenset[str]
    sources_began_s: Mapping[str, float]
    tracks: Mapping[str, TrackSummary]
    revision: int
    began_s: float
    removed: set[str] = field(default_factory=set)

    def recluster(self) -> Partition:
        """Group the tracks anew.

        Raises:
            CalledOffError: See `Clusterer.recluster`.
        """
        return self.clusterer.recluster(self.settled, self.named, self.sources_began_s)

    def applied_to(
        self, partition: Partition, tracks: Mapping[str, TrackSummary], owners: Mapping[str, str]
    ) -> Partition:
        """What a partition of the snapshot says of the tracks there are now.

        Tracks that grew since are where they were put, for that was found by more of their faces than they
        were given away by before. But where they were too poor for anybody, they may have grown good enough.

        Args:
            partition: Outcome of the re-cluster.
            tracks: What is known of each track now.
            owners: Person of each track that has one now.
        """
        there = self.tracks.keys() & (tracks.keys() - self.removed)
        clusters = (tuple(t for t in cluster if t in there) for cluster in partition.clusters)
        same = self.looked_at(tracks)
        left = Partition(
            tuple(cluster for cluster in clusters if cluster),
            tuple(track_id for track_id in partition.unassigned if track_id in same),
            partition.wide,
        )
        # Tracks of the snapshot that are in no partition of it can't be compared; mostly, there are none.
        theirs = (owners.keys() & there).difference(partition.unassigned)
        if theirs <= set(itertools.chain(*left.clusters)):
            return left
        weights = {track_id: float(tracks[track_id].faces) for track_id in there}
        return with_mute(left, {track_id: owners[track_id] for track_id in theirs}, weights)

    def looked_at(self, tracks: Mapping[str, TrackSummary]) -> set[str]:
        """Tracks that are now what they were then.

        Args:
            tracks: What is known of each track now; made anew whenever a track comes or grows.
        """
        return {track_id for track_id, known in self.tracks.items() if tracks.get(track_id) is known}


class Reclustering:
    """Begins re-clusters and lets them have their effect, one at a time.

    What comes while one runs is as if it had come just after it: tracks keep who they were given to, also
    where that person turns out to be another one, and stay provisional; tracks that went are left out.
    Decisions alone can't come after it, as they were carried out before: see `overtaken`.

    Args:
        store: The collection.
        clusterer: Groups its tracks.
        tracks: What is known of each track, kept by somebody else.
        membership: Who has which track; is changed.
        decisions: What people said.
        settlement: What is provisional; is changed.
        sources: When each began.
    """

    def __init__(
        self,
        store: CollectionReader,
        clusterer: Clusterer,
        tracks: Mapping[str, TrackSummary],
        membership: Membership,
        decisions: Decisions,
        settlement: Settlement,
        sources: SourceBook,
    ) -> None:
        self._store = store
        self._clusterer = clusterer
        self._tracks = tracks
        self._membership = membership
        self._decisions = decisions
        self._settlement = settlement
        self._sources = sources
        self._snapshot: Snapshot | None = None

    def begin(self) -> Snapshot:
        """What to group, as of now."""
        owners = self._membership.identity_of
        settled = {track_id: owners[track_id] for track_id in self._settlement.unchanged & owners.keys()}
        # What another method found is no reason to stay together.
        same = self._store.settled_by() in (self._clusterer.method, None)
        began_s = {
            source.source_id: source.recorded_at_s
            for source in self._sources.values()
            if source.recorded_at_s is not None
        }
        self._snapshot = Snapshot(
            self._clusterer.snapshot(),
            settled if same else {},
            frozenset(self._store.names()),
            began_s,
            dict(self._tracks),
            self._decisions.revision,
            time.monotonic(),
        )
        return self._snapshot

    def track_went(self, track_id: str) -> None:
        """A track is no more."""
        if self._snapshot is not None:
            self._snapshot.removed.add(track_id)

    @property
    def overtaken(self) -> bool:
        """Whether people decided something since it began, so that it must begin anew."""
        return self._snapshot is not None and self._snapshot.revision != self._decisions.revision

    def drop(self) -> None:
        """It has no effect; what it found out on its way is kept."""
        if self._snapshot is not None:
            self._clusterer.adopt(self._snapshot.clusterer)
            self._snapshot = None

    def apply(self, partition: Partition, reasons: Collection[str], effects: Effects) -> set[str]:
        """Let the new groups inherit the identities.

        Args:
            partition: Outcome of the re-cluster that has begun.
            reasons: Why there was one.
            effects: Takes in what changes.

        Returns:
            The people that this changes.
        """
        snapshot = self._snapshot
        assert snapshot is not None
        self.drop()
        before = dict(self._membership.identity_of)
        partition = snapshot.applied_to(partition, self._tracks, before)
        # Read anew: people are named while we work.
        names = self._store.names()
        effects.names_known = dict(names)
        partition, inheritance = inherit_with_names(
            partition, self._membership, self._weights(), names, self._clusterer.divide
        )
        touched = rearrange(
            self._membership,
            partition,
            inheritance,
            names,
            Ignored(self._store.ignored(), self._decisions.ignored_tracks()),
            effects,
        )
        merged = {i.identity_id: i.merged_into for i in effects.identities if i.merged_into}
        change = churn(before, self._membership.identity_of, merged, self._settlement.unchanged)
        self._settlement.reclustered(snapshot.looked_at(self._tracks), effects)
        # What came since may stand where a decision about it, of long ago, does not want it.
        touched |= self._decisions.mend(effects)
        effects.reclustered = ReclusterRecord(
            reason=", ".join(sorted(set(reasons))),
            tracks=sum(map(len, partition.clusters)) + len(partition.unassigned),
            people=len(partition.clusters),
            unassigned=len(partition.unassigned),
            earlier=change.earlier,
            changed=change.changed,
            wide=partition.wide,
            seconds=time.monotonic() - snapshot.began_s,
            ended_at_s=time.time(),
            clustering=self._clusterer.method,
        )
        _log.info("re-clustered: %s", effects.reclustered)
        return touched

    def _weights(self) -> dict[str, float]:
        """What each track counts where it is about who somebody is.

        A person is who they were when a re-cluster or people last had a look: whoever named them saw those
        tracks. Tracks that were given to them since, by a first guess, decide among equals only: all of them
        together count less than one face.
        """
        provisional = self._settlement.provisional
        guessed = sum(self._tracks[track_id].faces for track_id in provisional & self._tracks.keys())
        return {
            track_id: summary.faces / (2.0 * guessed) if track_id in provisional else float(summary.faces)
            for track_id, summary in self._tracks.items()
        }
