from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workers.errors import ManifestError
from workers.models.detector_parts import GridPart
from workers.models.manifest import FILE_NAME, Manifest, read_manifest
from workers.models.pack import find_pack

OPEN = (find_pack("open-mtcnn") / FILE_NAME).read_text(encoding="utf-8")
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
    assert manifest == read_manifest(find_pack("open-mtcnn"))
    assert (manifest.name, manifest.schema_version) == ("open-mtcnn", 1)
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
        ("thresholds = [0.7, 0.7, 0.6]", "thresholds = [0, 1, 0.5]"),
        ("sure_score = 0.95", "sure_score = 1.0"),
        ("input_px = 150", "input_px = 16"),
        ("input_px = 150", "input_px = 1024"),
        ("dimension = 128", "dimension = 2"),
        ("dimension = 128", "dimension = 8192"),
        ("founder_px = 20.0", "founder_px = 0"),
        ('name = "open-mtcnn"', f'name = "{"n" * 64}"'),
        ("mirror = true", "mirror = false"),
        ('colours = "rgb"', 'colours = "bgr"'),
    ],
)
def test_values_at_the_limits_are_taken(tmp_path: Path, old: str, new: str) -> None:
    assert read(tmp_path, changed(old, new)) != read_manifest(find_pack("open-mtcnn"))


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
        ('"scrfd"', '"ssd"', "detector.decoding must be one of 'mtcnn', 'haar', 'scrfd', 'retinaface'"),
        ("input_px = 320", "input_px = 321", "detector.input_px must be a multiple of 32: 321"),
        ("nms_iou = 0.4", "nms_iou = 0", "detector.nms_iou must be greater than 0: 0"),
        ("threshold = 0.5", "threshold = 1.5", "detector.threshold must be at most 1: 1.5"),
        ("threshold = 0.5\n", "", "detector.threshold is missing"),
        (
            '"det.onnx"',
            '"../det.onnx"',
            "detector.file must be the name of a file in the pack's folder, without folders: '../det.onnx'",
        ),
        ('"det.onnx"', '"other.onnx"', "[sha256] has no checksum of other.onnx, and no [[build]] step"),
        (
            "scale = 0.0078125",
            "scale = 0.0078125\nstride = 8",
            "there is no key 'stride' in [detector]; there are sure_score, sight_score, decoding",
        ),
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
        ('name = "open-mtcnn"\n', "name"),
        ('title = "MTCNN + dlib ResNet-29"\n', "title"),
        ('model_id = "dlib-resnet29-v1"\n', "model_id"),
        ("commercial_use = true\n", "licence.commercial_use"),
        ('decoding = "mtcnn"\n', "detector.decoding"),
        ("thresholds = [0.7, 0.7, 0.6]\n", "detector.thresholds"),
        ("sure_score = 0.95\n", "detector.sure_score"),
        ('file = "dlib_resnet29.onnx"\ninput_px', "embedder.file"),
        ("input_px = 150\n", "embedder.input_px"),
        ("dimension = 128\n", "embedder.dimension"),
        ("mean = [122.782, 117.001, 104.298]\n", "embedder.mean"),
        ("mirror = true\n", "embedder.mirror"),
        ("founder_px = 20.0\n", "quality.founder_px"),
        ('builder = "mtcnn_rnet"\n', "builder of entry 2 of build"),
        ('package = "face_recognition_models"\n', "package of entry 4 of build"),
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, old: str, key: str) -> None:
    new = "input_px" if old.endswith("input_px") else ""
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, changed(old, new))
    path = tmp_path / FILE_NAME
    assert str(caught.value) == f"{path}: {key} is missing"
    assert caught.value.path == path


