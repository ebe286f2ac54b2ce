from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from grid_models import write_embedder, write_scrfd

from workers.errors import ManifestError, WeightsError
from workers.models.build import file_sha256
from workers.models.recognition import recognise


def package(folder: Path, **changes: Any) -> Path:
    """A package of version 2 with a detector, an embedder and another model that looks like one."""
    detector, embedder = write_scrfd(folder / "face.onnx"), write_embedder(folder / "identity.onnx")
    write_embedder(folder / "liveness.onnx", dimension=256)
    content = {
        "manifest_version": 2,
        "model_id": "raccoon_s",
        "license": "MODEL.LICENSE",
        "tasks": {
            "detection": {
                "file": detector.name,
                "sha256": file_sha256(detector),
                "preprocessing": {"mean": 0.0, "std": 255.0},
            },
            "recognition": {
                "file": embedder.name,
                "sha256": file_sha256(embedder),
                "preprocessing": "embedded",
                "embedding_dimension": 128,
            },
        },
    }
    for path, value in changes.items():
        *keys, last = path.split("__")
        part: Any = content
        for key in keys:
            part = part[key]
        part[last] = value
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def test_a_package_says_which_of_its_files_are_used_and_how(tmp_path: Path) -> None:
    manifest = recognise(package(tmp_path))
    assert (manifest.detector.file, manifest.embedder.file) == ("face.onnx", "identity.onnx")  # type: ignore[union-attr]
    assert manifest.detector.mean == (0.0, 0.0, 0.0)  # type: ignore[union-attr]
    assert manifest.detector.scale == pytest.approx(1 / 255)  # type: ignore[union-attr]
    assert (manifest.embedder.mean, manifest.embedder.scale) == ((0.0, 0.0, 0.0), 1.0)
    assert any("scaled as manifest.json says" in said for said in manifest.assumed)
    assert manifest.licence.commercial_use is False


def test_a_file_of_another_checksum_is_refused(tmp_path: Path) -> None:
    folder = package(tmp_path, tasks__recognition__sha256="0" * 64)
    with pytest.raises(WeightsError, match=r"identity\.onnx: damaged or exchanged.*Get the package again"):
        recognise(folder)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = package(tmp_path, tasks__detection__file="gone.onnx")
    with pytest.raises(WeightsError, match=r"gone\.onnx: missing, but manifest\.json names it"):
        recognise(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks__recognition__embedding_dimension": 512}, "vectors of 512 numbers, and it gives 128"),
        ({"tasks__detection__file": "../face.onnx"}, "not a manifest that InsightFace reads"),
        ({"tasks__detection__file": "models/face.onnx"}, "lies in a folder of its own"),
        ({"tasks__detection__file": "liveness.onnx", "tasks__detection__sha256": None}, "not a manifest"),
        ({"tasks": {}}, "names no file for 'detection'"),
        ({"tasks": "all"}, "not a manifest that InsightFace reads"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        recognise(package(tmp_path, **changes))


def test_models_that_are_exchanged_in_the_manifest_are_told(tmp_path: Path) -> None:
    folder = package(tmp_path)
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    tasks = content["tasks"]
    for key in ("file", "sha256"):
        one, other = tasks["detection"][key], tasks["recognition"][key]
        tasks["detection"][key], tasks["recognition"][key] = other, one
    path.write_text(json.dumps(content))
    with pytest.raises(ManifestError, match=r"says that identity\.onnx finds faces.*that is face\.onnx"):
        recognise(folder)


def test_a_file_of_that_name_may_be_anything(tmp_path: Path) -> None:
    folder = package(tmp_path)
    (folder / "liveness.onnx").unlink()
    (folder / "manifest.json").write_text('{"name": "a web page"}')
    assert recognise(folder).detector.scale == pytest.approx(1 / 128)  # type: ignore[union-attr]
