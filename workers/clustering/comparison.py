"""How likely tracks are of one person: faces, clothes and where they were seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import BoolArray, ByMedium
from workers.clustering.clothing_likelihood import (
    across_occasions,
    clothing_distance,
    clothing_log_ratio,
    even_clothing,
    shared_occasion,
)
from workers.clustering.company import Company
from workers.clustering.evidence import MOMENTS_PER_S, TrackEvidence
from workers.clustering.footage import Pairs, overlaps, same_footage, twins
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import (
    LikelihoodSettings,
    face_log_ratio,
    impostor_rise,
    least_similarity,
)
from workers.clustering.likeness_graph import LikenessGraph
from workers.clustering.recurrences import Recurrences
from workers.clustering.source_facts import SourceFacts
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


class Comparison:
    """Compares tracks of a gallery, by what is known of their sources.

    Args:
        gallery: The tracks as arrays.
        tracks: The tracks by id, kept by somebody else.
        company: Which of them were seen together.
        calibration: Of the embedder.
        settings: How evidence is weighed.
    """

    def __init__(
        self,
        gallery: Gallery,
        tracks: Mapping[str, TrackEvidence],
        company: Company,
        calibration: Calibration,
        settings: LikelihoodSettings,
    ) -> None:
        self._gallery = gallery
        self._tracks = tracks
        self._company = company
        self._calibration = calibration
        self._settings = settings
        self._facts = SourceFacts()
        # How many sources show what another one does.
        self._repeats = 0
        self._rarity = 0.0

    @property
    def strict_prior(self) -> ByMedium:
        """What speaks against one person for tracks of two sources, as long as people aren't known."""
        return self.prior_of(self._recordings) + self.rarity

    def prior_of(self, recordings: ByMedium) -> ByMedium:
        """What of it follows from the number of recordings, for so many.

        How many photos there are says nothing of how many people videos show, nor the other way round.
        """
        return recordings.logarithm().map(lambda more: self._settings.source_prior * more)

    @property
    def rarity(self) -> ByMedium:
        """What of it follows from how few pairs of tracks of two videos are of one person; 0 or more."""
        return ByMedium(self._rarity, 0.0, 0.0)

    def recordings(self, source_ids: Iterable[str]) -> ByMedium:
        """Number of recordings that some sources show: what two show is one, see `same_footage`."""
        numbers = np.fromiter(map(self._gallery.source_number, source_ids), np.intp)
        photos = int(self._facts.photo[numbers].sum())
        # A photo repeats nothing.
        return ByMedium.count(len(np.unique(self._facts.footage[numbers])) - photos, photos)

    @property
    def _recordings(self) -> ByMedium:
        """Those of all sources."""
        photos = len(self._company.photos)
        return ByMedium.count(len(self._company.by_source) - photos - self._repeats, photos)

    def photos(self, rows: IntArray | slice) -> BoolArray:
        """Whether the track of each row was seen in a photo, bool (N,)."""
        return np.asarray(self._facts.photo[self._gallery.sources[rows]], np.bool_)

    def footage(self, rows: IntArray | slice) -> IntArray:
        """Number of the recording of each row, intp (N,)."""
        return np.asarray(self._facts.footage[self._gallery.sources[rows]], np.intp)

    def middle_s(self, rows: IntArray | slice) -> npt.NDArray[np.float64]:
        """Middle of the time of each row, s, float64 (N,): sources that show one footage have one clock."""
        return np.asarray(
            self._gallery.middle_s[rows] + self._facts.later_s[self._gallery.sources[rows]], np.float64
        )

    def expect(self, track: TrackEvidence) -> None:
        """Note the source of a track; call it for the first of a source."""
        rise = 0.0 if track.photo else self._calibration.video_rise
        number = self._gallery.source_number(track.source_id)
        self._facts.expect(number, rise, self._settings.clothing_even, photo=track.photo)

    def adopt(self, other: Comparison) -> None:
        """Take over what another comparison of the same tracks, or most of them, has measured of sources."""
        self._facts.adopt(other._facts, other._gallery.source_count)
        self._repeats, self._rarity = other._repeats, other._rarity

    def measure_sources(self, graph: LikenessGraph, began_s: Mapping[str, float]) -> None:
        """What each source shows and for how long, and how alike people look and dress in it.

        Args:
            graph: Of the tracks of the gallery.
            began_s: Unix time at which each source began, s, where it is known.
        """
        gallery = self._gallery
        count = gallery.source_count
        self._facts.footage[:count], self._facts.later_s[:count] = self._shown(graph, began_s)
        shown = self.recordings(self._company.by_source)
        self._repeats = len(self._company.by_source) - int(shown.videos + shown.photos)
        footage = self.footage(slice(None))
        first_s = np.full(len(self._facts.span_s), np.inf)
        last_s = np.full(len(self._facts.span_s), -np.inf)
        middle_s = self.middle_s(slice(None))
        np.minimum.at(first_s, footage, middle_s)
        np.maximum.at(last_s, footage, middle_s)
        self._facts.span_s[:count] = np.maximum(last_s - first_s, 0.0)[self._facts.footage[:count]]
        self._facts.rise[:] = self._facts.expected_rise
        self._facts.even[:] = self._settings.clothing_even
        for source_id, track_ids in self._company.by_source.items():
            pairs = self._company.pairs(source_id) if len(track_ids) > 1 else []
            if not pairs:
                continue
            number = gallery.source_number(source_id)
            first, second = np.array([[gallery.row_of(a), gallery.row_of(b)] for a, b in pairs]).T
            sizes = gallery.size_weights
            similarity = np.einsum("ij,ij->i", gallery.templates[first], gallery.templates[second])
            expected = np.einsum("is,st,it->i", sizes[first], self._calibration.impostor, sizes[second])
            self._facts.rise[number] = impostor_rise(
                similarity - expected, float(self._facts.rise[number]), self._settings
            )
            roots = gallery.clothing_roots
            if roots is None:
                continue
            dressed = roots[first].any(axis=1) & roots[second].any(axis=1)
            likeness = np.einsum("ij,ij->i", roots[first[dressed]], roots[second[dressed]])
            self._facts.even[number] = even_clothing(np.sqrt(np.clip(1 - likeness, 0, 1)), self._settings)
        self._measure_recurrences()

    def _measure_recurrences(self) -> None:
        """How often people come back, by faces and clothes alone."""
        facts = self._facts
        facts.recurrence[:] = 0.0

        def ratios(rows: IntArray, columns: IntArray) -> FloatArray:
            return self.ratios(rows, columns, ByMedium.whatever(0.0), self._settings.limit)

        recurrences = Recurrences(self._gallery, self._company, facts, self._settings)
        within, self._rarity = recurrences.within(ratios), recurrences.rarity(ratios)
        facts.recurrence[: len(within)] = within

    def _shown(
        self, graph: LikenessGraph, began_s: Mapping[str, float]
    ) -> tuple[IntArray, npt.NDArray[np.float64]]:
        """Number of the footage of each source, intp (S,), and how much later its time begins, s (S,).

        Copies of a file have its time, whenever that began. What several cameras see of a room they see at
        the same time of day, while each counts from when it was watched first.
        """
        gallery = self._gallery
        names = gallery.source_ids
        starts_s = np.array([began_s.get(name, np.nan) for name in names])
        # Everything in a photo is of one moment.
        first, second, margins = graph.pairs(np.arange(len(gallery)))
        videos = ~self.photos(slice(None))
        across = (gallery.sources[first] != gallery.sources[second]) & videos[first] & videos[second]
        first, second, margins = first[across], second[across], margins[across]
        sizes = gallery.size_weights
        genuine = np.einsum("es,es->e", sizes[first] @ self._calibration.genuine, sizes[second])
        pairs = Pairs(first, second, graph.cosines(first, second, margins), genuine)
        apart_s = np.nan_to_num(starts_s[gallery.sources[second]] - starts_s[gallery.sources[first]])
        seen = gallery.seen[first], gallery.seen[second]
        by_time = overlaps(*seen)
        by_clock = overlaps(*seen, np.rint(apart_s * MOMENTS_PER_S).astype(np.int64))
        found = twins(pairs, np.maximum(by_time, by_clock), gallery.clothing_roots)
        footage = same_footage(first[found], second[found], gallery.sources, names)
        # Whichever of the two makes more of what they show one.
        gain = np.zeros(len(names))
        one = footage[gallery.sources[first]] == footage[gallery.sources[second]]
        some = found & one
        np.add.at(gain, footage[gallery.sources[first[some]]], (by_clock - by_time)[some])
        earliest_s = np.full(len(names), np.inf)
        np.fmin.at(earliest_s, footage, starts_s)
        later_s = np.nan_to_num(starts_s - earliest_s[footage])
        return footage, np.where(gain[footage] > 0, later_s, 0.0)

    def rises(self, rows: IntArray | slice) -> FloatArray:
        """Impostor rise of the source of each row, float32 (N,)."""
        return np.asarray(self._facts.rise[self._gallery.sources[rows]], np.float32)

    def recurrences(self, rows: IntArray | slice) -> FloatArray:
        """How much likelier than usual one person is in the recording of each row, float32 (N,)."""
        return np.asarray(self._facts.recurrence[self._gallery.sources[rows]], np.float32)

    def ratios(self, rows: IntArray, columns: IntArray | slice, prior: ByMedium, limit: float) -> FloatArray:
        """Log-likelihood ratios (N, M) of rows: faces, clothes of one occasion, how often people come back.

        Args:
            rows: Some rows.
            columns: Others; a slice copies nothing.
            prior: What speaks against one person for tracks of two recordings.
            limit: Faces count at most this much, in place of `LikelihoodSettings.limit`.
        """
        gallery, settings = self._gallery, replace(self._settings, limit=limit)
        ratios = face_log_ratio(
            gallery.templates[rows] @ gallery.templates[columns].T,
            gallery.size_weights[rows],
            gallery.size_weights[columns],
            # Between sources the one counts in which people look more alike.
            np.maximum(self.rises(rows)[:, None], self.rises(columns)[None]),
            self._calibration,
            settings,
        )
        same = np.asarray(self.footage(rows)[:, None] == self.footage(columns)[None], np.bool_)
        against = prior.between(self.photos(rows)[:, None], self.photos(columns)[None])
        ratios += np.where(same, self.recurrences(rows)[:, None], -against)
        if gallery.clothing_roots is not None:
            others = np.arange(len(gallery))[columns] if isinstance(columns, slice) else columns
            shared = self._shared(rows, others, same)
            # Of very many sources, few tracks may be of one occasion.
            beside = np.flatnonzero(shared.any(axis=0))
            ratios[:, beside] += self._worn(rows, others[beside], shared[:, beside])
        return ratios

    def alike(self, rows: IntArray, least: float, prior: ByMedium, limit: float) -> list[IntArray]:
        """For each of some rows all whose ratio with it is so high, ascending.

        Only those that may be are looked at closely, which is quicker for several at once than for each.

        Args:
            rows: intp (K,); each is among those that are found for it.
            least: Least ratio, see `ratios`.
            prior: See `ratios`; 0 or more.
            limit: See `ratios`.
        """
        gallery = self._gallery
        # Clothes may make up for what faces lack, and so may that people come back often.
        faces = least - np.maximum(self.recurrences(rows), 0.0)
        if gallery.clothing_roots is not None:
            faces = faces - self._settings.clothing_for
        most_rise, settings = float(self._facts.rise.max()), replace(self._settings, limit=limit)
        similarity = np.array(
            [
                least_similarity(own, weights, most_rise, self._calibration, settings)
                for own, weights in zip(faces.tolist(), gallery.size_weights[rows], strict=True)
            ]
        )
        maybe = gallery.like(rows, similarity)
        return [
            some[self.ratios(row[None], some, prior, limit)[0] >= least]
            for row, some in zip(rows, maybe, strict=True)
        ]

    def _shared(self, rows: IntArray, columns: IntArray, same: npt.NDArray[np.bool_]) -> FloatArray:
        """Probability that two tracks (N, M) are of one occasion; `same`: whether of one recording."""
        gallery = self._gallery
        shared = shared_occasion(
            self._facts.span_s[gallery.sources[rows]][:, None],
            self._facts.span_s[gallery.sources[columns]][None],
            self._recordings.between(self.photos(rows)[:, None], self.photos(columns)[None]),
            self._settings,
        )
        shared[same] = 0.0
        beside = np.flatnonzero(same.any(axis=0))
        apart_s = np.abs(self.middle_s(rows)[:, None] - self.middle_s(columns[beside])[None])
        shared[:, beside] += same[:, beside] & (apart_s <= self._settings.clothing_reach_s)
        return shared

    def _worn(self, rows: IntArray, columns: IntArray, shared: FloatArray) -> FloatArray:
        """What clothes say of tracks (N, M), of which it is so likely that they are of one occasion."""
        roots, sources = self._gallery.clothing_roots, self._gallery.sources
        assert roots is not None
        from_, to = roots[rows], roots[columns]
        dressed = np.logical_and.outer(from_.any(axis=1), to.any(axis=1))
        # Between sources the one counts in which people dress more alike.
        least_even = np.minimum(
            self._facts.even[sources[rows]][:, None], self._facts.even[sources[columns]][None]
        )
        ratios = clothing_log_ratio(clothing_distance(from_, to), least_even, self._settings)
        return across_occasions(ratios, np.where(dressed, shared, 0.0))
