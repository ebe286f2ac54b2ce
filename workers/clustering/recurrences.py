"""How many pairs of tracks are of one person: in each recording, and between videos."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.company import Company
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.recurrence import free_pairs, recurrence
from workers.clustering.source_facts import SourceFacts

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
Ratios = Callable[[IntArray, IntArray], FloatArray]

# Tracks that are compared at most, of a recording and of all of them.
_COMPARED = 300


class Recurrences:
    """Measures how often people come back, and how rarely pairs of two videos are of one; see `recurrence`.

    Args:
        gallery: The tracks as arrays.
        company: Which of them were seen together.
        facts: What is known of their sources.
        settings: How evidence is weighed.
    """

    def __init__(
        self, gallery: Gallery, company: Company, facts: SourceFacts, settings: LikelihoodSettings
    ) -> None:
        self._gallery = gallery
        self._company = company
        self._facts = facts
        self._settings = settings

    def within(self, ratios: Ratios) -> FloatArray:
        """What counts for one person in the recording of each source, float32 (S,); 0 for photos.

        Args:
            ratios: Log-likelihood ratios (N, M) of rows and columns of the gallery by faces and clothes.
        """
        gallery, footage = self._gallery, self._facts.footage
        found, tracks = (np.zeros(len(self._facts.recurrence), np.float32) for _ in range(2))
        for source_id, track_ids in self._videos():
            if len(track_ids) < 2:
                continue
            checkpoint()
            ids = np.array(sorted(track_ids))
            # Some of very many, spread over time, tell as much.
            ids = ids[np.argsort(gallery.middle_s[gallery.rows_of(ids)], kind="stable")]
            ids, rows = self._some(ids)
            free = free_pairs(ids.tolist(), self._company.apart_from)
            number = footage[gallery.source_number(source_id)]
            found[number] += len(track_ids) * recurrence(ratios(rows, rows)[free], self._settings)
            tracks[number] += len(track_ids)
        # Of a recording with copies the mean of what they tell.
        count = gallery.source_count
        return np.asarray((found / np.maximum(tracks, 1))[footage[:count]], np.float32)

    def rarity(self, ratios: Ratios) -> float:
        """What counts against one person in two videos beside how many of them there are: 0 or more.

        The fewer pairs of tracks of two videos are of one person, as there are many people or few who are in
        both, the more likely it is that two who look alike are two.

        Args:
            ratios: As for `within`.
        """
        ids, rows = self._some(np.array(sorted(t for _, tracks in self._videos() for t in tracks)))
        footage = self._facts.footage[self._gallery.sources[rows]]
        free = free_pairs(ids.tolist(), self._company.apart_from) & (footage[:, None] != footage[None])
        settings = replace(
            self._settings, recurrence_for=0.0, recurrence_against=self._settings.rarity_against
        )
        return -recurrence(ratios(rows, rows)[free], settings)

    def _videos(self) -> Iterable[tuple[str, set[str]]]:
        """Sources that aren't photos, with their tracks."""
        photos = self._company.photos
        return ((source, ids) for source, ids in self._company.by_source.items() if source not in photos)

    def _some(self, ids: npt.NDArray[np.str_]) -> tuple[npt.NDArray[np.str_], IntArray]:
        """As many tracks as are compared at most, spread over all of them, and their rows."""
        some = ids[np.linspace(0, len(ids) - 1, min(len(ids), _COMPARED)).astype(int)]
        return some, self._gallery.rows_of(some)
