"""What is to be linked, and what is known of it beside looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import ByMedium
from workers.clustering.ties import Ties

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class LinkageTask:
    """Tracks to link. All but `rows` names them by their position in it.

    Attributes:
        rows: intp (N,), rows of the gallery, each once.
        stays: intp (N,), the same number for tracks that an earlier re-cluster put together.
        stay: How much that counts for two of one source.
        stay_across: How much it counts for two of two sources.
        firm: bool (N,), tracks of those whom people gave a name.
        stay_firm: How much it counts for two of them, of two sources.
        ties: Which of them belong together, and which are apart.
        decided: bool (N,), whether people put a track together with others.
        founds: bool (N,), whether a track may make a person.
    """

    rows: IntArray
    stays: IntArray
    stay: float
    stay_across: ByMedium
    firm: npt.NDArray[np.bool_]
    stay_firm: ByMedium
    ties: Ties
    decided: npt.NDArray[np.bool_]
    founds: npt.NDArray[np.bool_]

    def part(self, chosen: IntArray) -> LinkageTask:
        """The same of some tracks alone."""
        return LinkageTask(
            self.rows[chosen],
            self.stays[chosen],
            self.stay,
            self.stay_across,
            self.firm[chosen],
            self.stay_firm,
            self.ties.part(chosen, len(self.rows)),
            self.decided[chosen],
            self.founds[chosen],
        )
