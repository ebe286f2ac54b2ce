from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist

from facestream.clusters.cluster_plot import plot_clusters
from facestream.drawing.colours import PALETTE
from facestream.errors import FacestreamError, UsageError
from workers.clustering.grouping import Algorithm, Grouping, Linkage
from workers.clustering.separation import silhouette
from workers.models.calibration import normalised

FloatArray = npt.NDArray[np.float32]

_, _JPEG = cv2.imencode(".jpg", np.full((60, 60, 3), (40, 90, 160), np.uint8))
PICTURE = _JPEG.tobytes()


def faces(people: int, each: int) -> FloatArray:
    """So many faces of so many people, person by person."""
    random = np.random.default_rng(0)
    centres = np.repeat(random.normal(size=(people, 16)), each, axis=0)
    return normalised((centres + 0.1 * random.normal(size=centres.shape)).astype(np.float32))


def truth(people: int, each: int) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(people), each)


def merged(vectors: FloatArray, labels: npt.NDArray[np.intp], cut: float | None = 0.2) -> Grouping:
    tree = hierarchy.linkage(pdist(vectors.astype(float), "cosine"), "average")
    return Grouping(Algorithm.AGGLOMERATIVE, {"linkage": Linkage.AVERAGE}, labels, tree, cut)


def drawn(
    folder: Path,
    grouping: Grouping,
    vectors: FloatArray,
    pictures: list[bytes | None] | None = None,
    title: str = "a title",
) -> tuple[list[str], int]:
    """Words of the picture, and how many faces are in it."""
    path = folder / "plot.svg"
    plot_clusters(path, grouping, vectors, pictures or [PICTURE] * len(vectors), title=title)
    text = path.read_text()
    # Matplotlib writes letters as shapes, and what they say into a comment before them.
    return re.findall(r"<!-- (.*?) -->", text), text.count("<image ")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PNG"])
def test_the_ending_says_the_format(tmp_path: Path, ending: str) -> None:
    vectors = faces(3, 4)
    path = tmp_path / f"plot.{ending}"
    plot_clusters(path, merged(vectors, truth(3, 4)), vectors, [PICTURE] * 12, title="three people")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending.lower()]
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_every_cluster_has_its_colour(tmp_path: Path) -> None:
    vectors = faces(6, 3)
    path = tmp_path / "plot.png"
    plot_clusters(path, merged(vectors, truth(6, 3)), vectors, [PICTURE] * 18, title="six people")
    with Image.open(path) as image:
        assert image.size == (2100, 2250)
        seen = {colour for _, colour in image.convert("RGB").getcolors(image.width * image.height) or []}
    wanted = [tuple(round(255 * part) for part in to_rgb(colour)) for colour in PALETTE]
    assert [colour in seen for colour in wanted[:7]] == [True] * 6 + [False]


def test_of_few_faces_each_is_below_the_dendrogram(tmp_path: Path) -> None:
    vectors = faces(5, 4)
    words, pictures = drawn(tmp_path, merged(vectors, truth(5, 4)), vectors)
    assert "Dendrogram, cut at 0.2 (dashed)" in words
    assert "cosine distance, average linkage" in words
    # Each below the dendrogram and on the plane, and one of each person beside it.
    assert pictures == 20 + 20 + 5


def test_of_more_faces_each_cluster_is_a_wedge_with_its_number(tmp_path: Path) -> None:
    vectors = faces(5, 16)
    words, pictures = drawn(tmp_path, merged(vectors, truth(5, 16)), vectors)
    assert "Dendrogram, cut at 0.2 (dashed); a wedge is a whole cluster" in words
    # Below the dendrogram, and in the legend.
    assert words.count("×16") == 5 + 5
    assert pictures == 5 + 80 + 5


def test_of_many_clusters_every_branch_is_drawn(tmp_path: Path) -> None:
    # The first one is large enough for a number.
    vectors = np.concatenate([faces(1, 30), faces(71, 1)[1:]])
    labels = np.concatenate([truth(1, 30), 1 + truth(70, 1)])
    words, pictures = drawn(tmp_path, merged(vectors, labels), vectors)
    assert "Dendrogram, cut at 0.2 (dashed)" in words
    assert words.count("×30") == 1 + 1
    # 14 are listed; of the others two have colours of their own.
    assert {"2 more clusters", "55 alone"} <= set(words)
    assert pictures == 100 + 14


def test_hdbscan_has_a_tree_without_a_cut(tmp_path: Path) -> None:
    vectors = faces(10, 9)
    tree = merged(vectors, truth(10, 9)).tree
    labels = truth(10, 9)
    labels[::2] = -1
    words, _ = drawn(tmp_path, Grouping(Algorithm.HDBSCAN, {}, labels, tree), vectors)
    assert "Dendrogram, cut branch by branch where clusters last longest" in words
    assert "mutual reachability distance" in words
    assert "45 in none" in words


