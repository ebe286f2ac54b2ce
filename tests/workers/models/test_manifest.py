from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workers.errors import ManifestError
from workers.models.detector_parts import GridPart
from workers.models.manifest import FILE_NAME, Manifest, read_manifest
from workers.models.pack import find_pack

OPEN = (find_pack("open") / FILE_NAME).read_text(encoding="utf-8")
FIGURES = "genuine = 0.8\nimpostor = 0.1\nspread = 0.05"


def read(folder: Path, text: str | bytes) -> Manifest:
    (folder / FILE_NAME).write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifest(folder)


def changed(old: str, new: str) -> str:
    """The manifest of the built-in pack with one thing changed."""
    assert OPEN.count(old) >= 1
    return OPEN.replace(old, new, 1)


def section_of(header: str) -> str:
    """A whole section with its header."""
    start = OPEN.index(header)
    end = OPEN.find("\n[", start)
    return OPEN[start:end]


# What is right --------------------------------------------------------------------------------------------


def test_the_manifest_of_the_built_in_pack_says_what_it_is(tmp_path: Path) -> None:
    manifest = read(tmp_path, OPEN)
    assert manifest == read_manifest(find_pack("open"))
    assert (manifest.name, manifest.schema_version) == ("open", 1)
    assert manifest.model_files == ("pnet.onnx", "rnet.onnx", "onet.onnx", "dlib_resnet29.onnx")
    assert {step.file for step in manifest.build} == set(manifest.model_files)
    assert manifest.licence.commercial_use
    assert (manifest.embedder.dimension, manifest.embedder.input_px) == (128, 150)
    assert manifest.calibration.file == "calibration.npz"


def test_a_manifest_never_changes(tmp_path: Path) -> None:
    manifest = read(tmp_path, OPEN)
    with pytest.raises(ValidationError, match="frozen"):
        manifest.name = "other"
    with pytest.raises(ValidationError, match="frozen"):
        manifest.embedder.dimension = 5


def test_figures_may_stand_in_place_of_a_calibration_file(tmp_path: Path) -> None:
    part = read(tmp_path, changed('file = "calibration.npz"', FIGURES)).calibration
    assert (part.file, part.genuine, part.impostor, part.spread) == (None, 0.8, 0.1, 0.05)


def test_files_in_the_pack_need_a_checksum_and_no_build_step(tmp_path: Path) -> None:
    names = ("pnet.onnx", "rnet.onnx", "onet.onnx", "dlib_resnet29.onnx")
    sums = "[sha256]\n" + "\n".join(f'"{name}" = "{"0a" * 32}"' for name in names)
    manifest = read(tmp_path, OPEN[: OPEN.index("[[build]]")] + sums)
    assert manifest.build == ()
    assert manifest.sha256 == dict.fromkeys(names, "0a" * 32)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("thresholds = [0.6, 0.7, 0.6]", "thresholds = [0, 1, 0.5]"),
        ("sure_score = 0.95", "sure_score = 1.0"),
        ("input_px = 150", "input_px = 16"),
        ("input_px = 150", "input_px = 1024"),
        ("dimension = 128", "dimension = 2"),
        ("dimension = 128", "dimension = 8192"),
        ("founder_px = 20.0", "founder_px = 0"),
        ('name = "open"', f'name = "{"n" * 64}"'),
        ("mirror = true", "mirror = false"),
        ('colours = "rgb"', 'colours = "bgr"'),
    ],
)
def test_values_at_the_limits_are_taken(tmp_path: Path, old: str, new: str) -> None:
    assert read(tmp_path, changed(old, new)) != read_manifest(find_pack("open"))


GRID = """[detector]
decoding = "scrfd"
file = "det.onnx"
input_px = 320
colours = "rgb"
mean = [127.5, 127.5, 127.5]
scale = 0.0078125
threshold = 0.5
nms_iou = 0.4
sure_score = 0.6

"""


