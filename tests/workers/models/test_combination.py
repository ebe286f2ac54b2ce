from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from recognisable_models import write_arcface, write_scrfd

from workers.errors import PackNotFoundError
from workers.models.combination import combined_name, find_combination, load_combination, stricter
from workers.models.detection import Detection
from workers.models.manifest_parts import UNKNOWN, Licence
from workers.models.pack import Pack, find_pack


def add_pack(root: Path, name: str, *, seed: int = 0) -> Path:
    """A pack of an SCRFD and an ArcFace that are told from others by their seed."""
    folder = root / name
    folder.mkdir(parents=True)
    write_scrfd(folder / "det.onnx", seed=seed)
    write_arcface(folder / "rec.onnx", seed=seed)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    add_pack(tmp_path / "models", "mine")
    return tmp_path / "models"


def test_the_name_of_a_combination_takes_what_is_not_said_from_the_pack() -> None:
    assert combined_name("open", None, None) == "open"
    assert combined_name("mine", "haar", None) == "haar+mine"
    assert combined_name("mine", None, "dlib") == "mine+dlib"
    assert combined_name("open", "scrfd", "arcface") == "scrfd+arcface"
    assert combined_name("scrfd+dlib", "haar", None) == "haar+dlib"


def test_a_detector_of_one_pack_and_the_embedder_of_another_are_one_pack(root: Path, open_pack: Pack) -> None:
    found = find_combination("scrfd+dlib", (root,))

    manifest = found.manifest
    assert manifest.name == "mine+open"
    assert manifest.title == "SCRFD + dlib ResNet-29"
    assert manifest.detector.decoding == "scrfd"
    assert manifest.embedder == open_pack.manifest.embedder
    # The vectors are those of the embedder: the space is the same.
    assert manifest.model_id == open_pack.manifest.model_id
    assert manifest.licence.commercial_use is None
    assert manifest.licence.title == "unknown; MIT AND CC0-1.0"
    said = " ".join(manifest.assumed)
    assert "det.onnx" in said
    assert "rec.onnx" not in said


def test_the_other_way_round_is_another_space(root: Path, mtcnn_pack: Pack) -> None:
    manifest = find_combination("mtcnn+arcface", (root,)).manifest
    assert manifest.name == "open-mtcnn+mine"
    assert manifest.detector == mtcnn_pack.manifest.detector
    assert manifest.model_id == find_combination("mine", (root,)).manifest.model_id
    assert manifest.model_id != mtcnn_pack.manifest.model_id


def test_its_parts_are_loaded_from_where_each_lies(
    root: Path, model_cache: Path, group_image: npt.NDArray[np.uint8], group_faces: list[Detection]
) -> None:
    pack = load_combination(find_combination("mtcnn+arcface", (root,)), model_cache, threads=1)
    assert len(pack.detector.detect([group_image], 40)[0]) == len(group_faces)
    assert pack.embedder.embed([np.ones((112, 112, 3), np.uint8)]).shape == (1, 128)
    assert pack.calibration.mean.shape[1] == 128


@pytest.mark.parametrize("name", ["centerface+dlib", "open+open", "centerface+open", "open"])
def test_both_parts_of_one_pack_are_that_pack(name: str, open_pack: Pack) -> None:
    assert find_combination(name).manifest == open_pack.manifest


def test_its_address_and_its_name_find_it_again(root: Path) -> None:
    found = find_combination("scrfd+dlib", (root,))
    assert find_combination(found.manifest.name, (root,)).manifest == found.manifest
    elsewhere = find_combination(found.address).manifest
    assert (elsewhere.detector, elsewhere.embedder) == (found.manifest.detector, found.manifest.embedder)
    assert find_combination("haar+dlib").address == f"haar+{find_pack('open')}"


def test_a_part_that_several_packs_have_is_asked_for_by_the_pack(root: Path) -> None:
    add_pack(root, "other", seed=1)
    with pytest.raises(PackNotFoundError, match=r"several packs.*mine, other.*--detector NAME"):
        find_combination("scrfd+dlib", (root,))
    assert find_combination("other+dlib", (root,)).manifest.name == "other+open"
    # The pack that gives the other part is meant.
    assert find_combination("scrfd+other", (root,)).manifest.name == "other"


def test_the_same_part_in_two_packs_is_no_choice(root: Path) -> None:
    add_pack(root, "copy")
    assert find_combination("scrfd+dlib", (root,)).manifest.name == "copy+open"


def test_a_pack_that_cannot_be_read_is_passed_over(root: Path) -> None:
    shutil.copytree(root / "mine", root / "broken")
    (root / "broken" / "manifest.toml").write_text("nonsense")
    assert find_combination("scrfd+dlib", (root,)).manifest.name == "mine+open"


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("yunet+dlib", "facestream models pull sface"),
        ("mtcnn+sface", "facestream models pull sface"),
        ("scrfd+dlib", "facestream models pull buffalo_l"),
        (
            "mtcnn+arcface",
            "facestream models pull auraface; for non-commercial use also: facestream models pull ",
        ),
        ("mtcnn+arcface", "pull buffalo_l --accept-license (or buffalo_m, "),
        ("scrfd+dlib", "Get one: facestream models pull buffalo_l --accept-license (or "),
        ("retinaface+dlib", "facestream models add FOLDER"),
        ("mtcnn+facenet", "facestream models show facenet"),
        ("buffalo_l+dlib", "facestream models pull buffalo_l"),
        ("viola+dlib", "it is one of centerface, haar, mtcnn, scrfd, retinaface, yunet"),
        ("mtcnn+", "DETECTOR+EMBEDDER"),
    ],
)
def test_a_part_that_no_pack_has_is_an_error_with_its_mend(name: str, mend: str) -> None:
    with pytest.raises(PackNotFoundError) as caught:
        find_combination(name)
    assert mend in str(caught.value)


def test_a_folder_with_a_plus_in_its_name_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add_pack(tmp_path, "haar+dlib")
    monkeypatch.chdir(tmp_path)
    assert find_combination(str(folder)).embeds.folder == folder
    assert find_combination("./haar+dlib").manifest.detector.decoding == "scrfd"


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [(True, True, True), (True, None, None), (None, False, False), (False, True, False)],
)
def test_commercial_use_is_the_stricter_of_both(
    first: bool | None, second: bool | None, both: bool | None
) -> None:
    def licence(use: bool | None) -> Licence:
        return Licence(spdx="MIT" if use else UNKNOWN, commercial_use=use, origin="somewhere")

    assert stricter(licence(first), licence(second)).commercial_use is both


def test_terms_of_both_licences_are_named_once() -> None:
    one = Licence(spdx="MIT AND CC0-1.0", commercial_use=True, origin="a")
    two = Licence(spdx="MIT OR Apache-2.0", text="Choose.", commercial_use=True, origin="b")
    three = Licence(spdx="MIT", commercial_use=True, origin="a")
    both = stricter(one, two)
    assert both.spdx == "MIT AND CC0-1.0 AND (MIT OR Apache-2.0)"
    assert (both.text, both.origin) == ("Choose.", "a b")
    assert stricter(one, three).spdx == "MIT AND CC0-1.0"
