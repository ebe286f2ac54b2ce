from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image
from preloaded import Preloaded
from script import script

import facestream
from facestream.demo_video import GROUP
from workers.clustering.grouping import Linkage

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).parents[2] / "examples"
PEOPLE, VIEWS = 7, 3
PATIENCE_S = 240.0


class Scripts:
    """The examples as processes, in a folder of their own.

    Each is started as people do the first time, and has its modules loaded already from then on.
    """

    def __init__(self, folder: Path, cache_dir: Path) -> None:
        self.folder = folder
        self._started: set[str] = set()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESTREAM_")}
        self._environment = kept | {
            "FACESTREAM_CACHE_DIR": str(cache_dir),
            "FACESTREAM_DATA_DIR": str(folder / "data"),
            "FACESTREAM_RETENTION_UNNAMED": "forever",
            "FACESTREAM_RETENTION_NAMED": "forever",
        }

    def __call__(self, name: str, *arguments: str | Path, code: int = 0) -> str:
        """Run one to its end, which must have this exit code, and return what it says."""
        words = [str(EXAMPLES / name), *map(str, arguments)]
        if name in self._started:
            return self._forked(words, code)
        self._started.add(name)
        return self._run(words, code)

    def facestream(self, *arguments: str) -> str:
        """Run a command in the same place."""
        return self._run(["-m", "facestream", *arguments], 0)

    def _run(self, words: list[str], code: int) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done
        return done.stdout if code == 0 else done.stderr

    def _forked(self, words: list[str], code: int) -> str:
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            process = Preloaded(script, words, self._environment, self.folder, Path(out.name), Path(err.name))
            try:
                ended = process.wait(PATIENCE_S)
            finally:
                process.kill()
            said, complained = out.read(), err.read()
        assert ended == code, (words, ended, said, complained)
        return said if code == 0 else complained


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
        assert row[4] > 0.6
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


@pytest.fixture(scope="module")
def processed(run: Scripts, album: Path) -> str:
    """A collection of the album's photos of two people, one a day, the second a day later; what was said."""
    chosen = run.folder / "chosen"
    chosen.mkdir()
    for first, name in enumerate(("astronaut", "group_1st_from_left"), 1):
        for day, path in enumerate(sorted((album / name).iterdir()), first):
            exif = Image.Exif()
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2026:05:{day:02} 12:00:00"
            with Image.open(path) as photo:
                photo.save(chosen / path.name, exif=exif, quality=95)
    return run("process_folder.py", chosen, "--faces", "found")


def test_a_folder_is_processed_and_its_people_are_shown(run: Scripts, processed: str) -> None:
    assert processed.startswith(f"{2 * VIEWS} files, {2 * VIEWS} new frames with {2 * VIEWS} faces\n")
    people = re.findall(r"^(p\d+)  nobody named them yet$", processed, re.MULTILINE)
    assert len(people) == 2
    assert {path.stem for path in (run.folder / "found").iterdir()} == set(people)
    for path in (run.folder / "found").iterdir():
        with Image.open(path) as face:
            assert max(face.size) <= 256


def test_somebody_is_found_in_what_was_processed(run: Scripts, processed: str, album: Path) -> None:
    said = run("search_archive.py", album / "astronaut" / "astronaut_0001.jpg", "--limit", "1")
    sureness, seen = re.findall(r"(\d+)%  p\d", said), re.findall(r"(\w+)_\d+\.jpg  at 2026", said)
    assert len(sureness) == 1
    assert int(sureness[0]) > 90
    assert set(seen) == {"astronaut"}
    assert processed
    # Somebody who was never processed is like nobody.
    stranger = run("search_archive.py", album / "group_4th_from_left" / "group_4th_from_left_0001.jpg")
    assert "  0%" not in stranger


def test_a_photo_lasts_for_no_time(processed: str) -> None:
    assert re.search(r"^    \w+_\d+\.jpg  at 2026-05-\d\d 12:00:00$", processed, re.MULTILINE)
    assert "for 0.0 s" not in processed


@pytest.mark.parametrize("script", ["search_archive.py", "count_visitors.py"])
def test_a_collection_that_isnt_there_is_told_of(
    run: Scripts, processed: str, album: Path, script: str
) -> None:
    assert processed
    photo = [album / "astronaut" / "astronaut_0001.jpg"] if script == "search_archive.py" else []
    said = run(script, *photo, "--collection", "defualt", code=1)
    assert "there is no collection 'defualt'" in said


def test_where_nothing_can_be_read_processing_fails_and_names_each_file_once(
    run: Scripts, album: Path
) -> None:
    broken = run.folder / "broken"
    broken.mkdir()
    (broken / "a.jpg").write_bytes(b"\xff\xd8\xff no more of it")
    assert "Nothing could be read." in run("process_folder.py", broken, "--collection", "broken", code=1)
    shutil.copy(album / "astronaut" / "astronaut_0001.jpg", broken)
    assert run("process_folder.py", broken, "--collection", "broken").count("a.jpg") == 1