def with_grid(old: str = "", new: str = "") -> str:
    """The manifest of the built-in pack with a detector of one file, and one thing of that changed."""
    text = OPEN.replace(section_of("[detector.files]"), "").replace(section_of("[detector]"), "")
    sums = f'[sha256]\n"det.onnx" = "{"0a" * 32}"\n[[build]]'
    assert old in GRID
    return text.replace("[embedder]", GRID.replace(old, new, 1) + "[embedder]").replace("[[build]]", sums, 1)


def test_a_detector_of_one_file_says_how_its_outputs_are_read(tmp_path: Path) -> None:
    manifest = read(tmp_path, with_grid())
    assert isinstance(manifest.detector, GridPart)
    assert manifest.detector.file_names == ("det.onnx",)
    assert manifest.model_files == ("det.onnx", "dlib_resnet29.onnx")
    assert (manifest.detector.decoding, manifest.detector.input_px) == ("scrfd", 320)
    assert manifest.detector.look_twice
    other = read(tmp_path, with_grid("input_px = 320\n", "look_twice = false\n")).detector
    assert isinstance(other, GridPart)
    assert (other.input_px, other.look_twice) == (None, False)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"scrfd"', '"ssd"', "detector.decoding: Input should be 'mtcnn', 'haar', 'scrfd', 'retinaface'"),
        ("input_px = 320", "input_px = 321", "detector.input_px: Input should be a multiple of 32"),
        ("nms_iou = 0.4", "nms_iou = 0", "detector.nms_iou: Input should be greater than 0"),
        ("threshold = 0.5", "threshold = 1.5", "detector.threshold: Input should be less than or equal to 1"),
        ("threshold = 0.5\n", "", "detector.threshold: Field required"),
        ('"det.onnx"', '"../det.onnx"', "detector.file: String should match"),
        ('"det.onnx"', '"other.onnx"', "manifest: Value error, no sha256 and no build step for other.onnx"),
        ("scale = 0.0078125", "scale = 0.0078125\nstride = 8", "detector.stride: Extra inputs"),
    ],
)
def test_what_is_wrong_with_such_a_detector_is_named(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, with_grid(old, new))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "title", "use"),
    [
        ('spdx = "MIT"\ncommercial_use = true', "MIT", True),
        ('spdx = "NOASSERTION"\ncommercial_use = "unknown"', "unknown", None),
        ('text = "Research only\\nNot for sale"\ncommercial_use = false', "Research only", False),
    ],
)
def test_a_licence_has_a_short_title(tmp_path: Path, lines: str, title: str, use: bool | None) -> None:
    licence = read(tmp_path, changed('spdx = "MIT AND CC0-1.0"\ncommercial_use = true', lines)).licence
    assert (licence.title, licence.commercial_use) == (title, use)


# What is wrong, by file and key ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "key"),
    [
        ("schema = 1\n", "schema"),
        ('name = "open"\n', "name"),
        ('title = "MTCNN + dlib ResNet-29"\n', "title"),
        ('model_id = "dlib-resnet29-v1"\n', "model_id"),
        ("commercial_use = true\n", "licence.commercial_use"),
        ('decoding = "mtcnn"\n', "detector.decoding"),
        ("thresholds = [0.6, 0.7, 0.6]\n", "detector.thresholds"),
        ("sure_score = 0.95\n", "detector.sure_score"),
        ('file = "dlib_resnet29.onnx"\ninput_px', "embedder.file"),
        ("input_px = 150\n", "embedder.input_px"),
        ("dimension = 128\n", "embedder.dimension"),
        ("mean = [122.782, 117.001, 104.298]\n", "embedder.mean"),
        ("mirror = true\n", "embedder.mirror"),
        ("founder_px = 20.0\n", "quality.founder_px"),
        ('builder = "mtcnn_rnet"\n', "build.1.builder"),
        ('package = "face_recognition_models"\n', "build.3.package"),
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, old: str, key: str) -> None:
    new = "input_px" if old.endswith("input_px") else ""
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, changed(old, new))
    path = tmp_path / FILE_NAME
    assert str(caught.value) == f"{path}: {key}: Field required"
    assert caught.value.path == path


