"""What an algorithm goes by: what the user asks for, and for the rest what was measured to be good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facestream.clusters.cluster_settings import ClusterSettings
from facestream.clusters.face_set import FloatArray
from facestream.clusters.nearness import Nearness
from workers.clustering.algorithms import (
    EUCLIDEAN_LINKAGES,
    agglomerative,
    dbscan,
    hdbscan,
    kmeans,
    kmedoids,
)
from workers.clustering.distances import cosine_distances
from workers.clustering.grouping import Algorithm, DoubleArray, Grouping, Linkage

# Two photos make a person; larger values do worse on photos of LFW that no figure is reported on. A face is
# one of its own neighbours for dbscan, and none for hdbscan.
_MIN_SAMPLES = {Algorithm.DBSCAN: 2, Algorithm.HDBSCAN: 1}
_MIN_CLUSTER_SIZE = 2
_AS_AVERAGE = "as many as average linkage finds"
_ONE_PERSON = "most faces are so near to each other that they may be one person's"


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """What an algorithm goes by, before there are faces.

    Attributes:
        algorithm: Which.
        linkage: Of agglomerative clustering.
        eps: Cosine distance up to which faces are one person's; None for an algorithm that goes by k.
        k: How many clusters; None where `eps` says when to stop, and where `people_eps` finds them.
        people_eps: What average linkage would go by; None where nothing depends on it.
        min_samples: Of dbscan and hdbscan.
        min_cluster_size: Of hdbscan.
        reasons: Why a setting that nobody asked for is what it is, by its name.
    """

    algorithm: Algorithm
    linkage: Linkage = Linkage.AVERAGE
    eps: float | None = None
    k: int | None = None
    people_eps: float | None = None
    min_samples: int = 1
    min_cluster_size: int = 2
    reasons: Mapping[str, str] = field(default_factory=dict)

    def grouping(self, vectors: FloatArray) -> tuple[Grouping, Mapping[str, str]]:
        """Cluster faces.

        Args:
            vectors: float32 (N, D), of directions.

        Returns:
            The clusters, and why the settings that nobody asked for are what they are.

        Raises:
            ValueError: If the vectors are none, or a setting doesn't fit them.
        """
        if self.algorithm is Algorithm.KMEANS and self.k is not None:
            return kmeans(vectors, self.k), self.reasons
        distances = cosine_distances(vectors)
        if self.algorithm is Algorithm.DBSCAN:
            assert self.eps is not None
            # More than there are was refused where somebody asked for it.
            return dbscan(distances, self.eps, min(self.min_samples, len(distances))), self.reasons
        if self.algorithm is Algorithm.HDBSCAN:
            return self._hdbscan(distances)
        k = self.k
        if self.eps is None and k is None:
            assert self.people_eps is not None
            k = agglomerative(distances, eps=self.people_eps).clusters
        if self.algorithm is Algorithm.AGGLOMERATIVE:
            return agglomerative(distances, self.linkage, eps=self.eps, k=k), self.reasons
        assert k is not None
        if self.algorithm is Algorithm.KMEDOIDS:
            return kmedoids(distances, k), self.reasons
        return kmeans(vectors, k), self.reasons

    def _hdbscan(self, distances: DoubleArray) -> tuple[Grouping, Mapping[str, str]]:
        assert self.eps is not None
        found = hdbscan(distances, self.min_cluster_size, self.min_samples, self.eps, self.people_eps)
        widened = found.settings["eps"] != self.eps
        return found, {**self.reasons, "eps": _ONE_PERSON} if widened else self.reasons


def choose(asked: ClusterSettings, nearness: Nearness) -> ClusterChoice:
    """Choose what the user leaves open.

    Raises:
        UsageError: If the model pack doesn't say how near the faces of one person are, and that is needed.
    """
    if asked.algorithm is Algorithm.HDBSCAN:
        return _choose_hdbscan(asked, nearness)
    if asked.algorithm is Algorithm.DBSCAN:
        min_samples = asked.min_samples or _MIN_SAMPLES[asked.algorithm]
        if asked.eps is not None:
            return ClusterChoice(asked.algorithm, eps=asked.eps, min_samples=min_samples)
        eps, why = nearness.eps_for(asked.algorithm)
        return ClusterChoice(asked.algorithm, eps=eps, min_samples=min_samples, reasons={"eps": why})
    linkage = asked.linkage or Linkage.AVERAGE
    if asked.k is not None or asked.eps is not None:
        return ClusterChoice(asked.algorithm, linkage, asked.eps, asked.k)
    if asked.algorithm is Algorithm.AGGLOMERATIVE and linkage not in EUCLIDEAN_LINKAGES:
        eps, why = nearness.eps_for(asked.algorithm, linkage)
        return ClusterChoice(asked.algorithm, linkage, eps, reasons={"eps": why})
    # Heights of Ward's tree grow with the size of clusters, and those of centroids shrink: no distance that
    # was measured between two faces fits them.
    people_eps, _ = nearness.eps_for(Algorithm.AGGLOMERATIVE)
    return ClusterChoice(asked.algorithm, linkage, people_eps=people_eps, reasons={"k": _AS_AVERAGE})


def _choose_hdbscan(asked: ClusterSettings, nearness: Nearness) -> ClusterChoice:
    eps, people_eps, reasons = asked.eps, asked.eps, {}
    if eps is None and nearness.is_measured:
        eps, reasons["eps"] = nearness.eps_for(asked.algorithm)
        people_eps, _ = nearness.eps_for(Algorithm.AGGLOMERATIVE)
    return ClusterChoice(
        asked.algorithm,
        eps=eps or 0.0,
        people_eps=people_eps,
        min_samples=asked.min_samples or _MIN_SAMPLES[asked.algorithm],
        min_cluster_size=asked.min_cluster_size or _MIN_CLUSTER_SIZE,
        reasons=reasons,
    )
