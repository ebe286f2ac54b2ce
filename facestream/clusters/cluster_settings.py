"""What a user asks of a clustering algorithm, and whether it can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self, TypedDict, TypeVar

from facestream.bounds import check_number, is_number
from facestream.errors import UsageError
from facestream.people.people_view import counted
from workers.clustering.grouping import Algorithm, Linkage

# Tables of all with all take 8 bytes for each pair, and up to four are needed at once: 5 GB.
MOST_ITEMS = 12_000

_AGGLOMERATIVE = frozenset({Algorithm.AGGLOMERATIVE})
_CENTRED = frozenset({Algorithm.KMEANS, Algorithm.KMEDOIDS})
_DENSITY = frozenset({Algorithm.DBSCAN, Algorithm.HDBSCAN})
# Which algorithms an option is for, and why not for the others.
_FOR: dict[str, tuple[frozenset[Algorithm], str]] = {
    "linkage": (_AGGLOMERATIVE, "only agglomerative clustering merges clusters"),
    "k": (
        _AGGLOMERATIVE | _CENTRED,
        "it finds out by itself how many clusters there are. Give --eps, or take agglomerative, kmeans or "
        "kmedoids",
    ),
    "eps": (
        _AGGLOMERATIVE | _DENSITY,
        "it makes --k clusters, however far apart. Give --k, or take agglomerative, dbscan or hdbscan",
    ),
    "min_samples": (_DENSITY, "only dbscan and hdbscan go by how many neighbours there are"),
    "min_cluster_size": (frozenset({Algorithm.HDBSCAN}), "only hdbscan has a smallest cluster"),
}
_LEAST = {"k": 1, "min_samples": 1, "min_cluster_size": 2}

_Named = TypeVar("_Named", Algorithm, Linkage)


class ClusterOptions(TypedDict, total=False):
    """What can be asked of `facestream.cluster`; what is left out or None is chosen.

    Attributes:
        algorithm: "agglomerative" (the default), "dbscan", "hdbscan", "kmeans" or "kmedoids".
        linkage: Of agglomerative: "average" (the default), "complete", "single", "ward" or "centroid".
        k: How many clusters, for agglomerative, kmeans and kmedoids.
        eps: Cosine distance up to which faces are one person's, for agglomerative, dbscan and hdbscan.
        min_samples: How many neighbours make a crowd, for dbscan and hdbscan.
        min_cluster_size: Smallest cluster of hdbscan.
    """

    algorithm: str | None
    linkage: str | None
    k: int | None
    eps: float | None
    min_samples: int | None
    min_cluster_size: int | None


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """What the user asks for; None where it is left to us. See `ClusterOptions`."""

    algorithm: Algorithm = Algorithm.AGGLOMERATIVE
    linkage: Linkage | None = None
    k: int | None = None
    eps: float | None = None
    min_samples: int | None = None
    min_cluster_size: int | None = None

    @classmethod
    def of(cls, options: ClusterOptions) -> Self:
        """Check what can be checked before there are faces.

        Raises:
            UsageError: If an option doesn't belong to the algorithm, or its value makes no sense.
        """
        algorithm = _named(options.get("algorithm"), Algorithm, "algorithm") or Algorithm.AGGLOMERATIVE
        linkage = _named(options.get("linkage"), Linkage, "linkage")
        values: Mapping[str, object] = options
        known = [field.name for field in fields(cls)]
        if unknown := values.keys() - set(known):
            raise UsageError(f"there is no option {min(unknown)!r}; there are {', '.join(known)}.")
        for name, (algorithms, why) in _FOR.items():
            if values.get(name) is not None and algorithm not in algorithms:
                raise UsageError(f"{_option(name)} is not for {algorithm}: {why}.")
        settings = cls(
            algorithm,
            linkage,
            options.get("k"),
            options.get("eps"),
            options.get("min_samples"),
            options.get("min_cluster_size"),
        )
        settings._check_values()
        return settings

    def _check_values(self) -> None:
        for name, value in self._numbers():
            check_number(value, _option(name), _LEAST[name], whole=True)
        if self.k is not None and self.eps is not None:
            raise UsageError("--k and --eps both say where merging ends; give one.")
        if self.eps is not None:
            none_is_meant = self.eps == 0 and self.algorithm is Algorithm.HDBSCAN
            if not (is_number(self.eps) and (0 < self.eps <= 2 or none_is_meant)):
                shown = f"{float(self.eps):g}" if is_number(self.eps) else repr(self.eps)
                raise UsageError(
                    f"--eps is {shown}; a cosine distance is more than 0 (the same) and at most 2 (opposite)."
                )

    def _numbers(self) -> list[tuple[str, int]]:
        values = {
            "k": self.k,
            "min_samples": self.min_samples,
            "min_cluster_size": self.min_cluster_size,
        }
        return [(name, value) for name, value in values.items() if value is not None]

    @property
    def compares_all(self) -> bool:
        """Whether a table of all with all is needed."""
        return self.algorithm is not Algorithm.KMEANS or self.k is None

    def check_most(self, items: int, what: str) -> None:
        """Refuse what takes too much memory.

        Args:
            items: How many there are.
            what: What they are: "face" or "track".

        Raises:
            UsageError: If there are too many.
        """
        if self.compares_all and items > MOST_ITEMS:
            raise UsageError(
                f"more than {MOST_ITEMS:,} {what}s: {self.algorithm} compares all with all, which takes "
                f"{4 * 8 * MOST_ITEMS**2 / 1e9:.0f} GB for so many, and much more for more. Take fewer at a "
                "time, or kmeans with --k, or `facestream run`, which has no such limit."
            )

    def check_least(self, items: int, what: str) -> None:
        """Refuse what needs more than there are.

        Raises:
            UsageError: If it asks for more than there are.
        """
        for name, value in self._numbers():
            if value > items:
                raise UsageError(
                    f"{_option(name)} is {value}, and there {'is' if items == 1 else 'are'} only "
                    f"{counted(items, what)}. Give at most {items}."
                )


def _named(name: str | None, names: type[_Named], option: str) -> _Named | None:
    if name is None:
        return None
    try:
        return names(name)
    except ValueError as error:
        raise UsageError(f"{_option(option)} is {name!r}; there are {', '.join(names)}.") from error


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
