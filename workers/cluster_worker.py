"""The cluster worker: samples and tracks out of the queue, people into the store."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from storage.errors import LeaseLostError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import Effects, IdentityStore
from storage.lease import Lease
from storage.sample_queue import Delivery, Entry, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import ReclusterRequest, SegmentDone, SourceRecord
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer
from workers.clustering.matching import inherit
from workers.models.calibration import Calibration
from workers.people import TrackSummary, describe
from workers.track_evidence import evidence_of, sample_problem, track_problem

_log = logging.getLogger(__name__)

# A leader that was paused must soon notice that another one leads: what it reads on is held up.
_CHECK_EVERY_S = 1.0
_LOAD_CHUNK = 500


class ClusterWorker:
    """Keeps the people of one collection up to date; one at a time leads, others stand by.

    Args:
        store: The collection.
        queue: Its queue.
        lease: Leadership of the collection.
        clusterer: Makes a fresh, empty clusterer.
        calibration: Of the embedder, for templates.
        on_people: Called after each step with the number of people there are.
    """

    def __init__(
        self,
        store: IdentityStore,
        queue: SampleQueue,
        lease: Lease,
        clusterer: Callable[[], Clusterer],
        calibration: Calibration,
        on_people: Callable[[int], None] | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._lease = lease
        self._make_clusterer = clusterer
        self._calibration = calibration
        self._on_people = on_people
        self._consumer = f"cluster-{lease.token.decode()}"
        self._reset()

    def _reset(self) -> None:
        self._clusterer = self._make_clusterer()
        self._summaries: dict[str, TrackSummary] = {}
        self._identity_of: dict[str, str] = {}
        self._members: dict[str, set[str]] = {}
        self._named: dict[str, bool] = {}
        self._sources: dict[str, SourceRecord] = {}
        self._founders: set[str] = set()
        self._model_id = ""
        # Sources that were read in this step: a run may have told something new about them since.
        self._fresh: set[str] = set()
        # Samples of this step, not in Redis yet: senders put them before the tracks that name them.
        self._waiting: dict[str, FaceSample] = {}

    def run(self, stop: threading.Event) -> None:
        """Lead whenever the lease is free, until told to stop.

        Raises:
            StorageError: If Redis fails for good.
        """
        self._queue.prepare()
        while not stop.is_set():
            if not self._lease.acquire():
                stop.wait(0.2)
                continue
            try:
                with self._lease.kept():
                    self._lead(stop)
            except LeaseLostError as error:
                _log.warning("%s; standing by", error)
            finally:
                self._lease.release()

    def _lead(self, stop: threading.Event) -> None:
        self._load()
        while deliveries := self._queue.take_over(self._consumer):
            self._step(deliveries)
        checked_s = -math.inf
        while not stop.is_set():
            if time.monotonic() - checked_s > _CHECK_EVERY_S:
                if not self._lease.renew():
                    raise LeaseLostError(f"{self._lease.key}: the lease ran out")
                checked_s = time.monotonic()
            deliveries = self._queue.receive(self._consumer)
            if deliveries:
                self._step(deliveries)

    # State -------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Build the clusterer from what is in Redis."""
        self._reset()
        for source in self._store.sources():
            self._sources[source.source_id] = source
        for identity in self._store.people():
            self._named[identity.identity_id] = bool(identity.name)
            self._members[identity.identity_id] = set()
        ids = self._store.track_ids()
        for start in range(0, len(ids), _LOAD_CHUNK):
            tracks = list(self._store.tracks(ids[start : start + _LOAD_CHUNK]))
            wanted = [sample_id for track in tracks for sample_id in track.sample_ids]
            samples = {sample.sample_id: sample for sample in self._store.samples(wanted)}
            for track in tracks:
                known = self._take_in(track, [samples[i] for i in track.sample_ids if i in samples])
                if known and track.identity_id:
                    self._identity_of[track.track_id] = track.identity_id
                    self._members.setdefault(track.identity_id, set()).add(track.track_id)

    def _take_in(self, track: TrackRecord, samples: list[FaceSample]) -> bool:
        """Give a track to the clusterer; returns whether it has anything to compare."""
        if not samples:
            return False
        try:
            evidence = evidence_of(track, samples, self._calibration)
        except ValueError as error:
            # Kept, and given to nobody: one track must not stop all others.
            _log.warning("%s; it is left out", error)
            return False
        self._clusterer.insert(evidence)
        self._summaries[track.track_id] = TrackSummary.of(track, samples)
        if track.founder:
            self._founders.add(track.track_id)
        else:
            self._founders.discard(track.track_id)
        return True

    # Steps -------------------------------------------------------------------------------------------------

    def _step(self, deliveries: list[Delivery]) -> None:
        """Take in deliveries and commit what they change with their acknowledgement."""
        effects = Effects()
        touched: set[str] = set()
        recluster = False
        for delivery in deliveries:
            entry = delivery.entry
            problem = delivery.problem or self._problem(entry)
            if entry is None or problem:
                _log.warning("entry %s is put aside: %s", delivery.entry_id.decode(), problem)
                effects.unreadable.append(replace(delivery, problem=problem))
                continue
            effects.done.append(delivery)
            match entry:
                case FaceSample():
                    effects.samples.append(entry)
                    self._waiting[entry.sample_id] = entry
                case TrackRecord():
                    touched |= self._add_track(entry, effects)
                case SegmentDone():
                    self._add_segment(entry, effects)
                case ReclusterRequest():
                    recluster = True
        if recluster:
            touched |= self._recluster(effects)
            # A person of this very step may have gone already, and their record says where.
            touched -= {identity.identity_id for identity in effects.identities}
        effects.identities += [self._describe(identity_id) for identity_id in sorted(touched)]
        self._store.commit(effects, self._lease)
        self._waiting.clear()
        self._fresh.clear()
        if self._on_people is not None:
            self._on_people(sum(1 for members in self._members.values() if members))

    def _problem(self, entry: Entry | None) -> str:
        """Why an entry that can be read must not be taken in, or empty."""
        match entry:
            case FaceSample():
                self._model_id = self._model_id or self._store.meta().get("model_id", "")
                return sample_problem(entry, self._calibration, self._model_id)
            case TrackRecord():
                return track_problem(entry)
        return ""

    def _add_segment(self, segment: SegmentDone, effects: Effects) -> None:
        source = self._source(segment.source_id)
        if source is not None:
            self._sources[source.source_id] = source.with_segment(segment)
            effects.sources[source.source_id] = self._sources[source.source_id]

    def _source(self, source_id: str) -> SourceRecord | None:
        if source_id not in self._fresh:
            source = self._store.source(source_id)
            if source is None:
                return None
            self._sources[source_id] = source
            self._fresh.add(source_id)
        return self._sources[source_id]

    def _add_track(self, track: TrackRecord, effects: Effects) -> set[str]:
        """Store a track and give it a provisional identity; returns the people that this changes."""
        effects.tracks.append(track)
        missing = [i for i in track.sample_ids if i not in self._waiting]
        stored = {sample.sample_id: sample for sample in self._store.samples(missing)}
        known = {**self._waiting, **stored}
        self._source(track.source_id)
        if not self._take_in(track, [known[i] for i in track.sample_ids if i in known]):
            return set()
        before = self._identity_of.get(track.track_id)
        if before is not None:
            return {before}
        identity_id = self._clusterer.nearest(track.track_id, self._identity_of)
        kind = ChangeKind.ASSIGNED
        if identity_id is None:
            if track.track_id not in self._founders:
                return set()
            identity_id, kind = self._store.new_identity_id(), ChangeKind.CREATED
            self._named[identity_id] = False
        self._assign(track.track_id, identity_id, kind, effects)
        return {identity_id}

    def _recluster(self, effects: Effects) -> set[str]:
        """Group all tracks anew and let the new groups inherit the identities."""
        started_s = time.monotonic()
        partition = self._clusterer.recluster(self._identity_of)
        weights = {track_id: float(summary.faces) for track_id, summary in self._summaries.items()}
        alive = [identity_id for identity_id, members in self._members.items() if members]
        seniority = {i: (self._named.get(i, False), int(i[1:])) for i in alive}
        inheritance = inherit(partition.clusters, self._identity_of, weights, seniority)
        touched: set[str] = set()
        for cluster, heir in zip(partition.clusters, inheritance.heirs, strict=True):
            identity_id = heir
            if identity_id is None:
                identity_id = self._store.new_identity_id()
                self._named[identity_id] = False
                effects.changes.append(self._change(ChangeKind.CREATED, identity_id, cluster[0]))
            for track_id in cluster:
                before = self._identity_of.get(track_id)
                if before == identity_id:
                    continue
                if before is not None:
                    touched.add(before)
                touched.add(identity_id)
                kind = ChangeKind.ASSIGNED
                if before is not None and before not in inheritance.merged:
                    kind = ChangeKind.SPLIT
                self._assign(track_id, identity_id, kind, effects)
        for track_id in partition.unassigned:
            before = self._leave(track_id, effects)
            if before is not None:
                touched.add(before)
                effects.assignments[track_id] = None
        for identity_id, successor in inheritance.merged.items():
            effects.changes.append(replace(self._change(ChangeKind.MERGED, identity_id), other_id=successor))
            effects.identities.append(Identity(identity_id, merged_into=successor))
        effects.changes += [self._change(ChangeKind.VANISHED, gone) for gone in inheritance.vanished]
        _log.info(
            "re-clustered %d tracks into %d people in %.2f s",
            len(self._summaries),
            len(partition.clusters),
            time.monotonic() - started_s,
        )
        return touched

    def _assign(self, track_id: str, identity_id: str, kind: ChangeKind, effects: Effects) -> None:
        before = self._leave(track_id, effects)
        self._identity_of[track_id] = identity_id
        self._members.setdefault(identity_id, set()).add(track_id)
        effects.members_added.setdefault(identity_id, set()).add(track_id)
        effects.members_removed.get(identity_id, set()).discard(track_id)
        effects.assignments[track_id] = identity_id
        effects.changes.append(replace(self._change(kind, identity_id, track_id), other_id=before or ""))

    def _leave(self, track_id: str, effects: Effects) -> str | None:
        """Take a track from the person who has it; returns who that was."""
        before = self._identity_of.pop(track_id, None)
        if before is not None:
            self._members[before].discard(track_id)
            effects.members_removed.setdefault(before, set()).add(track_id)
            effects.members_added.get(before, set()).discard(track_id)
        return before

    def _change(self, kind: ChangeKind, identity_id: str, track_id: str = "") -> IdentityChange:
        summary = self._summaries.get(track_id)
        return IdentityChange(
            kind,
            identity_id,
            track_id,
            thumbnail=summary.best_sample if summary else "",
            event_s=summary.last_s if summary else 0.0,
        )

    def _describe(self, identity_id: str) -> Identity:
        tracks = [self._summaries[track_id] for track_id in self._members.get(identity_id, ())]
        sources = {track.source_id: self._sources.get(track.source_id) for track in tracks}
        return describe(
            identity_id,
            tracks,
            {i: source.recorded_at_s if source else None for i, source in sources.items()},
            {i: 1 / source.fps for i, source in sources.items() if source and source.fps},
        )
