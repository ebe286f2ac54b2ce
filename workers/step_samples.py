"""Samples of tracks: those in Redis, and those that came in the step that is under way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from storage.collection_reader import CollectionReader
from storage.effects import Effects
from storage.sample_record import FaceSample, Sample
from storage.track_record import TrackRecord
from workers.comparable_samples import ComparableSamples


class StepSamples:
    """Finds the samples of tracks, wherever they are.

    Args:
        store: The collection.
        comparable: Its samples that can be compared.
    """

    def __init__(self, store: CollectionReader, comparable: ComparableSamples) -> None:
        self._store = store
        self._comparable = comparable
        # Not in Redis yet: senders put them before the tracks that name them.
        self._waiting: dict[str, FaceSample] = {}

    def add(self, sample: FaceSample, effects: Effects) -> None:
        """Store a sample, for a track that will name it."""
        effects.samples.append(sample)
        # Another track of this step, or an earlier record of the same, may have let go of it.
        effects.samples_removed.discard(sample.sample_id)
        self._waiting[sample.sample_id] = sample

    def committed(self) -> None:
        """The step is in Redis."""
        self._waiting.clear()

    def of(self, track: TrackRecord) -> list[Sample]:
        """Those of a track that can be compared, in its order."""
        missing = [i for i in track.sample_ids if i not in self._waiting]
        known: Mapping[str, Sample] = self._comparable.by_id(missing) if missing else {}
        found = (self._waiting.get(i) or known.get(i) for i in track.sample_ids)
        return [sample for sample in found if sample is not None]

    def gone_with(self, track_ids: Collection[str], effects: Effects) -> set[str]:
        """Ids of those that go with tracks: that they name, and that they might have named yet."""
        return self.named_by(track_ids, effects) | self._store.unclaimed_of(track_ids)

    def named_by(self, track_ids: Collection[str], effects: Effects) -> set[str]:
        """Ids of those that tracks name, in Redis or in this step."""
        written = (track for track in effects.tracks if track.track_id in track_ids)
        return {i for track in (*self._store.tracks(track_ids), *written) for i in track.sample_ids}

    def leave_out(self, track: TrackRecord, effects: Effects) -> None:
        """Let nothing be of what came of a track that is known better, but samples that this one names."""
        came = set(track.sample_ids)
        known = next((each for each in reversed(effects.tracks) if each.track_id == track.track_id), None)
        if known is None:
            named = {i for stored in self._store.tracks([track.track_id]) for i in stored.sample_ids}
            effects.samples_named |= came & named
            again = came
        else:
            # They are of this very step.
            named = set(known.sample_ids)
            again = came - named
        effects.samples = [sample for sample in effects.samples if sample.sample_id not in again]
        for sample_id in again:
            self._waiting.pop(sample_id, None)
        effects.samples_removed |= came - named

    def forget(self, effects: Effects) -> None:
        """Delete those of this step that belong to forgotten tracks."""
        # A track that names these may come with the next step, or be among what is erased.
        doomed = effects.forgotten_tracks
        effects.samples_removed |= {i for i, s in self._waiting.items() if s.track_id in doomed}
