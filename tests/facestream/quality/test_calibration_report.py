from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from facestream.clusters.face_set import FaceSet
from facestream.people.person import Face
from facestream.quality.calibration_plot import write_plot
from facestream.quality.calibration_report import CalibrationReport
from workers.clustering.pairs import Labelled
from workers.clustering.verification import verify
from workers.models.calibration import normalised
from workers.models.manifest import ThresholdPart


def report(people: int, **changes: Any) -> CalibrationReport:
    """Two photos of each person; the people are of no size, and look in every direction."""
    random = np.random.default_rng(0)
    centres = np.repeat(random.normal(size=(people, 8)), 2, axis=0)
    vectors = normalised((centres + 0.3 * random.normal(size=centres.shape)).astype(np.float32))
    count = len(vectors)
    labels = np.repeat(np.arange(people), 2)
    faces = tuple(
        (Face(f"photo-{k}", f"photos/{k}.jpg", 0, 0.0, (0.0, 0.0, 9.0, 9.0), 0.99, "", ""),)
        for k in range(count)
    )
    facts: dict[str, Any] = {
        "kind": "photos",
        "pack": "open",
        "model_id": "dlib-resnet29-v1",
        "faces": FaceSet(faces, vectors, np.full(count, 100, np.float32), (None,) * count),
        "names": tuple(f"person {label}" for label in labels),
        "results": {"all": verify(Labelled(vectors, labels, np.zeros(count, np.intp)))},
    }
    return CalibrationReport(**{**facts, **changes})


def test_its_thresholds_are_a_section_of_a_manifest() -> None:
    found = report(80)
    text = found.thresholds_toml()
    assert text is not None

    part = ThresholdPart.model_validate(tomllib.loads(text)["thresholds"])

    assert part.measured_on == "160 photos of 80 people: 12,640 pairs of strangers"
    for point, written in zip(found.result.points, (part.far_1e2, part.far_1e3, part.far_1e4), strict=True):
        assert point.threshold is not None
        # Rounded so that nobody more passes.
        assert point.threshold <= written < point.threshold + 1e-4


@pytest.mark.parametrize("name", ["佐藤", r"$\frac$ & <b>", "a\nb\u202ec", "x" * 90])
def test_any_name_can_be_drawn(tmp_path: Path, name: str) -> None:
    found = report(60)
    _, picture = cv2.imencode(".jpg", np.full((40, 40, 3), 90, np.uint8))
    drawn = replace(
        found,
        names=(name, *found.names[1:]),
        faces=replace(found.faces, pictures=(picture.tobytes(),) * len(found.faces)),
    )
    # The pair that is shown has the name.
    result = found.result
    pair = replace(result.strangers[0], first=0)
    drawn = replace(drawn, results={"all": replace(result, strangers=(pair,))})

    write_plot(drawn, tmp_path / "alike.png")

    with Image.open(tmp_path / "alike.png") as image:
        image.verify()


def test_without_any_picture_the_curves_are_drawn_alone(tmp_path: Path) -> None:
    write_plot(report(60), tmp_path / "alike.png")
    with Image.open(tmp_path / "alike.png") as image:
        assert image.width > 2 * image.height


def test_too_few_pairs_and_tracks_make_no_section() -> None:
    assert report(60).thresholds_toml() is None
    assert report(80, kind="clips").thresholds_toml() is None


def test_thresholds_and_distances_go_together_in_json() -> None:
    document = report(80).as_json()
    assert (document["items"], document["people"]) == (160, 80)
    for point in document["results"]["all"]["points"]:
        assert point["threshold"] + point["distance"] == pytest.approx(1, abs=1e-9)
    assert "rise" not in document


def test_pairs_are_named_with_their_files() -> None:
    found = report(80)
    pair = found.as_json()["results"]["all"]["closest_strangers"][0]
    exact = found.result.strangers[0]
    assert pair["files"] == [f"photos/{exact.first}.jpg", f"photos/{exact.second}.jpg"]
    assert pair["names"] == [f"person {exact.first // 2}", f"person {exact.second // 2}"]
