"""What can be asked of a clustering algorithm."""

from __future__ import annotations

import pytest

from facestream.clusters.cluster_settings import MOST_ITEMS, ClusterOptions, ClusterSettings
from facestream.errors import UsageError
from workers.clustering.grouping import Algorithm


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"algorithm": "dbscan", "k": 3}, "--k is not for dbscan: it finds out by itself"),
        ({"algorithm": "hdbscan", "k": 3}, "--k is not for hdbscan: it finds out by itself"),
        ({"algorithm": "kmeans", "eps": 0.1}, "--eps is not for kmeans: it makes --k clusters"),
        ({"algorithm": "kmedoids", "eps": 0.1}, "--eps is not for kmedoids: it makes --k clusters"),
        ({"algorithm": "dbscan", "linkage": "ward"}, "--linkage is not for dbscan: only agglomerative"),
        ({"min_samples": 3}, "--min-samples is not for agglomerative: only dbscan and hdbscan"),
        ({"algorithm": "dbscan", "min_cluster_size": 3}, "--min-cluster-size is not for dbscan"),
        ({"k": 2, "eps": 0.1}, "--k and --eps both say where merging ends"),
        ({"k": 0}, "--k is 0; it must be a whole number, 1 or more"),
        ({"k": -2}, "--k is -2"),
        (
            {"algorithm": "dbscan", "min_samples": 0},
            "--min-samples is 0; it must be a whole number, 1 or more",
        ),
        (
            {"algorithm": "hdbscan", "min_cluster_size": 1},
            "--min-cluster-size is 1; it must be a whole number, 2 or more",
        ),
        ({"eps": 0.0}, "--eps is 0; a cosine distance"),
        ({"eps": -0.1}, "--eps is -0.1"),
        ({"eps": 2.5}, "--eps is 2.5"),
        ({"eps": float("nan")}, "--eps is nan"),
        ({"algorithm": "k-means"}, "--algorithm is 'k-means'; there are dbscan, hdbscan, kmeans"),
        ({"linkage": "median"}, "--linkage is 'median'; there are ward, average"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(options: ClusterOptions, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        ClusterSettings.of(options)
    assert said in str(refused.value)


def test_what_is_left_out_or_none_is_open() -> None:
    assert ClusterSettings.of({}) == ClusterSettings.of(
        {"algorithm": None, "linkage": None, "k": None, "eps": None, "min_samples": None}
    )
    assert ClusterSettings.of({}).algorithm is Algorithm.AGGLOMERATIVE
    assert ClusterSettings.of({"algorithm": "hdbscan", "eps": 0.0}).eps == 0


def test_more_than_there_are_is_refused_with_both_numbers() -> None:
    with pytest.raises(UsageError, match=r"--k is 9, and there are only 8 faces\. Give at most 8"):
        ClusterSettings.of({"k": 9}).check_least(8, "face")
    with pytest.raises(UsageError, match="--min-samples is 2, and there is only 1 track"):
        ClusterSettings.of({"algorithm": "dbscan", "min_samples": 2}).check_least(1, "track")
    with pytest.raises(UsageError, match="--min-cluster-size is 4, and there are only 3 faces"):
        ClusterSettings.of({"algorithm": "hdbscan", "min_cluster_size": 4}).check_least(3, "face")
    ClusterSettings.of({"k": 8}).check_least(8, "face")


def test_too_many_for_a_table_of_all_with_all_are_refused() -> None:
    for options in ({}, {"algorithm": "kmeans"}, {"algorithm": "kmedoids", "k": 3}, {"algorithm": "dbscan"}):
        settings = ClusterSettings.of(options)  # type: ignore[arg-type]
        settings.check_most(MOST_ITEMS, "face")
        with pytest.raises(UsageError, match=r"more than 12,000 faces: .* takes 5 GB .* kmeans with --k"):
            settings.check_most(MOST_ITEMS + 1, "face")
    # It needs no such table.
    ClusterSettings.of({"algorithm": "kmeans", "k": 3}).check_most(10**6, "face")
