from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

import facestream
from facestream.demo_video import GROUP
from workers.clustering.grouping import Linkage

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).parents[2] / "examples"
PEOPLE, VIEWS = 7, 3
PATIENCE_S = 240.0


class Scripts:
    """The examples as processes, in a folder of their own."""

    def __init__(self, folder: Path, cache_dir: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESTREAM_")}
        self._environment = kept | {"FACESTREAM_CACHE_DIR": str(cache_dir)}

    def __call__(self, name: str, *arguments: str | Path, code: int = 0) -> str:
        """Run one to its end, which must have this exit code, and return what it says."""
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *map(str, arguments)],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done
        return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Scripts:
    # Models that are built on first use serve all xdist workers.
    return Scripts(tmp_path_factory.mktemp("examples"), tmp_path_factory.getbasetemp().parent)


@pytest.fixture(scope="module")
def album(run: Scripts) -> Path:
    said = run("make_album.py", "album", "--views", str(VIEWS))
    assert said == f"album: {PEOPLE} people, {VIEWS} photos of each\n"
    return run.folder / "album"


@pytest.fixture(scope="module")
def clusters(run: Scripts, album: Path) -> tuple[Path, str]:
    """The album by clusters, and what was said."""
    said = run("cluster_folder.py", album, "--output", "clusters")
    return run.folder / "clusters", said


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.jpg")}


def test_the_album_has_a_folder_for_each_person(album: Path) -> None:
    names = [path.name for path in album.iterdir()]
    assert len(names) == PEOPLE
    for name in names:
        assert sorted(path.name for path in (album / name).iterdir()) == [
            f"{name}_{number:04}.jpg" for number in range(1, VIEWS + 1)
        ]


def test_the_album_is_the_same_every_time_and_no_two_photos_are(run: Scripts, album: Path) -> None:
    run("make_album.py", "again", "--views", str(VIEWS))
    assert files(run.folder / "again") == files(album)
    assert len(set(files(album).values())) == PEOPLE * VIEWS


def test_an_album_is_not_written_over_another(run: Scripts, album: Path) -> None:
    assert "album is there already; choose a new folder" in run("make_album.py", album, code=2)


def test_every_face_of_the_group_is_found_and_aligned(run: Scripts) -> None:
    said = run("detect_and_align.py", "--output", "aligned")
    rows = [list(map(float, line.split())) for line in said.splitlines()[1:] if line.strip()[:1].isdigit()]
    known = sorted(GROUP.faces.values())
    assert len(rows) == len(known)
    for row, box in zip(sorted(row[1:] for row in rows), known, strict=True):
        assert row[:4] == pytest.approx(box, abs=15)
        assert row[4] > 0.9
    aligned = sorted((run.folder / "aligned").glob("face_*.jpg"))
    assert len(aligned) == len(known)
    for path in aligned:
        with Image.open(path) as image:
            assert image.size == (150, 150)
    with Image.open(run.folder / "aligned" / "faces.jpg") as annotated, Image.open(GROUP.path()) as photo:
        assert annotated.size == photo.size


def test_a_photo_of_ones_own_can_be_looked_at(run: Scripts, album: Path) -> None:
    said = run("detect_and_align.py", album / "astronaut" / "astronaut_0001.jpg", "--output", "one")
    assert "one: faces.jpg and 1 aligned faces of 150x150 px" in said


def test_two_photos_are_compared(run: Scripts, album: Path) -> None:
    first, second = (album / "astronaut" / f"astronaut_000{number}.jpg" for number in (1, 2))
    said = run("compare_faces.py", first, second)
    assert said.startswith("astronaut_0001.jpg and astronaut_0002.jpg\n")
    similarity, probability, verdict = re.findall(r"(?:similarity|probability|verdict) +(.*)", said)
    assert 0.93 < float(similarity) < 1
    assert re.fullmatch(r"9\d(\.\d)? % that it is the same person", probability)
    assert verdict == "the same person"


