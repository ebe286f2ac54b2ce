"""Tracks, people and who is whom: what the cluster worker knows, and what entries change in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.delivery import Entry
from storage.effects import Effects
from storage.identity_record import ChangeKind
from storage.identity_store import IdentityStore
from storage.requests import EraseRequest, ForgetRequest, LookAgainRequest, ReclusterRequest
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.cancellation import checkpoint
from workers.clustering.clusterer import Clusterer
from workers.clustering.partition import Partition
from workers.comparable_samples import ComparableSamples
from workers.decisions import Decisions
from workers.descriptions import Descriptions
from workers.erasing import Erasing
from workers.known_tracks import KnownTracks
from workers.membership import Membership
from workers.models.calibration import Calibration
from workers.reclustering import Reclustering, Snapshot
from workers.returns import Returns
from workers.settlement import Settlement
from workers.source_book import SourceBook
from workers.step_samples import StepSamples
from workers.track_evidence import sample_problem, track_problem

_log = logging.getLogger(__name__)

_LOAD_CHUNK = 500


class Roster:
    """A collection in memory. Methods write what they change into `Effects`, which is then committed whole.

    Args:
        store: The collection, for what is in Redis already.
        clusterer: Empty.
        calibration: Of the embedder, for templates.
    """

    def __init__(self, store: IdentityStore, clusterer: Clusterer, calibration: Calibration) -> None:
        self._store = store
        self._comparable = ComparableSamples(store)
        self._samples = StepSamples(store, self._comparable)
        self._clusterer = clusterer
        self._calibration = calibration
        self._tracks = KnownTracks(clusterer, calibration)
        self._membership = Membership(self._tracks.summaries, store.new_identity_id)
        self._decisions = Decisions(store, self._membership, clusterer)
        self._sources = SourceBook(store)
        self._descriptions = Descriptions(
            self._tracks.summaries, self._membership, self._sources, self._decisions.cover_of
        )
        self._settlement = Settlement(self._decisions.bind)
        self._reclustering = Reclustering(
            store,
            clusterer,
            self._tracks.summaries,
            self._membership,
            self._decisions,
            self._settlement,
            self._sources,
        )
        self._returns = Returns(store, calibration, self._membership, self._decisions)
        self._erasing = Erasing(
            store, self._tracks.summaries, self._membership, self._sources, self._remove, self._returns
        )
        self._forgot = False

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self._membership.alive())

    @property
    def has_provisional(self) -> bool:
        """Whether there are tracks that no re-cluster has looked at since they came or grew."""
        return bool(self._settlement.provisional)

    @property
    def method(self) -> str:
        """How tracks are grouped into people."""
        return self._clusterer.method

    def load(self, effects: Effects) -> None:
        """Take in what is in Redis; what a search needs and isn't there yet goes into `effects`.

        Raises:
            CalledOffError: If nobody wants it any more, see `called_off_by`; to be loaded anew then.
        """
        self._store.begin_steps()
        present, assigned = self._store.template_ids(), self._store.assignments()
        shown = self._store.overview_ids()
        self._sources.load()
        self._returns.load()
        names = self._store.names()
        for identity in self._store.people():
            self._membership.load_person(identity.identity_id)
            if identity.name and identity.identity_id not in names:
                effects.names[identity.identity_id] = identity.name
        ids = self._store.track_ids()
        for start in range(0, len(ids), _LOAD_CHUNK):
            tracks = list(self._store.tracks(ids[start : start + _LOAD_CHUNK]))
            wanted = [sample_id for track in tracks for sample_id in track.sample_ids]
            samples = self._comparable.by_id(wanted)
            for track in tracks:
                checkpoint()
                own = [samples[i] for i in track.sample_ids if i in samples]
                known = self._tracks.take_in(track, own, effects)
                if known and track.identity_id:
                    self._membership.load_track(track.track_id, track.identity_id)
                    if assigned.get(track.track_id) != track.identity_id:
                        effects.assignments[track.track_id] = track.identity_id
            for track_id in present.intersection(track.track_id for track in tracks):
                effects.templates.pop(track_id, None)
        self._decisions.load()
        self._settlement.load(self._tracks.summaries, self._store.provisional(), effects)
        hidden = sorted(set(self._membership.alive()) - shown)
        self.describe(hidden, effects)

    def problem(self, entry: Entry | None) -> str:
        """Why an entry that can be read must not be taken in, or empty."""
        match entry:
            case FaceSample():
                return sample_problem(entry, self._calibration, self._comparable.model_id)
            case TrackRecord():
                return track_problem(entry)
        return ""

    def committed(self, effects: Effects) -> None:
        """The step is in Redis."""
        self._erasing.committed(effects)
        self._samples.committed()
        self._sources.committed()
        if self._forgot:
            # What was said of them is blacked out.
            self._decisions.read_again()
            self._forgot = False

    def decide(self, effects: Effects) -> tuple[set[str], bool]:
        """Carry out what people decided and nobody has carried out yet.

        Returns:
            The people that this changes, and whether only a re-cluster can tell where all of them belong.
        """
        touched = self._decisions.carry_out(effects)
        mended = self._decisions.mend(effects)
        touched |= mended
        moved = (track_id for identity_id in touched for track_id in self._membership.members(identity_id))
        self._settlement.people_decided(moved, effects)
        return touched, bool(mended)

    def add_sample(self, sample: FaceSample, effects: Effects) -> None:
        """Store a sample, for a track that will name it."""
        if not self._returns.has_left_out(sample.source_id, sample.track_id):
            self._samples.add(sample, effects)

    def add_late(self, sample: FaceSample, effects: Effects) -> list[TrackRecord]:
        """Store a sample whose track may have been taken in without it; returns that one, to be placed."""
        known = [track for track in effects.tracks if track.track_id == sample.track_id]
        if not known and sample.track_id not in effects.tracks_removed:
            known = list(self._store.tracks([sample.track_id]))
        if known and sample.sample_id not in known[-1].sample_ids:
            # It has given way to better ones since.
            return []
        self.add_sample(sample, effects)
        return [track for track in known[-1:] if self.bring(track, effects)]

    def end_segment(self, segment: SegmentDone, effects: Effects) -> set[str]:
        """Note that a stretch is done; returns the people who lose tracks that a stopped run left in it."""
        source = self._sources.fresh(segment.source_id)
        if source is not None:
            self._sources.write(source.with_segment(segment), effects)
        self._returns.forget_source(segment.source_id)
        return self._remove(self._tracks.left_in(segment), effects)

    def _remove(self, track_ids: list[str], effects: Effects) -> set[str]:
        """Delete tracks with their samples; returns the people who lose them."""
        effects.samples_removed |= self._samples.gone_with(track_ids, effects)
        touched: set[str] = set()
        for track_id in track_ids:
            before = self._membership.leave(track_id, effects)
            if before is not None:
                touched.add(before)
                if not self._membership.members(before):
                    effects.changes.append(self._membership.change(ChangeKind.VANISHED, before))
            effects.assignments.pop(track_id, None)
            effects.templates.pop(track_id, None)
            self._settlement.track_went(track_id, effects)
            self._reclustering.track_went(track_id)
            effects.tracks_removed[track_id] = self._tracks.remove(track_id)
        return touched

    def leave_out(self, effects: Effects) -> set[str]:
        """Let nothing be left of tracks of the forgotten that came; returns the people whom this changes."""
        self._forgot = self._forgot or bool(effects.returned)
        return self._erasing.leave_out(effects)

    def forget(self, request: ForgetRequest, effects: Effects) -> None:
        """Delete every trace of a person, under all their ids, also of this step."""
        gone = self._erasing.forget(request, self._tracks.founders, effects)
        self._samples.forget(effects)
        self._forgot = self._forgot or gone

    def erase(self, request: EraseRequest, most: int, effects: Effects) -> tuple[set[str], bool]:
        """Delete some of what is asked for, in a step of its own; see `Erasing.erase`."""
        touched, over = self._erasing.erase(request, most, effects)
        self._forgot = self._forgot or bool(effects.forgotten_tracks)
        return touched, over

    def look_again(self, request: LookAgainRequest, effects: Effects) -> None:
        """Who was forgotten in a source may be found in it again."""
        source = self._sources.fresh(request.source_id)
        if source is None:
            return
        again = replace(source, forgotten=0)
        if request.whole:
            # A run that is stopped before its end is gone on with, as with a source that is new.
            again = replace(again, ranges=(), complete=False, sampled=0)
        self._sources.write(again, effects)

    def bring(self, track: TrackRecord, effects: Effects) -> bool:
        """Store a track; returns whether it is to be placed, for somebody may have it."""
        if self._returns.has_left_out(track.source_id, track.track_id):
            # Noted, so that what tells of it goes with the step.
            self._tracks.note(track, ())
            effects.tracks.append(track)
            effects.returned.setdefault(track.track_id, False)
            return False
        if self._tracks.tells_less(track):
            _log.debug("%s is known better already", track.track_id, extra={"track_id": track.track_id})
            self._samples.leave_out(track, effects)
            return False
        if track.track_id in self._tracks.summaries:
            # It grew: samples that have given way to better ones go.
            effects.samples_removed |= self._samples.named_by([track.track_id], effects)
        effects.samples_removed.difference_update(track.sample_ids)
        effects.tracks_removed.pop(track.track_id, None)
        effects.tracks.append(track)
        self._sources.fresh(track.source_id)
        if not self._tracks.take_in(track, self._samples.of(track), effects):
            return False
        self._settlement.track_came(track.track_id, effects)
        return True

    def place(self, tracks: Sequence[TrackRecord], effects: Effects) -> set[str]:
        """Give tracks that were just brought provisional identities; returns the people that this changes."""
        homeless = (track.track_id for track in tracks)
        self._clusterer.look_ahead([t for t in homeless if t not in self._membership.identity_of])
        touched: set[str] = set()
        for track in tracks:
            touched |= self._place(track, effects)
        return touched

    def _place(self, track: TrackRecord, effects: Effects) -> set[str]:
        owner = self._membership.identity_of.get(track.track_id)
        likely = owner or self._clusterer.nearest(track.track_id, self._membership.groups)
        if self._returns.take_out(track, likely, effects):
            return set()
        if owner is None:
            owner = likely
            if owner is None:
                if track.track_id not in self._tracks.founders:
                    return set()
                owner = self._membership.create(track.track_id, effects)
            self._membership.assign(track.track_id, owner, ChangeKind.ASSIGNED, effects)
        return {owner}

    @property
    def overtaken(self) -> bool:
        """Whether the re-cluster that has begun must begin anew, for people decided something since."""
        return self._reclustering.overtaken

    def begin_recluster(self) -> Snapshot:
        """What to group anew; one re-cluster at a time."""
        return self._reclustering.begin()

    def drop_recluster(self) -> None:
        """The re-cluster that has begun has no effect."""
        self._reclustering.drop()

    def apply_recluster(
        self, partition: Partition, requests: Sequence[ReclusterRequest], effects: Effects
    ) -> set[str]:
        """Let the new groups inherit the identities; returns the people that this changes."""
        touched = self._retold({request.source_id for request in requests})
        return touched | self._reclustering.apply(partition, [r.reason for r in requests], effects)

    def _retold(self, source_ids: set[str]) -> set[str]:
        """People of sources of which something new is known."""
        for source_id in source_ids - {""}:
            self._sources.fresh(source_id)
        tracks = (track_id for source_id in source_ids for track_id in self._tracks.of_source(source_id))
        owners = self._membership.identity_of
        return {owners[track_id] for track_id in tracks if track_id in owners}

    def mark_provisional(self, effects: Effects) -> None:
        """Let the events of a step say what of them is provisional once all of the step is done."""
        self._settlement.mark(effects)

    def describe(self, identity_ids: Iterable[str], effects: Effects) -> None:
        """Add the records of people, as of now, to a step that is to be committed next."""
        self._descriptions.write(identity_ids, effects)
