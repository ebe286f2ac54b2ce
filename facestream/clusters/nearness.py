"""How near the faces of one person are to each other, as it was measured for a model pack."""

from __future__ import annotations

from dataclasses import dataclass

from facestream.errors import UsageError
from workers.clustering.grouping import Algorithm, Linkage
from workers.models.manifest import Manifest

_STRANGERS = {"far_1e3": "1,000", "far_1e4": "10,000"}
# Of the distance of 1 pair of strangers in 10,000. Without any, HDBSCAN takes two copies of a photo for a
# person. On photos of LFW that no figure is reported on, with copies and without, 0.62 to 0.88 do as well.
_HDBSCAN_SHARE = 0.75
# Thresholds have four.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Nearness:
    """Cosine distances to cluster with.

    Args:
        manifest: Of the model pack.
        in_video: Whether faces of one video are compared, too: strangers are more alike there.
    """

    manifest: Manifest
    in_video: bool = False

    def eps_for(self, algorithm: Algorithm, linkage: Linkage = Linkage.AVERAGE) -> tuple[float, str]:
        """The distance for an algorithm that is asked for none, and why it is that.

        Chains of neighbours grow on a single pair that is wrong; a mean over many pairs forgives some.

        Raises:
            UsageError: If the pack has no thresholds.
        """
        if algorithm is Algorithm.HDBSCAN:
            eps, why = self._distance("far_1e4")
            return round(_HDBSCAN_SHARE * eps, _DIGITS), f"{_HDBSCAN_SHARE:g} times {why}"
        chains = algorithm is Algorithm.DBSCAN or linkage is Linkage.SINGLE
        return self._distance("far_1e4" if chains else "far_1e3")

    @property
    def is_measured(self) -> bool:
        """Whether the pack has thresholds."""
        return self.manifest.thresholds is not None

    def _distance(self, far: str) -> tuple[float, str]:
        thresholds, name = self.manifest.thresholds, self.manifest.name
        if thresholds is None:
            raise UsageError(
                f"the model pack {name!r} does not say how near faces of one person are: its manifest has no "
                "[thresholds], which `facestream calibrate` measures. Give --eps, or --k where the algorithm "
                "has it."
            )
        rise = self.manifest.calibration.video_rise if self.in_video else 0.0
        eps = round(1 - float(getattr(thresholds, far)) - rise, _DIGITS)
        if eps <= 0:
            raise UsageError(
                f"[thresholds] and video_rise of the model pack {name!r} leave no distance between faces of "
                "one person. Give --eps, or --k where the algorithm has it."
            )
        why = f"the distance within which 1 pair of strangers in {_STRANGERS[far]} lies"
        return eps, f"{why}, less {rise:g} as people of one video are more alike" if rise else why
