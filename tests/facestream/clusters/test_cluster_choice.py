"""What a clustering algorithm goes by where nothing is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from facestream.clusters.cluster_choice import choose
from facestream.clusters.cluster_settings import ClusterOptions, ClusterSettings
from facestream.clusters.nearness import Nearness
from facestream.errors import UsageError
from workers.models.manifest import Manifest, read_manifest
from workers.models.pack import find_pack


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(find_pack("open"))


def nearness(manifest: Manifest, *, in_video: bool = False) -> Nearness:
    return Nearness(manifest, in_video)


def faces(
    sizes: tuple[int, ...], seed: int = 0, width: float = 0.02
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Directions around one for each person."""
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(16, 16)))[0]
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return (centres[owners] + random.normal(scale=width, size=(len(owners), 16))).astype(np.float32)


@pytest.mark.parametrize(
    ("options", "far", "share"),
    [
        ({}, "far_1e3", 1),
        ({"linkage": "complete"}, "far_1e3", 1),
        ({"linkage": "single"}, "far_1e4", 1),
        ({"algorithm": "dbscan"}, "far_1e4", 1),
        ({"algorithm": "hdbscan"}, "far_1e4", 0.75),
    ],
)
def test_distances_come_from_the_thresholds_of_the_pack(
    manifest: Manifest, options: ClusterOptions, far: str, share: float
) -> None:
    settings = ClusterSettings.of(options)
    assert manifest.thresholds is not None
    similarity = getattr(manifest.thresholds, far)
    choice = choose(settings, nearness(manifest))
    assert choice.eps == pytest.approx(share * (1 - similarity))
    strangers = "1,000" if far == "far_1e3" else "10,000"
    assert f"1 pair of strangers in {strangers}" in choice.reasons["eps"]

    rise = manifest.calibration.video_rise
    assert rise > 0
    in_video = choose(settings, nearness(manifest, in_video=True))
    assert in_video.eps == pytest.approx(share * (1 - similarity - rise))
    assert "people of one video are more alike" in in_video.reasons["eps"]


@pytest.mark.parametrize(
    "options",
    [
        {"algorithm": "kmeans"},
        {"algorithm": "kmedoids"},
        {"linkage": "ward"},
        {"linkage": "centroid"},
    ],
)
def test_as_many_clusters_as_average_linkage_finds(manifest: Manifest, options: ClusterOptions) -> None:
    vectors = faces((9, 7, 4, 2))
    by_average, _ = choose(ClusterSettings.of({}), nearness(manifest)).grouping(vectors)
    found, chosen = choose(ClusterSettings.of(options), nearness(manifest)).grouping(vectors)
    assert found.settings["k"] == by_average.clusters == 4
    assert chosen == {"k": "as many as average linkage finds"}
    assert found.labels.tolist() == by_average.labels.tolist()


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"eps": 0.2}, {"linkage": "average", "eps": 0.2}),
        ({"linkage": "ward", "eps": 0.2}, {"linkage": "ward", "eps": 0.2}),
        ({"linkage": "single", "k": 2}, {"linkage": "single", "k": 2}),
        ({"algorithm": "dbscan", "eps": 0.2, "min_samples": 3}, {"eps": 0.2, "min_samples": 3}),
        (
            {"algorithm": "hdbscan", "eps": 0.0, "min_samples": 2, "min_cluster_size": 3},
            {"eps": 0.0, "min_samples": 2, "min_cluster_size": 3},
        ),
        ({"algorithm": "kmeans", "k": 2}, {"k": 2}),
        ({"algorithm": "kmedoids", "k": 2}, {"k": 2}),
    ],
)
def test_what_is_asked_for_is_done(
    manifest: Manifest, options: ClusterOptions, settings: dict[str, float | int | str]
) -> None:
    found, chosen = choose(ClusterSettings.of(options), nearness(manifest)).grouping(faces((6, 5)))
    assert dict(found.settings) == settings
    assert chosen == {}
    assert found.sizes().tolist() == [6, 5]


def test_hdbscan_takes_most_faces_for_one_person_where_they_are_near(manifest: Manifest) -> None:
    choice = choose(ClusterSettings.of({"algorithm": "hdbscan"}), nearness(manifest))
    one, chosen = choice.grouping(faces((14,), width=0.04))
    assert one.sizes().tolist() == [14]
    assert "one person's" in chosen["eps"]
    assert one.settings["eps"] == choice.people_eps
    two, chosen = choice.grouping(faces((14, 14), width=0.04))
    assert two.settings["eps"] == choice.eps
    assert "one person's" not in chosen["eps"]


def test_a_pack_without_thresholds_needs_a_distance_or_a_number(manifest: Manifest) -> None:
    bare = nearness(manifest.model_copy(update={"thresholds": None}))
    for options in ({}, {"algorithm": "dbscan"}, {"algorithm": "kmedoids"}, {"linkage": "ward"}):
        with pytest.raises(UsageError, match=r"'open' does not say how near .*facestream calibrate.* --eps"):
            choose(ClusterSettings.of(options), bare)  # type: ignore[arg-type]
    assert choose(ClusterSettings.of({"k": 3}), bare).k == 3
    assert choose(ClusterSettings.of({"algorithm": "dbscan", "eps": 0.1}), bare).eps == 0.1
    # It can do without.
    without = choose(ClusterSettings.of({"algorithm": "hdbscan"}), bare)
    assert (without.eps, without.people_eps, dict(without.reasons)) == (0, None, {})


def test_a_pack_that_leaves_no_distance_is_refused(manifest: Manifest) -> None:
    steep = manifest.calibration.model_copy(update={"video_rise": 0.5})
    changed = nearness(manifest.model_copy(update={"calibration": steep}), in_video=True)
    with pytest.raises(UsageError, match="video_rise of the model pack 'open' leave no distance"):
        choose(ClusterSettings.of({}), changed)


@pytest.mark.parametrize("algorithm", ["agglomerative", "dbscan", "hdbscan", "kmeans", "kmedoids"])
def test_one_face_alone_is_no_failure(manifest: Manifest, algorithm: str) -> None:
    settings = ClusterSettings.of({"algorithm": algorithm})
    found, _ = choose(settings, nearness(manifest)).grouping(faces((1,)))
    assert len(found.labels) == 1
