from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from counted_calls import counted_calls
from like_device import LikeDevice
from small_models import (
    INPUT_PX,
    TEMPLATE,
    embedder_part,
    write_columns_model,
    write_mean_model,
    write_scaled_model,
)

from workers.errors import InferenceError, ModelError
from workers.models.build import built_path
from workers.models.device import DeviceKind
from workers.models.embedder import OnnxEmbedder
from workers.models.graph import GraphBuilder
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mean_model(tmp_path_factory.mktemp("models") / "means.onnx")


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_columns_model(tmp_path_factory.mktemp("models") / "columns.onnx")


def plain(*bgr: int) -> Image:
    return np.full((INPUT_PX, INPUT_PX, 3), bgr, np.uint8)


def noise(count: int) -> list[Image]:
    random = np.random.default_rng(count)
    return list(random.integers(0, 256, (count, INPUT_PX, INPUT_PX, 3)).astype(np.uint8))


def unit(*values: float) -> Vectors:
    vector = np.array(values)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


# What goes into the model ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("colours", "expected"), [("bgr", (10, 60, 200)), ("rgb", (200, 60, 10))])
def test_channels_come_in_the_order_of_the_manifest(
    means: Path, colours: str, expected: tuple[int, int, int]
) -> None:
    (vector,) = OnnxEmbedder(means, embedder_part(colours=colours), 1).embed([plain(10, 60, 200)])
    assert vector == pytest.approx(unit(*expected), abs=1e-6)


@pytest.mark.parametrize("colours", ["bgr", "rgb"])
def test_the_mean_is_in_the_order_of_the_colours(means: Path, colours: str) -> None:
    part = embedder_part(colours=colours, mean=(5.0, 20.0, 100.0))
    picture = plain(10, 60, 200) if colours == "bgr" else plain(200, 60, 10)
    (vector,) = OnnxEmbedder(means, part, 1).embed([picture])
    assert vector == pytest.approx(unit(5, 40, 100), abs=1e-6)


def test_the_scale_is_applied_after_the_mean(tmp_path: Path) -> None:
    # A bias inside the model makes the scale visible in spite of the normalising.
    graph = GraphBuilder("biased", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    pooled = graph.node("Flatten", graph.node("GlobalAveragePool", "image"))
    graph.node("Add", pooled, graph.constant([1, 2, 3]), output="vector")
    graph.save(tmp_path / "biased.onnx", {"vector": ["N", 3]})
    part = embedder_part(mean=(10.0, 10.0, 10.0), scale=0.25)
    (vector,) = OnnxEmbedder(tmp_path / "biased.onnx", part, 1).embed([plain(10, 18, 50)])
    assert vector == pytest.approx(unit(0 + 1, 2 + 2, 10 + 3), abs=1e-6)


def test_the_mirrored_face_is_averaged_in(columns: Path) -> None:
    chips = noise(3)
    part = embedder_part(dimension=INPUT_PX, mean=(127.0, 127.0, 127.0))
    single = OnnxEmbedder(columns, part, 1).embed(chips)
    both = OnnxEmbedder(columns, part.model_copy(update={"mirror": True}), 1).embed(chips)
    assert np.abs(single - single[:, ::-1]).max() > 0.05
    assert both == pytest.approx(both[:, ::-1], abs=1e-5)
    raw = np.stack([chip.mean(axis=(0, 2)) - 127 for chip in chips])
    for vector, row in zip(both, raw + raw[:, ::-1], strict=True):
        assert vector == pytest.approx(unit(*row), abs=1e-4)


# What comes out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 17, 31, 32, 33, 64, 70])
def test_any_number_of_faces_equals_single_calls_in_order(columns: Path, count: int, mirror: bool) -> None:
    embedder = OnnxEmbedder(columns, embedder_part(dimension=INPUT_PX, mirror=mirror), 1)
    chips = noise(count)
    vectors = embedder.embed(chips)
    assert vectors.dtype == np.float32
    assert vectors.shape == (count, INPUT_PX)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(count), abs=1e-5)
    single = np.concatenate([embedder.embed([chip]) for chip in chips])
    assert vectors == pytest.approx(single, abs=1e-5)