@pytest.mark.parametrize("header", ["licence", "detector", "embedder", "calibration", "quality"])
def test_a_missing_section_is_named(tmp_path: Path, header: str) -> None:
    text = changed(section_of(f"[{header}]"), "")
    if header == "detector":
        text = text.replace(section_of("[detector.files]"), "")
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / FILE_NAME}: {header}: Field required"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("schema = 1", "schema = 2", "schema: Input should be 1"),
        ('spdx = "MIT AND CC0-1.0"\n', "", "licence: Value error, licence needs spdx, or text"),
        ('spdx = "MIT AND CC0-1.0"', 'spdx = ""', "licence.spdx: String should have at least 1"),
        ('name = "open"', 'name = "a/b"', "name: String should match"),
        ('name = "open"', 'name = ""', "name: String should match"),
        ('name = "open"', f'name = "{"n" * 65}"', "name: String should have at most 64"),
        ('name = "open"', "name = 7", "name: Input should be a valid string"),
        ('"dlib-resnet29-v1"', '"two words"', "model_id: String should match"),
        ("commercial_use = true", 'commercial_use = "perhaps"', "licence.commercial_use: Input should be"),
        ('decoding = "mtcnn"', 'decoding = "retina"', "detector.decoding: Input should be 'mtcnn', 'haar'"),
        ("[0.6, 0.7, 0.6]", "[0.6, 0.7]", "detector.thresholds.2: Field required"),
        ("[0.6, 0.7, 0.6]", "[0.6, 1.7, 0.6]", "detector.thresholds.1: Input should be less than or equal"),
        ("[0.6, 0.7, 0.6]", "[0.6, 0.7, -0.6]", "detector.thresholds.2: Input should be greater than"),
        ("sure_score = 0.95", "sure_score = nan", "detector.sure_score: Input should be"),
        ("sure_score = 0.95", "sure_score = 95", "detector.sure_score: Input should be less than"),
        ('onet = "onet.onnx"\n', "", "detector: Value error, detector.files lacks onet"),
        ('rnet = "rnet.onnx"\nonet = "onet.onnx"\n', "", "detector.files lacks onet, rnet"),
        ('pnet = "pnet.onnx"', 'pnet = "../pnet.onnx"', "detector.files.pnet: String should match"),
        ('pnet = "pnet.onnx"', 'pnet = "/etc/pnet.onnx"', "detector.files.pnet: String should match"),
        ('pnet = "pnet.onnx"', 'pnet = ".."', "detector.files.pnet: String should match"),
        ('pnet = "pnet.onnx"', "pnet = 'a\\b.onnx'", "detector.files.pnet: String should match"),
        ("mirror = true", 'mirror = true\nmetric = "euclidean"', "embedder.metric: Input should be 'cosine'"),
        ('file = "calibration.npz"', 'family = "facenet"', "calibration.family: Input should be"),
        ('file = "calibration.npz"', 'file = "c.npz"\nfamily = "arcface"', "calibration needs either"),
        ("input_px = 150", "input_px = 15", "embedder.input_px: Input should be greater"),
        ("input_px = 150", "input_px = 1025", "embedder.input_px: Input should be less"),
        ("input_px = 150", "input_px = 150.5", "embedder.input_px: Input should be a valid integer"),
        ("dimension = 128", "dimension = 1", "embedder.dimension: Input should be greater"),
        ("dimension = 128", "dimension = 8193", "embedder.dimension: Input should be less"),
        ('colours = "rgb"', 'colours = "hsv"', "embedder.colours: Input should be 'rgb' or 'bgr'"),
        ("[122.782, 117.001, 104.298]", "[122.782, 117.001]", "embedder.mean.2: Field required"),
        ("[122.782, 117.001, 104.298]", "[1.0, inf, 1.0]", "embedder.mean.1: Input should be a finite"),
        ("scale = 0.00390625", "scale = 0", "embedder.scale: Input should be greater than 0"),
        ("scale = 0.00390625", "scale = inf", "embedder.scale: Input should be a finite number"),
        (", [98.3, 105.5]]", "]", "embedder.template.4: Field required"),
        ("[98.3, 105.5]]", "[98.3, 105.5, 1.0]]", "embedder.template.4: Tuple should have at most 2"),
        ('file = "calibration.npz"', "", "calibration: Value error, calibration needs either"),
        ('file = "calibration.npz"', "genuine = 0.8\nspread = 0.1", "calibration needs either"),
        ('file = "calibration.npz"', f'file = "c.npz"\n{FIGURES}', "calibration needs either"),
        ('file = "calibration.npz"', 'file = "c.npz"\ngenuine = 0.8', "calibration needs either"),
        (
            'file = "calibration.npz"',
            FIGURES.replace("0.05", "0"),
            "calibration.spread: Input should be greater than 0",
        ),
        ('file = "calibration.npz"', 'file = "/etc/c.npz"', "calibration.file: String should match"),
        ("founder_px = 20.0", "founder_px = -1", "quality.founder_px: Input should be greater"),
        ('"mtcnn_onet"', '"keras"', "build.2.builder: Input should be"),
        ('package = "mtcnn"', 'package = "os.path"', "build.0.package: String should match"),
        ("assets/weights/pnet.lz4", "../../pnet.lz4", "build.0.weights: String should match"),
        ("assets/weights/pnet.lz4", "/etc/pnet.lz4", "build.0.weights: String should match"),
        ("assets/weights/pnet.lz4", "assets/../pnet.lz4", "build.0.weights: String should match"),
        ('sha256 = "ea6b0c3e', 'sha256 = "EA6B0C3E', "build.0.sha256: String should match"),
        ('sha256 = "ea6b0c3e', 'sha256 = "', "build.0.sha256: String should match"),
        ("[quality]", "[sha256]\n'a.bin' = 'short'\n[quality]", "sha256.a.bin: String should match"),
        ("[quality]", "[sha256]\n'../a' = '0'\n[quality]", "sha256.../a.[key]: String should match"),
        ("[quality]", "[colours]\n[quality]", "colours: Extra inputs are not permitted"),
        ("mirror = true", "mirror = true\nmirorr = 1", "embedder.mirorr: Extra inputs are not permitted"),
        (
            'file = "rnet.onnx"',
            'file = "other.onnx"',
            "manifest: Value error, no sha256 and no build step for rnet.onnx",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_what_is_wrong(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, changed(old, new))
    assert str(caught.value).startswith(f"{tmp_path / FILE_NAME}: ")
    assert problem in str(caught.value)
    assert caught.value.path == tmp_path / FILE_NAME


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    text = changed("dimension = 128", "dimension = 1").replace("founder_px = 20.0", "").replace("0.95", "7")
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    problems = str(caught.value).removeprefix(f"{tmp_path / FILE_NAME}: ").split("; ")
    assert [problem.split(":")[0] for problem in problems] == [
        "detector.sure_score",
        "embedder.dimension",
        "quality.founder_px",
    ]


# Files that are no manifest -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name = ", id="no-value"),
        pytest.param("name = open", id="no-quotes"),
        pytest.param('name = "a"\nname = "b"', id="twice"),
        pytest.param("[detector\n", id="bracket"),
        pytest.param("x = 2026-13-45", id="date"),
        pytest.param(f"x = {'9' * 5000}", id="number-of-5000-digits"),
        pytest.param(f"x = {'[' * 5000}", id="5000-lists"),
        pytest.param("\x00", id="zero-byte"),
    ],
)
def test_bad_toml_is_refused_with_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError, match="not valid TOML") as caught:
        read(tmp_path, text)
    assert str(tmp_path / FILE_NAME) in str(caught.value)
    assert caught.value.path == tmp_path / FILE_NAME


def test_bad_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="line 3"):
        read(tmp_path, 'name = "a"\n\ntitle = ?\n')


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="not UTF-8") as caught:
        read(tmp_path, 'title = "Gesichter für alle"'.encode("latin-1"))
    assert caught.value.path == tmp_path / FILE_NAME


def test_a_folder_without_a_manifest_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"No such file.*A model pack is a folder with a manifest"):
        read_manifest(tmp_path)


def test_a_folder_in_place_of_the_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ManifestError, match="Is a directory"):
        read_manifest(tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_any_other_file_is_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    with pytest.raises(ManifestError) as caught:
        read(tmp_path_factory.getbasetemp(), data)
    assert FILE_NAME in str(caught.value)