def test_dbscan_shows_how_far_neighbours_are(tmp_path: Path) -> None:
    vectors = faces(3, 5)
    grouping = Grouping(
        Algorithm.DBSCAN,
        {"eps": 0.25, "min_samples": 3},
        truth(3, 5),
        k_distances=np.linspace(0.1, 0.38, 15),
    )
    words, _ = drawn(tmp_path, grouping, vectors)
    assert (
        "How far is the 3rd nearest face, itself counted? With eps 0.25 (dashed), 8 of 15 faces are core "
        "points" in words
    )


@pytest.mark.parametrize("algorithm", [Algorithm.KMEANS, Algorithm.KMEDOIDS])
def test_clusters_without_a_tree_show_their_silhouettes(tmp_path: Path, algorithm: Algorithm) -> None:
    vectors = faces(4, 6)
    centres = np.arange(4) * 6 if algorithm is Algorithm.KMEDOIDS else np.zeros(0, np.intp)
    words, pictures = drawn(tmp_path, Grouping(algorithm, {"k": 4}, truth(4, 6), centres=centres), vectors)
    mean = silhouette(vectors, truth(4, 6).tolist())
    assert any(word.startswith(f"Silhouettes, mean {mean:.3f} (dashed)") for word in words)
    assert words.count("×6") == 4 + 4
    assert pictures == 4 + 24 + 4


def test_silhouettes_of_many_clusters_have_no_faces(tmp_path: Path) -> None:
    vectors = faces(70, 2)
    words, pictures = drawn(tmp_path, Grouping(Algorithm.KMEANS, {"k": 70}, truth(70, 2)), vectors)
    assert "clusters, the largest first" in words
    assert pictures == 140 + 14


def test_no_more_faces_are_on_the_plane_than_have_room(tmp_path: Path) -> None:
    vectors = faces(20, 20)
    grouping = Grouping(Algorithm.KMEANS, {"k": 20}, truth(20, 20))
    _, pictures = drawn(tmp_path, grouping, vectors)
    assert 20 + 14 + 20 <= pictures <= 20 + 14 + 150


@pytest.mark.parametrize(
    ("label", "note"), [(0, "One cluster: there is no other to compare it with."), (-1, "No cluster.")]
)
def test_one_face_is_drawn(tmp_path: Path, label: int, note: str) -> None:
    grouping = Grouping(Algorithm.AGGLOMERATIVE, {}, np.array([label]), np.zeros((0, 4)), 0.2)
    words, pictures = drawn(tmp_path, grouping, faces(1, 1))
    assert note in words
    assert pictures == (2 if label == 0 else 1)


@pytest.mark.parametrize("count", [2, 9])
def test_equal_faces_are_drawn_side_by_side(tmp_path: Path, count: int) -> None:
    vectors = np.repeat(faces(1, 1), count, axis=0)
    _, pictures = drawn(tmp_path, merged(vectors, np.zeros(count, np.intp)), vectors)
    assert pictures == count + count + 1


def test_faces_without_pictures_are_dots(tmp_path: Path) -> None:
    vectors = faces(3, 4)
    _, pictures = drawn(tmp_path, merged(vectors, truth(3, 4)), vectors, [None] * 12)
    assert pictures == 0


@pytest.mark.parametrize("title", ["佐藤", r"$\frac$ & <b>", "a\nb\u202ec", "word " * 200, "x" * 900, ""])
def test_any_title_can_be_drawn(tmp_path: Path, title: str) -> None:
    vectors = faces(2, 3)
    words, _ = drawn(tmp_path, merged(vectors, truth(2, 3)), vectors, title=title)
    assert "principal components" in " ".join(words)
    if title.startswith("word"):
        assert any(word.endswith("word …") for word in words)


def test_settings_of_matplotlib_are_left_as_they_are(tmp_path: Path) -> None:
    vectors = faces(2, 3)
    before = dict(matplotlib.rcParams)
    drawn(tmp_path, merged(vectors, truth(2, 3)), vectors)
    assert dict(matplotlib.rcParams) == before


def test_another_ending_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    nothing: Any = None
    with pytest.raises(UsageError, match=r"plot\.gif: a plot is written as \.png, \.svg, \.pdf"):
        plot_clusters(tmp_path / "plot.gif", nothing, nothing, nothing, title="")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    vectors = faces(1, 1)
    grouping = Grouping(Algorithm.KMEANS, {"k": 1}, np.zeros(1, np.intp))
    with pytest.raises(FacestreamError, match=r"missing/plot\.png: can't be written"):
        plot_clusters(tmp_path / "missing" / "plot.png", grouping, vectors, [PICTURE], title="")


@pytest.mark.parametrize(("vectors", "pictures"), [(faces(1, 2), 1), (faces(1, 1), 2), (faces(1, 0), 0)])
def test_what_does_not_belong_together_is_refused(tmp_path: Path, vectors: FloatArray, pictures: int) -> None:
    grouping = Grouping(Algorithm.KMEANS, {"k": 1}, np.zeros(pictures, np.intp))
    with pytest.raises(ValueError, match="there must be as many of each, and at least one"):
        plot_clusters(tmp_path / "plot.png", grouping, vectors, [PICTURE] * pictures, title="")
