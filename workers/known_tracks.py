"""The tracks that the cluster worker knows, where they were seen, and which of them can be compared."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set

from storage.effects import Effects
from storage.sample_record import Sample
from storage.source_record import SegmentDone
from storage.template_record import encode_template
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer
from workers.models.calibration import Calibration
from workers.people import TrackSummary
from workers.track_evidence import evidence_of
from workers.track_summaries import TrackSummaries

_log = logging.getLogger(__name__)


class KnownTracks:
    """The tracks of a collection, whoever has them.

    Args:
        clusterer: Empty; it gets those that can be compared.
        calibration: Of the embedder, for templates.

    Attributes:
        summaries: What is known of each.
        founders: Those that may found a person.
    """

    def __init__(self, clusterer: Clusterer, calibration: Calibration) -> None:
        self._clusterer = clusterer
        self._calibration = calibration
        self._by_source: dict[str, set[str]] = {}
        self.summaries = TrackSummaries()
        self.founders: set[str] = set()

    def take_in(self, track: TrackRecord, samples: Sequence[Sample], effects: Effects) -> bool:
        """Give a track to the clusterer; returns whether anybody may have it.

        One without anything to compare stays with whoever has it.
        """
        # Also what nobody may have: it has to be found when it is to be erased.
        self.note(track, samples)
        if not samples:
            return bool(track.identity_id)
        try:
            evidence = evidence_of(track, samples, self._calibration)
        except ValueError as error:
            # Given to nobody who does not have it: one track must not stop all others.
            _log.warning("%s; it is left out", error)
            return bool(track.identity_id)
        self._clusterer.insert(evidence)
        effects.templates[track.track_id] = encode_template(
            evidence.template, evidence.size_px, evidence.weight, photo=track.photo
        )
        if track.founder:
            self.founders.add(track.track_id)
        else:
            self.founders.discard(track.track_id)
        return True

    def note(self, track: TrackRecord, samples: Sequence[Sample]) -> None:
        """Know that there is a track, which need not be compared with others."""
        self.summaries[track.track_id] = TrackSummary.of(track, samples)
        self._by_source.setdefault(track.source_id, set()).add(track.track_id)

    def tells_less(self, track: TrackRecord) -> bool:
        """Whether a track that comes, and may grow still, is known better already.

        Two may look at the same source at once, or one at what another has done: whoever is behind, or was
        stopped, knows less. One that has ended is what its sender saw of it, and replaces what was known.
        """
        known = self.summaries.get(track.track_id)
        if known is None or track.ended or track.last_s > known.last_s:
            return False
        return known.ended or track.last_s < known.last_s

    def of_source(self, source_id: str) -> Set[str]:
        """Those that were seen in a source."""
        return self._by_source.get(source_id, set())

    def left_in(self, segment: SegmentDone) -> list[str]:
        """Those that begin in a stretch and that whoever did it does not name, in order of their ids."""
        if segment.track_ids is None:
            return []
        stale = self.of_source(segment.source_id) - set(segment.track_ids)
        return sorted(t for t in stale if segment.start_s <= self.summaries[t].first_s < segment.end_s)

    def remove(self, track_id: str) -> str:
        """Know nothing of a track any more; returns the source that it was seen in."""
        source_id = self.summaries.pop(track_id).source_id
        self._by_source[source_id].discard(track_id)
        self.founders.discard(track_id)
        self._clusterer.remove(track_id)
        return source_id