@pytest.mark.parametrize("header", ["licence", "detector", "embedder", "calibration", "quality"])
def test_a_missing_section_is_named(tmp_path: Path, header: str) -> None:
    text = changed(section_of(f"[{header}]"), "")
    if header == "detector":
        text = text.replace(section_of("[detector.files]"), "")
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / FILE_NAME}: the section [{header}] is missing"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("schema = 1", "schema = 2", "schema must be 1: 2"),
        ('spdx = "MIT AND CC0-1.0"\n', "", "[licence] needs spdx, or text"),
        ('spdx = "MIT AND CC0-1.0"', 'spdx = ""', "licence.spdx must be text, and not empty: ''"),
        ('name = "open-mtcnn"', 'name = "a/b"', "name must be letters, digits, _, - and dots alone: 'a/b'"),
        ('name = "open-mtcnn"', 'name = ""', "name must be letters, digits"),
        ('name = "open-mtcnn"', f'name = "{"n" * 65}"', "name must be text of 64 characters at most"),
        ('name = "open-mtcnn"', "name = 7", "name must be text in quotes: 7"),
        (
            '"dlib-resnet29-v1"',
            '"two words"',
            "model_id must be letters, digits, _, -, dots and colons alone: 'two words'",
        ),
        (
            "commercial_use = true",
            'commercial_use = "perhaps"',
            'licence.commercial_use must be true, false or "unknown"',
        ),
        ('decoding = "mtcnn"', 'decoding = "retina"', "detector.decoding must be one of 'mtcnn', 'haar'"),
        ("[0.7, 0.7, 0.6]", "[0.7, 0.7]", "detector.thresholds must have 3 values, and has 2"),
        ("[0.7, 0.7, 0.6]", "[0.7, 1.7, 0.6]", "entry 2 of detector.thresholds must be at most 1: 1.7"),
        ("[0.7, 0.7, 0.6]", "[0.7, 0.7, -0.6]", "entry 3 of detector.thresholds must be at least 0: -0.6"),
        (
            "sure_score = 0.95",
            "sure_score = nan",
            "detector.sure_score must be a number, and neither inf nor nan",
        ),
        ("sure_score = 0.95", "sure_score = 95", "detector.sure_score must be at most 1: 95"),
        ('onet = "onet.onnx"\n', "", "detector.files lacks onet"),
        ('rnet = "rnet.onnx"\nonet = "onet.onnx"\n', "", "detector.files lacks onet, rnet"),
        ('pnet = "pnet.onnx"', 'pnet = "../pnet.onnx"', "detector.files.pnet must be the name of a file"),
        ('pnet = "pnet.onnx"', 'pnet = "/etc/pnet.onnx"', "detector.files.pnet must be the name of a file"),
        ('pnet = "pnet.onnx"', 'pnet = ".."', "detector.files.pnet must be the name of a file"),
        ('pnet = "pnet.onnx"', "pnet = 'a\\b.onnx'", "detector.files.pnet must be the name of a file"),
        (
            "mirror = true",
            'mirror = true\nmetric = "euclidean"',
            "embedder.metric must be 'cosine': 'euclidean'",
        ),
        (
            'file = "calibration.npz"',
            'family = "facenet"',
            "calibration.family must be 'arcface' or 'mobilefacenet': 'facenet'",
        ),
        ('file = "calibration.npz"', 'file = "c.npz"\nfamily = "arcface"', "[calibration] needs either"),
        ("input_px = 150", "input_px = 15", "embedder.input_px must be at least 16: 15"),
        ("input_px = 150", "input_px = 1025", "embedder.input_px must be at most 1024: 1025"),
        ("input_px = 150", "input_px = 150.5", "embedder.input_px must be a whole number: 150.5"),
        ("dimension = 128", "dimension = 1", "embedder.dimension must be at least 2: 1"),
        ("dimension = 128", "dimension = 8193", "embedder.dimension must be at most 8192: 8193"),
        ('colours = "rgb"', 'colours = "hsv"', "embedder.colours must be 'rgb' or 'bgr': 'hsv'"),
        ("[122.782, 117.001, 104.298]", "[122.782, 117.001]", "embedder.mean must have 3 values, and has 2"),
        (
            "[122.782, 117.001, 104.298]",
            "[1.0, inf, 1.0]",
            "entry 2 of embedder.mean must be a number, and neither",
        ),
        ("scale = 0.00390625", "scale = 0", "embedder.scale must be greater than 0: 0"),
        (
            "scale = 0.00390625",
            "scale = inf",
            "embedder.scale must be a number, and neither inf nor nan: inf",
        ),
        (", [98.3, 105.5]]", "]", "embedder.template must have 5 values, and has 4"),
        ("[98.3, 105.5]]", "[98.3, 105.5, 1.0]]", "entry 5 of embedder.template must have 2 values, not 3"),
        ('file = "calibration.npz"', "", "[calibration] needs either"),
        ('file = "calibration.npz"', "genuine = 0.8\nspread = 0.1", "[calibration] needs either"),
        ('file = "calibration.npz"', f'file = "c.npz"\n{FIGURES}', "[calibration] needs either"),
        ('file = "calibration.npz"', 'file = "c.npz"\ngenuine = 0.8', "[calibration] needs either"),
        (
            'file = "calibration.npz"',
            FIGURES.replace("0.05", "0"),
            "calibration.spread must be greater than 0: 0",
        ),
        (
            'file = "calibration.npz"',
            'file = "/etc/c.npz"',
            "calibration.file must be the name of a file in the pack's folder, without folders: ",
        ),
        (
            'file = "calibration.npz"',
            "genuine = 0.05\nimpostor = 0.6\nspread = 0.1",
            "[calibration] genuine must be greater than impostor",
        ),
        (
            "commercial_use = true",
            'commercial_use = "yes"',
            'licence.commercial_use must be true, false or "unknown"',
        ),
        (
            "commercial_use = true",
            "commercial_use = 1",
            'licence.commercial_use must be true, false or "unknown"',
        ),
        ('"MIT AND CC0-1.0"', '"MIT AND"', "licence.spdx must be names of licences by SPDX"),
        ("dimension = 128", 'dimension = "128"', "embedder.dimension must be a whole number"),
        ("mirror = true", "mirror = 1", "embedder.mirror must be true or false"),
        ("[98.3, 105.5]]", "[98.3, 5000.0]]", "embedder.template has points far outside of 150 px"),
        ("founder_px = 20.0", "founder_px = -1", "quality.founder_px must be at least 0: -1"),
        ('"mtcnn_onet"', '"keras"', "builder of entry 3 of build must be 'mtcnn_pnet'"),
        (
            'package = "mtcnn"',
            'package = "os.path"',
            "package of entry 1 of build must be the name of a Python package",
        ),
        (
            "assets/weights/pnet.lz4",
            "../../pnet.lz4",
            "weights of entry 1 of build must be a path inside the package",
        ),
        (
            "assets/weights/pnet.lz4",
            "/etc/pnet.lz4",
            "weights of entry 1 of build must be a path inside the package",
        ),
        (
            "assets/weights/pnet.lz4",
            "assets/../pnet.lz4",
            "weights of entry 1 of build must be a path inside the package",
        ),
        ('sha256 = "ea6b0c3e', 'sha256 = "EA6B0C3E', "sha256 of entry 1 of build must be a SHA-256"),
        ('sha256 = "ea6b0c3e', 'sha256 = "', "sha256 of entry 1 of build must be a SHA-256"),
        ("[quality]", "[sha256]\n'a.bin' = 'short'\n[quality]", 'sha256."a.bin" must be a SHA-256'),
        (
            "[quality]",
            "[sha256]\n'../a' = '0'\n[quality]",
            "a key of [sha256] must be the name of a file in the pack's folder, without folders: '../a'",
        ),
        ('title = "MTCNN', 'tilte = "MTCNN', "there is no key 'tilte'; did you mean 'title'?"),
        (
            "[calibration]",
            "[[licence.more]]\n[calibration]",
            "there is no key 'more' in [licence]; there are",
        ),
        ('builder = "mtcnn_onet"', 'biulder = "mtcnn_onet"', "'biulder' in entry 3 of build; did you mean"),
        ("mirror = true", "mirror = 2026-01-01", "embedder.mirror must be true or false: a date or time"),
        ("[quality]", "[colours]\n[quality]", "there is no key 'colours'; there are schema, name"),
        (
            "mirror = true",
            "mirror = true\nmirorr = 1",
            "there is no key 'mirorr' in [embedder]; did you mean 'mirror'?",
        ),
        (
            'file = "rnet.onnx"',
            'file = "other.onnx"',
            "[sha256] has no checksum of rnet.onnx, and no [[build]] step",
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
    assert [problem.split()[0] for problem in problems] == [
        "detector.sure_score",
        "embedder.dimension",
        "quality.founder_px",
    ]


# Files that are no manifest -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name = ", id="no-value"),
        pytest.param("name = open-mtcnn", id="no-quotes"),
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


@pytest.mark.parametrize(
    "points",
    [
        [[70.0, 70.0]] * 5,
        # Right before left, and the mouth above the eyes.
        [[90.0, 50.0], [60.0, 50.0], [75.0, 70.0], [90.0, 90.0], [60.0, 90.0]],
        [[60.0, 90.0], [90.0, 90.0], [75.0, 70.0], [60.0, 50.0], [90.0, 50.0]],
    ],
)
def test_a_template_that_is_no_face_is_refused(tmp_path: Path, points: list[list[float]]) -> None:
    text = re.sub(r"template = \[\[.*?\]\]", f"template = {points}", OPEN, flags=re.DOTALL)
    assert text != OPEN
    with pytest.raises(ManifestError, match="template is no face: left eye, right eye, nose"):
        read(tmp_path, text)


@pytest.mark.parametrize("spdx", ["((MIT", "AND", "MIT AND AND", "MIT)", "MIT BSD", "MIT OR", "()"])
def test_what_spdx_can_not_read_is_refused(tmp_path: Path, spdx: str) -> None:
    with pytest.raises(ManifestError, match=r"licence\.spdx must be names of licences by SPDX"):
        read(tmp_path, changed("MIT AND CC0-1.0", spdx))


@pytest.mark.parametrize(
    "spdx",
    ["MIT", "Apache-2.0 OR (MIT AND LicenseRef-x.y)", "GPL-2.0+", "NOASSERTION", "( MIT or X )"],
)
def test_licences_by_spdx_are_taken(tmp_path: Path, spdx: str) -> None:
    assert read(tmp_path, changed("MIT AND CC0-1.0", spdx)).licence.spdx == spdx
