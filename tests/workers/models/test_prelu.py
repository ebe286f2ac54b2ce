"""PReLU as sums of convolutions, against the operator itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.graph import GraphBuilder
from workers.models.prelu import MaxPool, conv_prelu, image
from workers.models.session import Session

Array = npt.NDArray[np.float32]

POOLS = (None, MaxPool(2, same=True), MaxPool(3, same=False), MaxPool(2, same=True, first=True))


def layers(seed: int, slopes: list[list[float]]) -> list[tuple[Array, Array, Array]]:
    rng = np.random.default_rng(seed)
    widths = [3, *map(len, slopes)]
    return [
        (
            rng.normal(0, 0.4, (out, into, 2, 2)).astype(np.float32),
            rng.normal(0, 0.4, out).astype(np.float32),
            np.asarray(slope, np.float32),
        )
        for into, out, slope in zip(widths[:-1], widths[1:], slopes, strict=True)
    ]


def write_ours(path: Path, weights: list[tuple[Array, Array, Array]], pool: MaxPool | None) -> None:
    graph = GraphBuilder("ours", {"image": ["N", 3, "H", "W"]})
    x = image("image")
    for kernel, bias, slope in weights:
        x = conv_prelu(graph, x, kernel, bias, slope, pool)
    # Signs are turned back by whoever reads; filling is left out.
    count = len(weights[-1][1])
    reader = np.eye(count, dtype=np.float32)[:, :, None, None]
    graph.node("Conv", x.name, graph.constant(x.kernel(reader)), output="answer")
    graph.save(path, {"answer": ["N", count, "h", "w"]})


def write_published(path: Path, weights: list[tuple[Array, Array, Array]], pool: MaxPool | None) -> None:
    graph = GraphBuilder("published", {"image": ["N", 3, "H", "W"]})
    x = "image"
    for kernel, bias, slope in weights:
        x = graph.node("Conv", x, graph.constant(kernel), graph.constant(bias))
        x = graph.node("PRelu", x, graph.constant(slope.reshape(-1, 1, 1)))
        if pool is not None:
            pad = "SAME_UPPER" if pool.same else "VALID"
            size = [pool.size_px, pool.size_px]
            x = graph.node("MaxPool", x, kernel_shape=size, strides=[2, 2], auto_pad=pad)
    graph.node("Identity", x, output="answer")
    graph.save(path, {"answer": ["N", len(weights[-1][1]), "h", "w"]})


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    slopes=st.lists(
        st.lists(st.one_of(st.sampled_from([0.0, 1.0]), st.floats(-2, 2, width=32)), min_size=1, max_size=20),
        min_size=1,
        max_size=2,
    ),
    pool=st.sampled_from(POOLS),
)
def test_sums_of_convolutions_equal_the_operator(
    tmp_path_factory: pytest.TempPathFactory, seed: int, slopes: list[list[float]], pool: MaxPool | None
) -> None:
    folder = tmp_path_factory.mktemp("nets")
    weights = layers(seed, slopes)
    write_ours(folder / "ours.onnx", weights, pool)
    write_published(folder / "published.onnx", weights, pool)
    picture = np.random.default_rng(seed).normal(0, 2, (2, 3, 19, 22)).astype(np.float32)
    answers = [
        Session(folder / name, threads=1).run(["answer"], picture)[0]
        for name in ("ours.onnx", "published.onnx")
    ]
    assert answers[0].shape == answers[1].shape
    assert np.abs(answers[0] - answers[1]).max() < 1e-4


def test_nothing_leaves_the_layout_of_the_convolutions(tmp_path: Path) -> None:
    """What the sums are for; a network whose channels don't fill blocks must be filled up."""
    write_ours(tmp_path / "ours.onnx", layers(1, [[-0.5] * 10, [0.3] * 28]), MaxPool(2, same=True))
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    # It warns that such a file is for this processor alone.
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(tmp_path / "ours.onnx"), options, providers=["CPUExecutionProvider"])
    nodes = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    if not any(
        node.domain == "com.microsoft.nchwc" for node in onnx.load(tmp_path / "optimised.onnx").graph.node
    ):
        pytest.skip("ONNX Runtime has no blocked layout on this processor")
    assert set(nodes) == {"Conv", "MaxPool", "ReorderOutput"}
    assert nodes["ReorderOutput"] == 1
