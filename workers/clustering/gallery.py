"""The tracks of a collection as arrays, so that one can be compared with all at once."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.evidence import TrackEvidence
from workers.clustering.template_codes import TemplateCodes
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

NO_GROUP = -1
"""Number of no group in `Gallery.groups`."""

# Neighbours kept of each track: most people have fewer tracks, and of others a few lead to all.
_NEAR = 8
# These bound the memory for intermediate results.
_CODED_AT_ONCE = 4096
_COMPARED_AT_ONCE = 16_384
# Products of several tracks with so many stay in the processor's second cache.
_PRODUCTS_AT_ONCE = 1 << 17
_LEAST_AT_ONCE = 2048


class Gallery:
    """Rows of tracks in contiguous arrays; rows move when others are removed.

    Attributes:
        ids: Track id of each row.
        removals: How many tracks were taken out so far.

    Args:
        calibration: Of the embedder.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self.ids: list[str] = []
        self.removals = 0
        self._row: dict[str, int] = {}
        self._number: dict[str, int] = {}
        self._columns: dict[str, Column[Any]] = {}
        self._serial = itertools.count()
        # Made when they are first needed, all at once; kept up to date from then on.
        self._codes: TemplateCodes | None = None

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.ids)

    def row_of(self, track_id: str) -> int:
        """Row of a track at this moment."""
        return self._row[track_id]

    def rows_of(self, track_ids: Iterable[str]) -> IntArray:
        """Rows of tracks at this moment, intp (K,)."""
        return np.fromiter(map(self._row.__getitem__, track_ids), np.intp)

    def rows_there(self, track_ids: Iterable[str]) -> IntArray:
        """Rows of those of some tracks that are there, in their order."""
        rows = np.fromiter(map(self._row.get, track_ids, itertools.repeat(-1)), np.intp)
        return rows[rows >= 0]

    def source_number(self, source_id: str) -> int:
        """The number that stands for a source in `sources`."""
        return self._number.setdefault(source_id, len(self._number))

    @property
    def source_ids(self) -> list[str]:
        """Id of each source, by its number."""
        return list(self._number)

    @property
    def source_count(self) -> int:
        """Sources have the numbers below this one."""
        return len(self._number)

    def insert(self, track: TrackEvidence) -> None:
        """Append a track that is not there."""
        values: dict[str, npt.NDArray[Any]] = {
            "templates": track.template,
            "size_weights": self._calibration.size_weights([track.size_px])[0],
            "weights": np.array(track.weight, np.float32),
            "sources": np.array(self.source_number(track.source_id), np.intp),
            "middle_s": np.array(track.middle_s, np.float64),
            "seen": track.moments[[0, -1]],
            "serials": np.array(next(self._serial), np.int64),
            "groups": np.array(NO_GROUP, np.int32),
            "looked": np.array(False),
            "near": np.full(_NEAR, -1, np.int64),
            "margins": np.zeros(_NEAR, np.float32),
        }
        if track.clothing is not None:
            values["clothing_roots"] = np.sqrt(track.clothing)
        elif "clothing_roots" in self._columns:
            values["clothing_roots"] = np.zeros(self._columns["clothing_roots"].shape, np.float32)
        for name, value in values.items():
            if name in self._columns and value.shape != self._columns[name].shape:
                raise ValueError(
                    f"{name} has shape {value.shape}, the gallery holds {self._columns[name].shape}"
                )
        row = len(self.ids)
        for name, value in values.items():
            if name not in self._columns:
                self._columns[name] = Column(value.shape, value.dtype.type, row)
            self._columns[name].append(value)
        self._row[track.track_id] = row
        self.ids.append(track.track_id)
        if self._codes is not None:
            self._codes.put(np.array([row]), 1, track.template[None])

    def remove(self, track_id: str) -> None:
        """Take a track out; the last row moves into its place."""
        row, last = self._row.pop(track_id), len(self.ids) - 1
        self.removals += 1
        moved = self.ids.pop()
        if row != last:
            self.ids[row] = moved
            self._row[moved] = row
        for column in self._columns.values():
            column.remove(row)
        if self._codes is not None:
            self._codes.remove(row)

    def like(self, rows: IntArray, least_similarity: npt.NDArray[np.float64]) -> list[IntArray]:
        """For each of some rows those, ascending, that are at least so similar to it, and some that aren't.

        Args:
            rows: intp (K,), some rows; for several it takes less time than for each of them.
            least_similarity: float64 (K,), least cosine of two templates for each.
        """
        if self._codes is None:
            self._codes = TemplateCodes(self._calibration.mean[-1])
            for start in range(0, len(self), _CODED_AT_ONCE):
                block = np.arange(start, min(start + _CODED_AT_ONCE, len(self)))
                self._codes.put(block, len(block), self.templates[block])
        faces = self._codes.faces(self.templates[rows])
        # As precise as what is compared with it, which is quicker, and no higher.
        least = (least_similarity - self._codes.errors(faces)).astype(np.float32)[:, None]
        least = np.nextafter(least, np.float32(-np.inf))
        found: list[list[IntArray]] = [[] for _ in rows]
        at_once = min(max(_PRODUCTS_AT_ONCE // max(len(rows), 1), _LEAST_AT_ONCE), _COMPARED_AT_ONCE)
        for start in range(0, len(self), at_once):
            near = self._codes.similarities(faces, slice(start, start + at_once)) >= least
            for mine, some in zip(found, near, strict=True):
                mine.append(start + np.flatnonzero(some))
        return [np.concatenate(mine) for mine in found]

    @property
    def templates(self) -> FloatArray:
        """float32 (N, D)."""
        return np.asarray(self._columns["templates"].values, np.float32)

    @property
    def size_weights(self) -> FloatArray:
        """float32 (N, S), see `Calibration.size_weights`."""
        return np.asarray(self._columns["size_weights"].values, np.float32)

    @property
    def weights(self) -> FloatArray:
        """float32 (N,), weight of each track in the mean of a cluster."""
        return np.asarray(self._columns["weights"].values, np.float32)

    @property
    def sources(self) -> IntArray:
        """Intp (N,), number of the source of each track."""
        return np.asarray(self._columns["sources"].values, np.intp)

    @property
    def middle_s(self) -> npt.NDArray[np.float64]:
        """float64 (N,), middle of each track's time, s."""
        return np.asarray(self._columns["middle_s"].values, np.float64)

    @property
    def seen(self) -> npt.NDArray[np.int64]:
        """int64 (N, 2), first and last moment of each track, see `TrackEvidence.moments`."""
        return np.asarray(self._columns["seen"].values, np.int64)

    @property
    def serials(self) -> npt.NDArray[np.int64]:
        """int64 (N,), a number for each track that is never used again."""
        return np.asarray(self._columns["serials"].values, np.int64)

    @property
    def groups(self) -> npt.NDArray[np.int32]:
        """int32 (N,), number of the group of each track, see `GroupsOfRows`; may be written."""
        return np.asarray(self._columns["groups"].values, np.int32)

    @property
    def looked(self) -> npt.NDArray[np.bool_]:
        """Bool (N,), whether the neighbours of each track are known; may be written."""
        return np.asarray(self._columns["looked"].values, np.bool_)

    @property
    def near(self) -> npt.NDArray[np.int64]:
        """int64 (N, K), serials of the neighbours of each track, nearest first, then -1; may be written."""
        return np.asarray(self._columns["near"].values, np.int64)

    @property
    def margins(self) -> FloatArray:
        """float32 (N, K), how much more alike than halfway each of `near` is; may be written."""
        return np.asarray(self._columns["margins"].values, np.float32)

    @property
    def clothing_roots(self) -> FloatArray | None:
        """float32 (N, C), square roots of histograms, zero rows for none; None while no track has clothes."""
        column = self._columns.get("clothing_roots")
        return None if column is None else np.asarray(column.values, np.float32)

    def snapshot(self) -> Gallery:
        """The same, as of now, for somebody else who inserts nothing."""
        clone = copy.copy(self)
        clone.ids, clone._row, clone._number = self.ids.copy(), self._row.copy(), self._number.copy()
        clone._columns = {name: column.copy() for name, column in self._columns.items()}
        clone._codes = None
        return clone

    def adopt(self, snapshot: Gallery) -> None:
        """Take over which neighbours a snapshot has found since, for tracks that are still there."""
        if not self.ids or not snapshot.ids:
            return
        order = np.argsort(self.serials)
        serials = self.serials[order]
        at = np.minimum(np.searchsorted(serials, snapshot.serials), len(serials) - 1)
        news = snapshot.looked & (serials[at] == snapshot.serials)
        rows = order[at[news]]
        self.near[rows] = snapshot.near[news]
        self.margins[rows] = snapshot.margins[news]
        self.looked[rows] = True
