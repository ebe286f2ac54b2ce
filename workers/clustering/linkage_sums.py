"""The sums by which clusters of very many tracks are compared, with all that counts beside faces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import ByMedium
from workers.clustering.cluster_sums import ClusterSums, Common
from workers.clustering.comparison import Comparison
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.linkage_task import LinkageTask
from workers.models.calibration import Calibration

IntArray = npt.NDArray[np.intp]


def linkage_sums(
    task: LinkageTask,
    prior: ByMedium,
    gallery: Gallery,
    comparison: Comparison,
    calibration: Calibration,
    settings: LikelihoodSettings,
) -> ClusterSums:
    """Sums of each track of a task.

    Args:
        task: The tracks.
        prior: What speaks against one person for tracks of two sources.
        gallery: Where they are.
        comparison: What is known of their sources.
        calibration: Of the embedder.
        settings: How evidence is weighed.
    """
    rows = task.rows
    footage, photos = comparison.footage(rows), comparison.photos(rows)
    kinds = int(footage.max()) + 1

    def counted(labels: IntArray, value: ByMedium) -> tuple[Common, Common]:
        """What tracks have in common, and what it counts more where both are of one medium."""
        usual = np.full(len(rows), value.usual(photos), np.float32)
        return Common(labels, usual), Common(2 * labels + photos, value.within(photos) - usual)

    against = prior.usual(photos)
    common = [
        Common(photos.astype(np.intp), against - prior.within(photos)),
        Common(footage, prior.within(photos) + comparison.recurrences(rows)),
        *counted(task.stays, task.stay_across),
        Common(task.stays * kinds + footage, task.stay - task.stay_across.within(photos)),
    ]
    if task.firm.any():
        # Whoever has no name has a number of their own.
        firm = np.where(task.firm, task.stays, -1 - len(rows) - np.arange(len(rows)))
        more = task.stay_firm - task.stay_across
        common += [*counted(firm, more), Common(firm * kinds + footage, -more.within(photos))]
    return ClusterSums(
        gallery.templates,
        rows,
        gallery.size_weights[rows],
        gallery.weights[rows],
        comparison.rises(rows),
        common,
        task.ties.sides,
        -against,
        calibration,
        settings,
    )
