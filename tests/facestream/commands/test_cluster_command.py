"""facestream cluster, as people run it: on an album of seven people, and on stored tracks."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from albums import PEOPLE, VIEWS, album
from command_runs import Cli, Done, Processed
from PIL import Image

import facestream
from facestream.commands.cluster import command
from facestream.demo_video import ASTRONAUT
from facestream.errors import FacestreamError, NoFaceError, UsageError
from facestream.exports.face_rows import COLUMNS
from workers.clustering.grouping import Algorithm, Linkage
from workers.models.pack import find_pack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return album(tmp_path_factory.mktemp("album"))


@pytest.fixture(scope="module")
def results(
    photos: Path, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> tuple[dict[str, Any], Path]:
    """The JSON, and the folder with clusters.csv, vectors.npy, people/ and faces.png."""
    folder = tmp_path_factory.mktemp("results")
    cli = Cli(folder / "data", environment)
    done = cli(
        "cluster",
        "--json",
        photos,
        # Two of them are as alike as 1 pair of strangers in 1,000.
        *("--eps", "0.05"),
        *("-o", folder / "clusters.csv"),
        *("--vectors", folder / "vectors.npy"),
        *("--folders", folder / "people"),
        *("--plot", folder / "faces.png"),
    )
    assert not cli.data_dir.exists()
    return done.json(), folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# Photos --------------------------------------------------------------------------------------------------


def test_each_person_is_a_cluster(results: tuple[dict[str, Any], Path], photos: Path) -> None:
    found, folder = results
    assert found["kind"] == "photos"
    assert (found["photos"], found["items"]) == (PEOPLE * VIEWS,) * 2
    assert (found["clusters"], found["nobody"], found["sizes"]) == (PEOPLE, 0, [VIEWS] * PEOPLE)
    assert found["failed"] == found["faceless"] == found["videos"] == []
    rows = rows_of(folder / "clusters.csv")
    assert tuple(rows[0]) == COLUMNS
    assert {row["identity"] for row in rows} == {str(number) for number in range(1, PEOPLE + 1)}
    people = defaultdict(set)
    for row in rows:
        people[Path(row["source"]).parent.name].add(row["identity"])
        assert Path(row["source"]).parent.parent == photos
        assert (row["frame"], row["track"]) == ("0", "")
        assert float(row["x1"]) < float(row["x2"])
    assert [len(clusters) for clusters in people.values()] == [1] * PEOPLE


def test_settings_and_measures_are_told(results: tuple[dict[str, Any], Path]) -> None:
    found, _ = results
    assert found["algorithm"] == "agglomerative"
    assert found["settings"] == {"linkage": "average", "eps": 0.05}
    assert found["chosen"] == {}
    assert found["models"] == "open"
    assert 0 < found["silhouette"] <= 1
    assert found["davies_bouldin"] > 0
    assert found["dunn"] > 1


def test_the_vectors_belong_to_the_rows(results: tuple[dict[str, Any], Path]) -> None:
    _, folder = results
    rows, vectors = rows_of(folder / "clusters.csv"), np.load(folder / "vectors.npy")
    assert vectors.shape[0] == len(rows)
    identities = np.array([row["identity"] for row in rows])
    same = identities[:, None] == identities
    similar = vectors @ vectors.T
    assert similar[same].min() > similar[~same].max()


def test_evaluate_reads_what_was_written(
    results: tuple[dict[str, Any], Path], photos: Path, cli: Cli
) -> None:
    found, folder = results
    judged = cli(
        "evaluate", "--json", photos, folder / "clusters.csv", "--vectors", folder / "vectors.npy"
    ).json()
    assert judged["bcubed"]["f"] == 1
    assert judged["silhouette"] == pytest.approx(found["silhouette"])
    assert judged["dunn"] == pytest.approx(found["dunn"])


def test_there_is_a_folder_of_photos_for_each_cluster(
    results: tuple[dict[str, Any], Path], photos: Path
) -> None:
    _, folder = results
    people = folder / "people"
    assert sorted(path.name for path in people.iterdir()) == [str(n) for n in range(1, PEOPLE + 1)]
    assert people.stat().st_mode & 0o777 == 0o700
    for row in rows_of(folder / "clusters.csv"):
        original = Path(row["source"])
        copies = [path.read_bytes() for path in (people / row["identity"]).iterdir()]
        assert len(copies) == VIEWS
        assert original.read_bytes() in copies
    # Nothing but what was asked for.
    assert {path.name for path in folder.iterdir()} >= {"clusters.csv", "vectors.npy", "people", "faces.png"}
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []


def test_the_plot_shows_faces(results: tuple[dict[str, Any], Path]) -> None:
    with Image.open(results[1] / "faces.png") as image:
        assert min(image.size) > 800
        colours = np.asarray(image.convert("RGB")).astype(int)
    assert (np.ptp(colours, axis=2) > 40).mean() > 0.01


def test_people_read_what_was_done(cli: Cli, photos: Path, tmp_path: Path) -> None:
    one, other = sorted(photos.iterdir())[:2]
    # A photo of the other one a second time, under a name that is there.
    (tmp_path / "0.jpg").write_bytes((other / "0.jpg").read_bytes())
    target = tmp_path / "clusters.csv"

    done = cli(
        "cluster",
        one,
        other,
        tmp_path / "0.jpg",
        "-a",
        "kmedoids",
        "-o",
        target,
        "--folders",
        tmp_path / "two",
    )

    assert "2 clusters of 7 faces in 7 photos: kmedoids, k 2; models open." in done.stdout
    assert "k = 2: as many as average linkage finds." in done.stdout
    assert "silhouette" in done.stdout
    assert f"written: {target}" in done.stderr
    assert "two (7 files)" in done.stderr
    assert {path.name for path in (tmp_path / "two" / "1").iterdir()} == {
        "0.jpg",
        "1.jpg",
        "2.jpg",
        "0-2.jpg",
    }
    assert {path.name for path in (tmp_path / "two" / "2").iterdir()} == {"0.jpg", "1.jpg", "2.jpg"}


def test_nobody_has_a_folder_and_no_number(cli: Cli, photos: Path, tmp_path: Path) -> None:
    one, other = sorted(photos.iterdir())[:2]
    done = cli(
        *("cluster", one, other / "0.jpg", "-a", "dbscan", "-q"),
        *("-o", tmp_path / "c.csv", "--folders", tmp_path / "people"),
    )
    assert done.stderr == ""
    assert (
        "1 cluster of 4 faces in 4 photos, 1 given to nobody: dbscan, eps 0.0573, min-samples 2"
        in done.stdout
    )
    assert Counter(row["identity"] for row in rows_of(tmp_path / "c.csv")) == {"1": 3, "": 1}
    assert [path.name for path in (tmp_path / "people" / "nobody").iterdir()] == ["0.jpg"]


def test_one_photo_is_one_cluster_and_can_be_drawn(cli: Cli, photos: Path, tmp_path: Path) -> None:
    photo = next(photos.rglob("0.jpg"))
    done = cli("cluster", photo, "-o", "-", "--plot", tmp_path / "one.png")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["source"], row["identity"]) == (str(photo), "1")
    assert "1 cluster of 1 face in 1 photo: agglomerative, average linkage, eps 0.0702" in done.stderr
    assert "eps = 0.0702: the distance within which 1 pair of strangers in 1,000 lies." in done.stderr
    assert (tmp_path / "one.png").stat().st_size > 10_000


def test_photos_that_are_of_no_use_are_named_and_cost_the_others_nothing(
    cli: Cli, photos: Path, media: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(sorted(photos.iterdir())[0], folder)
    (folder / "broken.jpg").write_bytes(b"no photo")
    Image.new("RGB", (200, 200), "grey").save(folder / "wall.png")
    shutil.copy(media / "duo.mp4", folder)

    done = cli("cluster", folder, tmp_path / "none.jpg", "-v", "--json", "-o", tmp_path / "c.csv", code=1)

    found = done.json()
    # The broken one could not be looked at.
    assert (found["photos"], found["sizes"]) == (4, [3])
    assert len(rows_of(tmp_path / "c.csv")) == 3
    assert [Path(entry["source"]).name for entry in found["failed"]] == ["none.jpg", "broken.jpg"]
    assert [Path(path).name for path in found["faceless"]] == ["wall.png"]
    assert [Path(path).name for path in found["videos"]] == ["duo.mp4"]
    for said in (
        "none.jpg' doesn't exist",
        "broken.jpg' is not",
        "1 photo shows no face: ",
        "1 video left out: ",
    ):
        assert said in done.stderr
    assert f"{str(folder / '0.jpg')!r}: faces: 1" in done.stderr


def test_ctrl_c_leaves_nothing(cli: Cli, photos: Path, tmp_path: Path) -> None:
    # Long enough to be interrupted on any machine.
    many = tmp_path / "many"
    for number in range(20):
        shutil.copytree(photos, many / str(number))
    work = tmp_path / "results"
    work.mkdir()
    started = cli.start(
        *("cluster", many, "-v", "-o", work / "c.csv"),
        *("--folders", work / "people", "--plot", work / "faces.png"),
    )
    started.wait_for("faces: 1")

    done = started.interrupt()

    assert done.code == 130
    assert "Interrupted." in done.stderr
    assert list(work.iterdir()) == []


# Tracks --------------------------------------------------------------------------------------------------


def test_the_tracks_of_a_collection_are_grouped_and_stay_as_they_are(
    processed: Processed, tmp_path: Path
) -> None:
    cli, target = processed.cli, tmp_path / "clusters.csv"
    before = cli.records()

    found = cli("cluster", "-a", "hdbscan", "--json", "-o", target, "--folders", tmp_path / "faces").json()

    assert cli.records() == before
    assert found["kind"] == "tracks"
    assert found["algorithm"] == "hdbscan"
    assert sum(found["sizes"]) + found["nobody"] == found["items"]
    rows, exported = rows_of(target), cli.rows()
    # Clusters have no names.
    named = [{column: row[column] for column in COLUMNS} for row in exported]
    without = [{**row, "identity": ""} for row in rows]
    assert sorted(map(str, without)) == sorted(str({**row, "identity": ""}) for row in named)
    # A track is in one cluster.
    clusters = defaultdict(set)
    for row in rows:
        clusters[row["track"]].add(row["identity"])
    assert len(clusters) == found["items"]
    assert all(len(identities) == 1 for identities in clusters.values())
    pictures = list((tmp_path / "faces").rglob("*.jpg"))
    assert {path.stem for path in pictures} == set(clusters)
    with Image.open(pictures[0]) as image:
        assert image.format == "JPEG"


def test_as_many_clusters_of_tracks_as_asked_for(processed: Processed) -> None:
    with facestream.connect(processed.cli.data_dir) as store:
        for options in ({"k": 3}, {"linkage": "ward", "k": 3}, {"algorithm": "kmeans", "k": 3}):
            found = facestream.cluster_tracks(store, **options)
            assert found.grouping.clusters == 3
            assert found.row_vectors().shape == (len(list(found.rows())), 128)
        with pytest.raises(UsageError, match="--k is 999, and there are only"):
            facestream.cluster_tracks(store, k=999)


def test_an_empty_collection_is_named(processed: Processed) -> None:
    done = processed.cli("cluster", "--collection", "nothing", "-o", "-", code=1)
    assert (
        "collection 'nothing' holds no tracks. `facestream run VIDEO --collection nothing` fills it"
        in done.stderr
    )
    assert done.stdout == ""


# What can't be done --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "names"), [("algorithm", Algorithm), ("linkage", Linkage)])
def test_choices_of_the_command_are_those_there_are(option: str, names: type[StrEnum]) -> None:
    (kind,) = [parameter.type for parameter in command.params if parameter.name == option]
    assert isinstance(kind, click.Choice)
    assert sorted(kind.choices) == sorted(names)


def test_wrong_usage_is_named_before_any_work(
    here: Callable[..., Done], photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "b").mkdir()
    photo = next(photos.rglob("*.jpg"))
    before = photo.read_bytes()
    for words, code, said in (
        (["-a", "dbscan", "--k", "3"], 2, "--k is not for dbscan"),
        (["--collection", "x"], 2, "give one"),
        (["--json", "-o", "-"], 2, "can't both write"),
        (["--folders", tmp_path / "full"], 2, "is not empty"),
        (["--folders", tmp_path / "none" / "people"], 1, "No such file"),
        (["--plot", tmp_path / "faces.gif"], 2, ".png, .svg, .pdf"),
        (["-o", tmp_path / "none" / "c.csv"], 1, "No such file"),
        (["-o", photo], 2, "would be lost"),
        (["--vectors", photo], 2, "would be lost"),
        (["-o", tmp_path / "a", "--vectors", tmp_path / "b" / ".." / "a"], 2, "the same file twice"),
    ):
        # Photos that can't be read would be named if they were looked at.
        done = here("cluster", photos, *words, code=code)
        assert said in done.stderr, done
        assert done.stdout == ""
    assert photo.read_bytes() == before


def test_the_same_faces_are_clustered_another_way_without_a_look_at_the_photos(photos: Path) -> None:
    found = facestream.cluster(photos)
    again = found.again(algorithm="kmedoids", k=2)
    assert again.faces is found.faces
    assert (again.grouping.algorithm, again.grouping.clusters, again.photos) == ("kmedoids", 2, found.photos)
    assert found.again().labels.tolist() == found.labels.tolist()
    assert found.again(algorithm="kmeans").chosen == {"k": "as many as average linkage finds"}
    with pytest.raises(UsageError, match="--k is not for dbscan"):
        found.again(algorithm="dbscan", k=2)


def test_what_holds_no_photo_is_named(media: Path, tmp_path: Path) -> None:
    with pytest.raises(FacestreamError, match="none' doesn't exist"):
        facestream.cluster(tmp_path / "none")
    with pytest.raises(FacestreamError, match="is an empty folder"):
        facestream.cluster(tmp_path)
    with pytest.raises(UsageError, match="no photos were given"):
        facestream.cluster()
    with pytest.raises(UsageError, match=r"duo.mp4' is a video. `facestream run` finds the tracks in it"):
        facestream.cluster(media / "duo.mp4")
    (tmp_path / "notes.txt").write_text("no photo, and no video")
    with pytest.raises(FacestreamError, match=r"notes.txt' is not .*text file"):
        facestream.cluster(tmp_path / "notes.txt")
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(FacestreamError, match=r"no photo could be read:\n.*broken.jpg"):
        facestream.cluster(tmp_path)


def test_more_clusters_than_faces_are_refused(cli: Cli, photos: Path, tmp_path: Path) -> None:
    done = cli("cluster", next(photos.iterdir()), "--k", "4", "-o", tmp_path / "c.csv", code=2)
    assert "--k is 4, and there are only 3 faces. Give at most 3." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_pack_without_thresholds_says_what_it_needs(photos: Path, tmp_path: Path) -> None:
    pack = shutil.copytree(find_pack("open"), tmp_path / "bare")
    manifest = pack / "manifest.toml"
    before, _, after = manifest.read_text().partition("[thresholds]")
    manifest.write_text(before + after[after.index("[quality]") :])

    with pytest.raises(UsageError, match="'open' does not say how near faces of one person are"):
        facestream.cluster(photos, models=str(pack))


def test_photos_without_a_face_are_an_error(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "white").save(tmp_path / "wall.jpg")
    with pytest.raises(NoFaceError, match=r"no face was found in 1 photo \(.*wall.jpg'\)"):
        facestream.cluster(tmp_path)


def test_from_python(photos: Path) -> None:
    told: list[tuple[int, int]] = []
    found = facestream.cluster(
        photos, ASTRONAUT.path(), algorithm="hdbscan", tell=lambda done, total: told.append((done, total))
    )
    assert isinstance(found, facestream.Clusters)
    assert told == [(done, PEOPLE * VIEWS + 1) for done in range(1, PEOPLE * VIEWS + 2)]
    # The photo of the astronaut is one more of hers.
    assert sorted(found.grouping.sizes().tolist()) == [VIEWS] * (PEOPLE - 1) + [VIEWS + 1]
    assert len(list(found.rows())) == len(found.faces) == PEOPLE * VIEWS + 1