def test_without_photos_one_person_and_two_are_compared(run: Scripts) -> None:
    verdicts = re.findall(r"verdict +(.*)", run("compare_faces.py"))
    assert verdicts[:2] == ["the same person", "two people"]
    assert len(verdicts) == 3


def test_a_single_photo_cannot_be_compared(run: Scripts, album: Path) -> None:
    photo = album / "astronaut" / "astronaut_0001.jpg"
    assert "give two photos, or none" in run("compare_faces.py", photo, code=2)


def test_every_photo_is_in_the_folder_of_a_cluster(album: Path, clusters: tuple[Path, str]) -> None:
    folder, said = clusters
    assert files(folder) == files(album)
    sizes = {path.name: len(list(path.iterdir())) for path in folder.iterdir()}
    rows = re.findall(r"^ *(\d+)  clusters/(\S+)$", said, re.MULTILINE)
    assert {name: int(size) for size, name in rows} == sizes
    assert said.startswith(f"{PEOPLE * VIEWS} faces by agglomerative (linkage average, eps ")


def test_clusters_are_mostly_of_one_person(clusters: tuple[Path, str]) -> None:
    people = [
        Counter(path.name.rpartition("_")[0] for path in folder.iterdir())
        for folder in clusters[0].iterdir()
        if folder.name != "nobody"
    ]
    assert sum(max(counts.values()) for counts in people) > 0.9 * PEOPLE * VIEWS
    assert len(people) < 2 * PEOPLE


def test_clusters_are_not_written_over_others(run: Scripts, album: Path, clusters: tuple[Path, str]) -> None:
    said = run("cluster_folder.py", album, "--output", clusters[0], code=2)
    assert "is there already; choose a new --output" in said


def test_measures_are_those_of_evaluate(run: Scripts, album: Path, clusters: tuple[Path, str]) -> None:
    said = run("evaluate_clusters.py", album, clusters[0])
    agreed = facestream.evaluate(album, clusters[0]).agreement
    for name, value in (
        ("purity", agreed.purity),
        ("inverse purity", agreed.inverse_purity),
        ("pairs precision", agreed.pairs.precision),
        ("pairs recall", agreed.pairs.recall),
        ("BCubed precision", agreed.bcubed.precision),
        ("BCubed recall", agreed.bcubed.recall),
        ("BCubed F", agreed.bcubed.f()),
        ("Rand index", agreed.rand_index),
        ("adjusted Rand", agreed.adjusted_rand_index),
        ("NMI", agreed.normalised_mutual_information),
    ):
        assert re.search(rf"^{name} +{value:.3f}  \w", said, re.MULTILINE), (name, said)
    assert agreed.bcubed.f() > 0.9


def test_all_algorithms_are_in_one_table(run: Scripts, album: Path, clusters: tuple[Path, str]) -> None:
    said = run("compare_algorithms.py", album)
    assert said.startswith(f"{PEOPLE * VIEWS} faces of {PEOPLE} people\n")
    table = {
        name.strip(): [float(figure) for figure in figures.split()]
        for name, figures in re.findall(r"^([a-z]+(?: [a-z]+)?)((?: +-?[\d.]+){8})$", said, re.MULTILINE)
    }
    linkages = {f"agglomerative {linkage}" for linkage in Linkage}
    assert set(table) == {"dbscan", "hdbscan", "kmeans", "kmedoids"} | linkages
    # What was clustered into folders was measured there.
    agreed = facestream.evaluate(album, clusters[0]).agreement
    assert table["agglomerative average"][4:6] == pytest.approx(
        [agreed.bcubed.f(), agreed.adjusted_rand_index], abs=6e-4
    )
    assert min(figures[4] for figures in table.values()) > 0.5


def test_the_table_of_examples_has_them_all() -> None:
    named = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text()))
    assert named == {path.name for path in EXAMPLES.glob("*.py")}
