"""Small ONNX models with the inputs and outputs of known detectors and embedders, and weights by lot.

They prove how files are recognised, wired and decoded. How well the true models find faces they don't.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from workers.models.graph import GraphBuilder

SIDE_PX = 128
STRIDES_PX = (8, 16, 32)


def write_grid_model(
    path: Path,
    columns: dict[str, int],
    *,
    anchors: int = 1,
    batch: str | int = 1,
    flat: bool = False,
    fixed: bool = False,
    side_px: int | str = SIDE_PX,
    bias: float = -1.0,
    scale: float = 2.0,
    strides_px: tuple[int, ...] = STRIDES_PX,
    normalises: bool = False,
) -> Path:
    """A network of one convolution per output.

    Args:
        path: Where to write.
        columns: Name of each kind of output, and how many numbers it has for a cell and anchor. Of one number
            are scores, which get a sigmoid.
        anchors: Answers for a cell.
        batch: Pictures of one call, a letter for any number.
        flat: Without a dimension for the batch in the outputs, which comes behind height and width, as
            insightface's are exported.
        fixed: With the batch of 1 in the shape that answers are brought to, as YuNet's are exported.
        side_px: Side of the input, a letter for any.
        bias: Of scores: the lower, the fewer faces.
        scale: Of the pixels that come in.
        strides_px: Of the grids.
        normalises: Whether it begins with what others ask to be done to the pixels.
    """
    random = np.random.default_rng(5)
    graph = GraphBuilder("detector", {"input": [batch, 3, side_px, side_px]})
    x = "input"
    if normalises:
        x = graph.node("Mul", graph.node("Sub", x, graph.constant(127.5)), graph.constant(1 / 128))
    scaled = graph.node("Mul", x, graph.constant(scale))
    shapes = {}
    for kind, numbers in columns.items():
        for stride in strides_px:
            name = f"{kind}_{stride}"
            # Boxes are never turned inside out, as those of a true model aren't.
            spread = 0.01 if numbers == 4 else 0.06
            kernel = random.normal(0, spread, (anchors * numbers, 3, 8, 8))
            offset = np.full(anchors * numbers, bias if numbers == 1 else 1.5)
            pooled = (
                scaled
                if stride == 8
                else graph.node(
                    "AveragePool", scaled, kernel_shape=[stride // 8] * 2, strides=[stride // 8] * 2
                )
            )
            x = graph.node("Conv", pooled, graph.constant(kernel), graph.constant(offset), strides=[8, 8])
            x = graph.node("Transpose", x, perm=[2, 3, 0, 1] if flat else [0, 2, 3, 1])
            last = "Sigmoid" if numbers == 1 else "Identity"
            shape = [-1, numbers] if flat else [1 if fixed else 0, -1, numbers]
            x = graph.node("Reshape", x, graph.constant(shape, np.int64))
            graph.node(last, x, output=name)
            rows = f"R{stride}"
            shapes[name] = [rows, numbers] if flat else [batch, rows, numbers]
    graph.save(path, shapes)
    return path


def write_scrfd(path: Path, *, landmarks: bool = True, batch: str | int = 1, flat: bool = False) -> Path:
    """The signature of SCRFD: nine outputs, or six without landmarks."""
    columns = {"score": 1, "bbox": 4} | ({"kps": 10} if landmarks else {})
    return write_grid_model(path, columns, anchors=2, batch=batch, flat=flat)


def write_mixing_scrfd(path: Path) -> Path:
    """One whose answers hang on all pictures of a call: the input twice, less their mean."""
    return put_before(
        write_scrfd(path),
        onnx.helper.make_node("ReduceMean", ["input"], ["mean"], axes=[0]),
        onnx.helper.make_node("Add", ["input", "input"], ["double"]),
        onnx.helper.make_node("Sub", ["double", "mean"], ["mixed"]),
    )


def put_before(path: Path, *nodes: onnx.NodeProto) -> Path:
    """Have a model take what some nodes make of its input; the last one's output is it."""
    model = onnx.load(path)
    model.graph.node[0].input[0] = nodes[-1].output[0]
    after = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *after])
    onnx.save(model, path)
    return path


def write_yunet(path: Path) -> Path:
    """The signature of YuNet of the OpenCV Zoo: twelve outputs."""
    columns = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return write_grid_model(path, columns, bias=0, scale=1 / 64, fixed=True)


def write_retinaface(path: Path, answers: dict[str, float] | None = None) -> Path:
    """The signature of RetinaFace in PyTorch: three outputs, the same for every prior box and picture."""
    answers = {"shift": 0.0, "growth": 0.0, "landmark": 0.0, "score": 0.9} | (answers or {})
    rows = 2 * sum((SIDE_PX // stride) ** 2 for stride in STRIDES_PX)
    graph = GraphBuilder("retinaface", {"input": [1, 3, SIDE_PX, SIDE_PX]})
    nothing = graph.node("Mul", "input", graph.constant(0.0))
    nothing = graph.node("ReduceSum", nothing, graph.constant([1, 2, 3], np.int64), keepdims=0)
    nothing = graph.node("Reshape", nothing, graph.constant([1, 1, 1], np.int64))
    boxes = np.zeros((1, rows, 4))
    boxes[..., :2], boxes[..., 2:] = answers["shift"], answers["growth"]
    scores = np.zeros((1, rows, 2))
    scores[..., 0] = 1
    # The first prior box of the finest grid, and the last one of the coarsest.
    scores[0, [0, -1]] = 1 - answers["score"], answers["score"]
    for name, value in (
        ("loc", boxes),
        ("conf", scores),
        ("landms", np.full((1, rows, 10), answers["landmark"])),
    ):
        graph.node("Add", nothing, graph.constant(value), output=name)
    graph.save(path, {"loc": [1, rows, 4], "conf": [1, rows, 2], "landms": [1, rows, 10]})
    return path


def write_embedder(
    path: Path,
    *,
    side_px: int = 112,
    dimension: int = 128,
    batch: str | int = "N",
    name: str = "input",
    normalises: bool = False,
) -> Path:
    """The signature of ArcFace; with `normalises` and the name `data` that of SFace."""
    random = np.random.default_rng(7)
    graph = GraphBuilder("embedder", {name: [batch, 3, side_px, side_px]})
    x = name
    if normalises:
        x = graph.node("Mul", graph.node("Sub", x, graph.constant(127.5)), graph.constant(1 / 128))
    x = graph.node("AveragePool", x, kernel_shape=[16, 16], strides=[16, 16])
    size = 3 * (side_px // 16) ** 2
    x = graph.node("Gemm", graph.node("Flatten", x), graph.constant(random.normal(0, 1, (size, dimension))))
    graph.node("Identity", x, output="vector")
    graph.save(path, {"vector": [batch, dimension]})
    return path