def test_a_machine_without_a_webcam_keeps_no_camera(run: Scripts) -> None:
    if Path("/dev/video0").exists():
        pytest.skip("this machine has a webcam")
    assert "No webcam can be read here." in run("watch_webcam.py", "--collection", "desks", code=1)
    assert "video0" not in run.facestream("camera", "list", "--collection", "desks")


def test_whoever_is_new_is_told_of_once(run: Scripts, processed: str) -> None:
    assert processed
    # What was before is no news, unless it is asked for.
    assert run("alert_unknown.py", "--idle", "0.2") == ""
    said = run("alert_unknown.py", "--idle", "0.2", "--history")
    new = re.findall(r"^Unknown: (p\d+), \w+_\d+\.jpg at 2026-05", said, re.MULTILINE)
    assert len(new) == len(set(new)) == len(said.splitlines()) >= 2
    assert {path.stem for path in (run.folder / "unknown").glob("*.jpg")} == set(new)
    assert run("alert_unknown.py", "--idle", "0.2") == ""


def test_who_has_a_name_is_not_unknown(run: Scripts, processed: str) -> None:
    assert processed
    run.facestream("people", "name", "p1", "Eileen")
    said = run("alert_unknown.py", "--idle", "0.2", "--history", "--pictures", "others")
    run.facestream("people", "undo")
    assert said
    assert "Unknown: p1," not in said


def test_visitors_are_counted_by_day(run: Scripts, processed: str) -> None:
    assert processed
    rows = [line.split(",") for line in run("count_visitors.py").split()]
    assert rows == [
        ["day", "people", "new"],
        ["2026-05-01", "1", "1"],
        *(["2026-05-02", "2", "1"], ["2026-05-03", "2", "0"]),
        ["2026-05-04", "1", "0"],
    ]


def test_visitors_are_counted_by_hour_and_without_staff(run: Scripts, processed: str) -> None:
    assert processed
    header, *rows = [line.split(",") for line in run("count_visitors.py", "--hours").splitlines()]
    assert header == ["hour", "people", "new"]
    assert [row[0][:16] for row in rows] == [f"2026-05-0{day} 12:00" for day in range(1, 5)]
    assert [row[1:] for row in rows] == [["1", "1"], ["2", "1"], ["2", "0"], ["1", "0"]]
    first = run.facestream("people", "--sort", "first", "--no-thumbnails", "-q").splitlines()[1].split()[0]
    run.facestream("people", "name", first, "Joe Staff")
    try:
        visitors = [line.split(",")[0] for line in run("count_visitors.py", "--unnamed").split()]
        staff = [line.split(",")[0] for line in run("count_visitors.py", "--named").split()]
    finally:
        run.facestream("people", "name", first, "")
    assert visitors == ["day", "2026-05-02", "2026-05-03", "2026-05-04"]
    assert staff == ["day", "2026-05-01", "2026-05-02", "2026-05-03"]


def test_who_stays_counts_in_each_hour_and_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from count_visitors import periods

    start = datetime(2026, 5, 1, 22, 50).astimezone()
    end = start + timedelta(hours=1, minutes=20)
    assert [hour[:16] for hour in periods(start, end, hours=True)] == [
        *("2026-05-01 22:00", "2026-05-01 23:00", "2026-05-02 00:00"),
    ]
    assert periods(start, end, hours=False) == ["2026-05-01", "2026-05-02"]
    assert periods(start, start, hours=False) == ["2026-05-01"]


def test_a_camera_is_watched(run: Scripts) -> None:
    place = ["--collection", "watched"]
    run.facestream("camera", "add", "desk", "synthetic://desk?fps=5", "--no-test", *place)
    assert run("watch_webcam.py", "--camera", "desk", "--minutes", "0.05", *place) == "Nobody was seen.\n"
    run("watch_webcam.py", "--camera", "nobody", *place, code=2)


def test_a_film_is_two_cameras(run: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from demo_cameras import Cameras, pictures_of

    video = run.folder / "blink.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 20, (64, 48))
    for shade in (40, 40, 40, 40, 200, 200, 200, 200):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    pictures = pictures_of(video)
    assert len(pictures) == 4
    with Cameras(pictures, 0) as cameras:
        threading.Thread(target=cameras.serve_forever).start()
        try:
            said = run.facestream("camera", "test", f"http://127.0.0.1:{cameras.server_port}/yard.mjpg")
        finally:
            cameras.shutdown()
        began_s = cameras.began_s
        assert cameras.picture(0.0, began_s) == pictures[0]
        # The second one is half a film ahead, and both begin anew at its end.
        assert cameras.picture(0.5, began_s + 0.05) == pictures[2]
        assert cameras.picture(0.5, began_s + 0.25) == pictures[0]
    assert re.search(r"^size +64x48$", said, re.MULTILINE)


def test_wrong_input_ends_with_a_message(run: Scripts) -> None:
    said = run("process_folder.py", "nowhere", code=1)
    assert said.startswith("Error: 'nowhere' doesn't exist")
    assert "Traceback" not in said
    said = run("make_album.py", "/proc/x", code=1)
    assert said.startswith("Error: /proc/x can't be written (")


def test_the_table_of_examples_has_them_all() -> None:
    named = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text()))
    assert named == {path.name for path in EXAMPLES.glob("*.py")}
