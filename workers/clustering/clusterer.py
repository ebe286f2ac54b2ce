"""Tracks to people."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import ByMedium
from workers.clustering.company import Company
from workers.clustering.comparison import Comparison
from workers.clustering.constraints import Constraints
from workers.clustering.division import divided
from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.clustering.group_race import Seen, best_group
from workers.clustering.groups import Groups, GroupsOfRows
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.likeness_graph import LikenessGraph
from workers.clustering.linkage_task import LinkageTask
from workers.clustering.method import Method
from workers.clustering.partition import Partition
from workers.clustering.ties import Ties, founding, group_said
from workers.clustering.track_linkage import TrackLinkage
from workers.clustering.width_guard import GuardedLinkage, guarded
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# A smaller change of the prior is not worth a second linkage.
_PRIOR_STEP = 0.3


class Clusterer(Protocol):
    """Groups tracks into people.

    Attributes:
        method: How it does.
    """

    method: Method

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        ...

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        ...

    def constrain(self, constraints: Constraints) -> None:
        """Keep to what people said, in place of what they said before."""
        ...

    def look_ahead(self, track_ids: Sequence[str]) -> None:
        """Know of inserted tracks of which `nearest` is asked next: a look at all of them may be quicker."""
        ...

    def nearest(self, track_id: str, groups: Groups) -> str | None:
        """The group that an inserted track most likely belongs to, or None if it is like none of them."""
        ...

    def recluster(
        self,
        settled: Mapping[str, str],
        named: Collection[str] = (),
        began_s: Mapping[str, float] = MappingProxyType({}),
    ) -> Partition:
        """Group all tracks anew; `settled` are groups of an earlier re-cluster, which change for a reason.

        Those that are `named` change for a better one. `began_s` tells when sources began.

        Raises:
            CalledOffError: If whoever asked for it does not want it any more, see `called_off_by`.
        """
        ...

    def divide(self, cluster: Collection[str], homes: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
        """Divide a cluster between people, given the tracks of each that are in it; see `divided`."""
        ...

    def snapshot(self) -> Self:
        """A clusterer that knows what this one knows now, for a re-cluster beside it."""
        ...

    def adopt(self, snapshot: Self) -> None:
        """Take over what a snapshot has found out since, so that it need not be found again."""
        ...


class TrackClusterer:
    """Constrained average linkage over log-likelihood ratios of tracks.

    Args:
        calibration: Of the embedder.
        threshold: Least mean log-likelihood ratio of one person.
        settings: How evidence is weighed.
        limit: Most tracks that a re-cluster compares all with all; bounds its time and its memory (4 bytes
            a pair). Of more, those that look alike are compared, and clusters by their means.
    """

    method = Method.AVERAGE

    def __init__(
        self,
        calibration: Calibration,
        threshold: float = 0.0,
        settings: LikelihoodSettings | None = None,
        limit: int = 12_000,
    ) -> None:
        self._calibration = calibration
        self._threshold = threshold
        self._settings = settings or LikelihoodSettings(limit=calibration.limit)
        self._limit = limit
        self._gallery = Gallery(calibration)
        self._tracks: dict[str, TrackEvidence] = {}
        self._company = Company()
        self._ahead: dict[str, IntArray] = {}
        self._connect()

    def _connect(self) -> None:
        """Make what looks at the tracks."""
        calibration, settings = self._calibration, self._settings
        self._comparison = Comparison(self._gallery, self._tracks, self._company, calibration, settings)
        self._groups_of_rows = GroupsOfRows(self._gallery)
        self._graph = LikenessGraph(self._gallery, calibration)
        self._linkage = TrackLinkage(
            self._gallery, self._comparison, self._graph, calibration, settings, self._threshold, self._limit
        )

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        self.remove(track.track_id)
        self._ahead.clear()
        self._gallery.insert(track)
        if track.source_id not in self._company.by_source:
            self._comparison.expect(track)
        self._company.insert(track)
        self._tracks[track.track_id] = track

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        self._ahead.clear()
        self._gallery.remove(track_id)
        self._company.remove(track)

    def constrain(self, constraints: Constraints) -> None:
        """Keep to what people said, in place of what they said before."""
        self._company.constraints = constraints

    def look_ahead(self, track_ids: Sequence[str]) -> None:
        """Look at several tracks at once, of which `nearest` is asked before anything changes.

        What one look found is of no use any more when a track comes or goes: then there is one for each.
        """
        ids = list(dict.fromkeys(track_ids))
        self._ahead = dict(zip(ids, self._alike(self._gallery.rows_of(ids)), strict=True)) if ids else {}

    def _alike(self, rows: IntArray) -> list[IntArray]:
        """Rows of tracks of which each of some may be: where the mean of a group is high enough, one is."""
        prior, limit = self._comparison.strict_prior, self._linkage.face_limit
        return self._comparison.alike(rows, self._threshold, prior, limit)

    def nearest(self, track_id: str, groups: Groups) -> str | None:
        """The group that an inserted track most likely belongs to.

        Args:
            track_id: An inserted track.
            groups: Groups of other inserted tracks; the same object for as long as they are the same groups.

        Returns:
            The group of tracks that belong together with this one. Where there is none, that of the highest
            mean log-likelihood ratio that reaches the threshold and holds no track that must be apart from
            this one, see `best_group`; None if there is none.
        """
        said = group_said(track_id, groups.of, self._company.constraints)
        if said is not None:
            return said
        row = self._gallery.row_of(track_id)
        prior, limit = self._comparison.strict_prior, self._linkage.face_limit
        found = self._ahead[track_id] if track_id in self._ahead else self._alike(np.array([row]))[0]
        alike = self._groups_of_rows.names(found[found != row], groups)
        apart = self._company.apart_from(track_id)
        # Who was removed may still be named by people.
        names = sorted(alike - {groups.of[other] for other in apart if other in groups.of})

        def look(some: Sequence[int], most: int | None) -> Seen:
            rows, of = self._rows_of([names[k] for k in some], most, groups)
            rows, of = rows[rows != row], of[rows != row]
            ratios = self._comparison.ratios(np.array([row]), rows, prior, limit)[0]
            return Seen(of, ratios, self._gallery.weights[rows])

        best = best_group([len(groups.members(name)) for name in names], look, self._threshold)
        return None if best is None else names[best]

    def _rows_of(self, names: Sequence[str], most: int | None, groups: Groups) -> tuple[IntArray, IntArray]:
        """Rows of so many members of each group at most, or of all, ascending, and which group each is of."""
        some = self._groups_of_rows.some
        each = [
            self._gallery.rows_there(groups.members(name) if most is None else some(name, most, groups))
            for name in names
        ]
        rows = np.concatenate(each)
        order = np.argsort(rows)
        return rows[order], np.repeat(np.arange(len(each)), [len(part) for part in each])[order]

    def recluster(
        self,
        settled: Mapping[str, str],
        named: Collection[str] = (),
        began_s: Mapping[str, float] = MappingProxyType({}),
    ) -> Partition:
        """Group all tracks anew.

        What people said holds in any case. The same tracks and the same `settled` give the same partition in
        whatever order they came, where they are few enough to be compared all with all: see `LikenessGraph`.

        Args:
            settled: Group of tracks that an earlier re-cluster put together. Two of one group count as a
                little more alike, so that nobody changes whom they belong to for next to nothing.
            named: Groups that people gave a name: they have looked at them.
            began_s: Unix time at which each source began, s, where it is known: by it cameras are found that
                see one room.

        Raises:
            CalledOffError: If whoever asked for it does not want it any more, see `called_off_by`.
        """
        ids = sorted(self._tracks)
        if not ids:
            return Partition((), ())
        self._comparison.measure_sources(self._graph, began_s)
        task = self._task(ids, settled, named)
        found = self._linked(task)
        wide = found.least < self._threshold
        return Partition.of(ids, found.labels, task.founds, lambda label, _: bool(wide[label]))

    def divide(self, cluster: Collection[str], homes: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
        """Divide a cluster between people, given the tracks of each that are in it; see `divided`."""
        prior = self._comparison.strict_prior

        def likeness(first: list[str], second: list[str]) -> FloatArray:
            rows, columns = map(self._gallery.rows_of, (first, second))
            return self._comparison.ratios(rows, columns, prior, self._linkage.face_limit)

        return divided(cluster, homes, self._tracks, self._company.constraints, likeness)

    def snapshot(self) -> Self:
        """A clusterer that knows what this one knows now, for a re-cluster in another thread."""
        clone = copy.copy(self)
        # Tracks themselves never change.
        clone._gallery, clone._tracks = self._gallery.snapshot(), self._tracks.copy()
        clone._company = self._company.snapshot()
        clone._ahead = {}
        clone._connect()
        clone._comparison.adopt(self._comparison)
        return clone

    def adopt(self, snapshot: Self) -> None:
        """Take over what a snapshot has found out since: neighbours of tracks, and how alike sources look."""
        self._gallery.adopt(snapshot._gallery)
        self._comparison.adopt(snapshot._comparison)

    def _linked(self, task: LinkageTask) -> GuardedLinkage:
        """Clusters of tracks."""
        prior = self._comparison.strict_prior
        found = guarded(self._linkage, task, prior, self._threshold)
        # Many sources may well show few people; once it is known how many, less is asked of a pair.
        rarity, people = self._comparison.rarity, self._people(task.rows, found.labels)
        looser = (prior - rarity).least(people.logarithm()) + rarity
        if (prior - looser).most > _PRIOR_STEP:
            prior = looser
            found = guarded(self._linkage, task, prior, self._threshold, found.labels)
        return found.grown(self._linkage.with_strays(task, found.labels, prior))

    def _people(self, rows: IntArray, labels: IntArray) -> ByMedium:
        """How many clusters videos show, and how many photos."""
        photos = self._comparison.photos(rows)
        return ByMedium.count(len(np.unique(labels[~photos])), len(np.unique(labels[photos])))

    def _task(self, ids: list[str], settled: Mapping[str, str], named: Collection[str]) -> LinkageTask:
        """Tracks to link, with what is known of who is whom."""
        firm = frozenset(named)
        since = self._since(settled)
        numbers = {group: k for k, group in enumerate(sorted(set(settled.values())))}
        constraints = self._company.constraints
        return LinkageTask(
            rows=self._gallery.rows_of(ids),
            stays=np.array([numbers[settled[t]] if t in settled else -1 - k for k, t in enumerate(ids)]),
            stay=self._settings.stay,
            stay_across=self._stay_across(settled, since),
            firm=np.array([settled.get(track_id) in firm for track_id in ids], np.bool_),
            stay_firm=since.map(lambda more: self._settings.stay + more),
            ties=Ties.of(ids, self._tracks, self._company),
            decided=constraints.decided(ids),
            founds=founding(ids, self._tracks, constraints),
        )

    def _since(self, settled: Mapping[str, str]) -> ByMedium:
        """What more sources ask of tracks of two of them than when an earlier re-cluster put these together.

        That there are more people elsewhere says nothing of them, nor that few are in two videos.
        """
        prior = self._comparison.prior_of(self._recordings(settled))
        return self._comparison.strict_prior - prior if settled else ByMedium.whatever(0.0)

    def _stay_across(self, settled: Mapping[str, str], since: ByMedium) -> ByMedium:
        """How much it counts that an earlier re-cluster put tracks of two sources together.

        Beside `LikelihoodSettings.stay`, what more sources ask of two tracks since then.
        """
        settings = self._settings
        share = self._recordings(settled).map(
            lambda recordings: max(0.0, 1 - settings.stay_sources / max(recordings, 1))
        )
        return since.map(lambda more: settings.stay + more) * share

    def _recordings(self, track_ids: Iterable[str]) -> ByMedium:
        """Number of recordings that some tracks are in."""
        tracks = self._tracks
        return self._comparison.recordings({tracks[t].source_id for t in track_ids if t in tracks})
