from __future__ import annotations

from pathlib import Path

import pytest
from recognisable_models import write_arcface

from workers.errors import ManifestError
from workers.models.build import file_sha256
from workers.models.catalogue import known_packs
from workers.models.combination import find_combination
from workers.models.manifest import FILE_NAME, read_manifest
from workers.models.manifest_example import manifest_example
from workers.models.pack import load_pack

MADE = ("facenet", "adaface", "edgeface")


def save(name: str, folder: Path) -> Path:
    """The example, and a file of the right shape beside it, with its checksum filled in."""
    pack = known_packs()[name]
    assert pack.made
    text = manifest_example(pack)
    assert text
    folder.mkdir()
    file = write_arcface(folder / pack.made.file, size_px=pack.made.input_px, dimension=pack.dimension)
    (folder / FILE_NAME).write_text(text.replace(f"what sha256sum {file.name} prints", file_sha256(file)))
    return folder


@pytest.mark.parametrize("name", MADE)
def test_an_example_is_a_pack_that_loads_once_the_file_is_there(
    name: str, tmp_path: Path, model_cache: Path
) -> None:
    folder = save(name, tmp_path / name)
    pack = load_pack(str(folder), model_cache, threads=1)
    manifest, known = pack.manifest, known_packs()[name]
    assert (manifest.name, pack.embedder.dimension) == (name, known.dimension)
    assert manifest.licence.spdx == f"MIT AND {known.licence.spdx}"
    assert manifest.licence.commercial_use is False
    assert any("measured" in sentence for sentence in manifest.assumed)


@pytest.mark.parametrize("name", MADE)
def test_the_embedder_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    save(name, tmp_path / name)
    assert find_combination(f"mtcnn+{name}", (tmp_path,)).embeds.manifest.name == name


@pytest.mark.parametrize("name", MADE)
def test_an_example_says_what_to_do(name: str) -> None:
    text = manifest_example(known_packs()[name])
    assert text
    assert "facestream calibrate photos/ --models FOLDER -o FOLDER/calibration.npz" in text
    assert ("It must begin with facenet-" in text) == (name == "facenet")


def test_an_example_without_the_checksum_says_what_is_missing(tmp_path: Path) -> None:
    text = manifest_example(known_packs()["facenet"])
    assert text
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ManifestError, match=r'sha256\."facenet\.onnx" must be a SHA-256.*sha256sum'):
        read_manifest(tmp_path)


def test_there_is_none_of_what_is_pulled_or_is_not_known_well_enough() -> None:
    assert manifest_example(known_packs()["sface"]) is None
    assert manifest_example(known_packs()["deepface"]) is None
