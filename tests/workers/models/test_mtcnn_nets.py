"""The three networks against a plain NumPy forward pass over the arrays of the wheel."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import lz4.frame
import numpy as np
import numpy.typing as npt
import pytest
from face_pictures import package_file

from workers.errors import WeightsError
from workers.models.mtcnn_nets import build_onet, build_pnet, build_rnet
from workers.models.session import Session

Array = npt.NDArray[np.float32]


def convolution(x: Array, kernel: Array, bias: Array) -> Array:
    """(N, H, W, C), no padding; kernel HWIO, as Keras writes it."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias


def prelu(x: Array, slope: Array) -> Array:
    return np.where(x > 0, x, x * slope.reshape(-1))


def pool(x: Array, size: int, *, same: bool) -> Array:
    height, width = x.shape[1:3]
    if same:
        missing = [max((-(-side // 2) - 1) * 2 + size - side, 0) for side in (height, width)]
        pads = [(0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)]
        x = np.pad(x, pads, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::2, ::2].max(axis=(-1, -2))


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def flat(x: Array) -> Array:
    """Width before height: the layers were trained in another framework first."""
    return x.transpose(0, 2, 1, 3).reshape(len(x), -1)


def stage(x: Array, arrays: Iterator[Array]) -> Array:
    return prelu(convolution(x, next(arrays), next(arrays)), next(arrays))


def pnet(x: Array, arrays: Iterator[Array]) -> dict[str, Array]:
    x = pool(stage(x, arrays), 2, same=True)
    x = stage(stage(x, arrays), arrays)
    box, logit = (convolution(x, next(arrays), next(arrays)) for _ in range(2))
    return {"box": box.transpose(0, 3, 1, 2), "score": softmax(logit).transpose(0, 3, 1, 2)[:, 1:]}


def rnet(x: Array, arrays: Iterator[Array]) -> dict[str, Array]:
    x = pool(stage(x, arrays), 3, same=True)
    x = pool(stage(x, arrays), 3, same=False)
    x = flat(stage(x, arrays)) @ next(arrays) + next(arrays)
    x = prelu(x, next(arrays))
    box, logit = (x @ next(arrays) + next(arrays) for _ in range(2))
    return {"box": box, "score": softmax(logit)}


def onet(x: Array, arrays: Iterator[Array]) -> dict[str, Array]:
    x = pool(stage(x, arrays), 3, same=True)
    x = pool(stage(x, arrays), 3, same=False)
    x = pool(stage(x, arrays), 2, same=True)
    x = flat(stage(x, arrays)) @ next(arrays) + next(arrays)
    x = prelu(x, next(arrays))
    box, points, logit = (x @ next(arrays) + next(arrays) for _ in range(3))
    return {"box": box, "landmarks": points, "score": softmax(logit)}


NETWORKS = [
    pytest.param("pnet", build_pnet, pnet, (12, 12), id="pnet-one-cell"),
    pytest.param("pnet", build_pnet, pnet, (41, 30), id="pnet-odd-picture"),
    pytest.param("rnet", build_rnet, rnet, (24, 24), id="rnet"),
    pytest.param("onet", build_onet, onet, (48, 48), id="onet"),
]


@pytest.mark.parametrize(("name", "build", "reference", "size"), NETWORKS)
def test_network_equals_a_plain_forward_pass(
    name: str,
    build: Callable[[Path, Path], None],
    reference: Callable[[Array, Iterator[Array]], dict[str, Array]],
    size: tuple[int, int],
    tmp_path: Path,
) -> None:
    weights = package_file("mtcnn", f"assets/weights/{name}.lz4")
    build(weights, tmp_path / "net.onnx")
    image = np.random.default_rng(1).uniform(-1, 1, (3, 3, *size)).astype(np.float32)
    # joblib would leave the file half open in Python 3.13.
    arrays = joblib.load(io.BytesIO(lz4.frame.decompress(weights.read_bytes())))
    expected = reference(image.transpose(0, 2, 3, 1), iter(arrays))
    found = Session(tmp_path / "net.onnx", threads=1).run(list(expected), image)
    for (key, value), ours in zip(expected.items(), found, strict=True):
        assert ours.shape == value.shape, key
        assert np.abs(ours - value).max() < 1e-4, key


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"), [(12, 12, 1, 1), (12, 20, 1, 5), (49, 60, 20, 25)]
)
def test_proposals_have_one_cell_for_each_second_pixel(
    tmp_path: Path, height: int, width: int, rows: int, columns: int
) -> None:
    build_pnet(package_file("mtcnn", "assets/weights/pnet.lz4"), tmp_path / "net.onnx")
    box, score = Session(tmp_path / "net.onnx", threads=1).run(
        ["box", "score"], np.zeros((2, 3, height, width), np.float32)
    )
    assert box.shape == (2, 4, rows, columns)
    assert score.shape == (2, 1, rows, columns)
    assert 0 <= score.min() <= score.max() <= 1


@pytest.mark.parametrize(
    ("build", "other"), [(build_pnet, "rnet"), (build_rnet, "onet"), (build_onet, "pnet")]
)
def test_weights_of_another_network_are_refused(
    build: Callable[[Path, Path], None], other: str, tmp_path: Path
) -> None:
    weights = package_file("mtcnn", f"assets/weights/{other}.lz4")
    with pytest.raises(WeightsError, match=r"arrays instead of \d+. Install mtcnn") as caught:
        build(weights, tmp_path / "net.onnx")
    assert caught.value.path == weights


@pytest.mark.parametrize("damage", [b"", b"\x80\x04K", b'\x04"M\x18not a frame', b"just text"])
def test_damaged_weights_are_refused(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pnet.lz4"
    path.write_bytes(damage)
    with pytest.raises(WeightsError, match=r"pnet\.lz4: unreadable. Reinstall"):
        build_pnet(path, tmp_path / "net.onnx")