def test_the_network_sees_batches_of_few_sizes_whatever_comes(tmp_path: Path) -> None:
    # ONNX Runtime keeps memory for every shape that it has seen. This model answers with its batch size.
    graph = GraphBuilder("counts", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    nothing = graph.node("Mul", graph.node("GlobalAveragePool", "image"), graph.constant(0.0))
    zeros = graph.node("Flatten", nothing)
    size = graph.node("Gather", graph.node("Shape", "image"), graph.constant([0], np.int64))
    size = graph.node("Cast", size, to=1)
    graph.node("Add", zeros, graph.node("Concat", size, graph.constant([1, 0]), axis=0), output="vector")
    graph.save(tmp_path / "counts.onnx", {"vector": ["N", 3]})
    embedder = OnnxEmbedder(tmp_path / "counts.onnx", embedder_part(), 1)
    seen: set[int] = set()
    for count in range(1, 71):
        vectors = embedder.embed(noise(count))
        seen |= set(np.rint(vectors[:, 0] / vectors[:, 1]).astype(int).tolist())
    assert seen == {1, 2, 4, 8, 16, 32}


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_model_for_a_fixed_number_of_faces_takes_any_number(
    columns: Path, tmp_path: Path, batch: int, mirror: bool
) -> None:
    part = embedder_part(dimension=INPUT_PX, mirror=mirror)
    fixed = OnnxEmbedder(write_columns_model(tmp_path / "fixed.onnx", batch), part, 1)
    faces = noise(9)
    assert np.allclose(fixed.embed(faces), OnnxEmbedder(columns, part, 1).embed(faces), atol=1e-6)


@pytest.mark.parametrize("half", [False, True])
def test_on_a_device_a_model_for_one_face_takes_several_at_once(
    tmp_path: Path, half: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_columns_model(tmp_path / "one.onnx", 1)
    part = embedder_part(dimension=INPUT_PX)
    expected = OnnxEmbedder(path, part, 1).embed(noise(5))
    device = LikeDevice(DeviceKind.CUDA)
    several = OnnxEmbedder(path, part, 1, device, half=half, cache=tmp_path / "cache")
    calls = counted_calls(monkeypatch)
    assert several.embed(noise(5)) == pytest.approx(expected, abs=2e-3 if half else 1e-5)
    assert calls == [8]


def test_a_model_for_pictures_of_another_size_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    path = write_columns_model(tmp_path / "flat.onnx", height_px=8)
    with pytest.raises(ModelError, match=r"takes pictures of shape Nx3x8x16, .* should take Nx3x16x16"):
        OnnxEmbedder(path, embedder_part(dimension=INPUT_PX), 1)


def test_vectors_in_half_precision_are_those_in_float32(open_pack: Pack, model_cache: Path) -> None:
    part = open_pack.manifest.embedder
    path = built_path(open_pack.manifest, model_cache) / part.file
    chips = list(np.random.default_rng(0).integers(0, 256, (2, part.input_px, part.input_px, 3), np.uint8))
    half = OnnxEmbedder(path, part, 1, half=True)
    whole = open_pack.embedder.embed(chips)
    assert half.half
    assert (half.embed(chips) != whole).any()
    assert (half.embed(chips) * whole).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_no_face_gives_no_vector(columns: Path) -> None:
    vectors = OnnxEmbedder(columns, embedder_part(dimension=INPUT_PX), 1).embed([])
    assert vectors.shape == (0, INPUT_PX)
    assert vectors.dtype == np.float32


def test_the_manifest_says_what_an_embedder_takes(means: Path) -> None:
    embedder = OnnxEmbedder(means, embedder_part(), 1)
    assert (embedder.dimension, embedder.input_px) == (3, INPUT_PX)
    assert embedder.template.tolist() == [list(point) for point in TEMPLATE]
    assert embedder.template.dtype == np.float32
    assert embedder.providers == ("CPUExecutionProvider",)


def test_faces_of_the_same_person_are_nearer_than_those_of_others(
    open_pack: Pack, group_chips: list[Image]
) -> None:
    darker = [(chip * 0.7).astype(np.uint8) for chip in group_chips]
    one, other = open_pack.embedder.embed(group_chips), open_pack.embedder.embed(darker)
    assert one.shape == (6, 128)
    likeness = one @ other.T
    assert likeness.argmax(axis=1).tolist() == list(range(6))
    strangers = likeness[~np.eye(6, dtype=bool)]
    assert likeness.diagonal().min() > 0.95
    assert strangers.max() < likeness.diagonal().min() - 0.02


def test_a_mirrored_face_has_nearly_the_same_vector(open_pack: Pack, group_chips: list[Image]) -> None:
    mirrored = [np.ascontiguousarray(chip[:, ::-1]) for chip in group_chips]
    one, other = open_pack.embedder.embed(group_chips), open_pack.embedder.embed(mirrored)
    assert one == pytest.approx(other, abs=1e-5)


# What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    "factors",
    [
        pytest.param([1.0, np.nan, 1.0], id="nan"),
        pytest.param([1.0, np.inf, 1.0], id="inf"),
        pytest.param([np.inf, -np.inf, 1.0], id="both-infinities"),
        pytest.param([1e37, 1.0, 1.0], id="too-long"),
        pytest.param([0.0, 0.0, 0.0], id="zero"),
    ],
)
def test_vectors_that_are_zero_or_not_finite_are_refused(
    tmp_path: Path, factors: list[float], mirror: bool
) -> None:
    path = write_scaled_model(tmp_path / "broken.onnx", factors)
    embedder = OnnxEmbedder(path, embedder_part(mirror=mirror), 1)
    with pytest.raises(InferenceError, match=r"broken\.onnx: returned a vector that is zero") as caught:
        embedder.embed([plain(10, 20, 30)])
    assert caught.value.model == "broken.onnx"


def test_one_bad_vector_among_good_ones_is_refused(means: Path) -> None:
    with pytest.raises(InferenceError, match="zero or not finite"):
        OnnxEmbedder(means, embedder_part(), 1).embed([plain(1, 2, 3), plain(0, 0, 0), plain(4, 5, 6)])


def test_a_model_with_vectors_of_another_length_is_refused(means: Path) -> None:
    problem = (
        r"means\.onnx: gives vectors of 3 numbers, and by the manifest \(embedder\.dimension\) they have 4"
    )
    with pytest.raises(ModelError, match=problem):
        OnnxEmbedder(means, embedder_part(dimension=4), 1)


def test_a_model_whose_vectors_have_another_shape_is_refused(tmp_path: Path) -> None:
    graph = GraphBuilder("unflattened", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    graph.node("GlobalAveragePool", "image", output="means")
    graph.save(tmp_path / "means.onnx", {"means": ["N", 3, 1, 1]})
    embedder = OnnxEmbedder(tmp_path / "means.onnx", embedder_part(), 1)
    problem = r"means\.onnx: output has shape \(2, 3, 1, 1\), expected \(2, 3\)"
    with pytest.raises(InferenceError, match=problem):
        embedder.embed([plain(1, 2, 3)] * 2)


def test_chips_of_another_size_are_refused(means: Path) -> None:
    with pytest.raises(InferenceError, match=r"means\.onnx: failed on an input of shape \(1, 3, 20, 20\)"):
        OnnxEmbedder(means, embedder_part(), 1).embed([np.zeros((20, 20, 3), np.uint8)])


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.onnx"
    path.write_text("no model")
    with pytest.raises(ModelError, match=r"notes\.onnx: ONNX Runtime can't load"):
        OnnxEmbedder(path, embedder_part(), 1)
