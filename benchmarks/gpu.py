"""Speed of face models on a GPU, by batch and precision, beside what its matrix units give at most.

This file needs numpy, onnx and onnxruntime-gpu, and nothing of facestream: it can be copied alone to a
machine without a network. Its graphs have random weights and the true size: ArcFace's iResNet-50 and -100
(112x112 to 512 numbers), and SCRFD-10G (640x640 to boxes and landmarks). Pictures go to the device as uint8;
what prepares them is part of the graph: of the rows "of 1080p" scaling them as well.

    python gpu.py --device cuda --json figures.json
    python gpu.py --device cpu --quick            does it work at all?
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

DETECTOR_PX = 640
CHIP_PX = 112
FRAME_HW = (720, 1280)
LARGE_HW = (1080, 1920)
CANDIDATES = 64  # of one picture, that leave the detector's graph
FACES = 4  # of each frame, that are embedded in the whole path
STRIDES = (8, 16, 32)
TEMPLATE = np.array([[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]])
R50, R100 = (3, 4, 14, 3), (3, 13, 30, 3)
# Published: multiply-adds of SCRFD-10G at 640x480, of both ArcFace networks for one face.
MACS = {"scrfd_10g": 9.98e9, "arcface_r50": 6.31e9, "arcface_r100": 12.12e9}
GOALS = {"arcface_r50": 10_000, "scrfd_10g": 1_500}  # on an H200, fp16, a second


class Graph:
    """Nodes and random weights of one precision.

    Args:
        half: Whether it computes in float16.
    """

    def __init__(self, half: bool) -> None:
        self.dtype = np.dtype(np.float16 if half else np.float32)
        self.kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Add an array; of the graph's precision unless told otherwise."""
        name = f"w{len(self._weights)}"
        array = np.ascontiguousarray(value, dtype=dtype or self.dtype)
        self._weights.append(numpy_helper.from_array(array.reshape(np.shape(value)), name))
        return name

    def node(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output; returns its name."""
        name = output or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def nodes(self, op: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs; returns their names."""
        names = [f"t{len(self._nodes)}_{i}" for i in range(count)]
        self._nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def conv(self, x: str, shape: tuple[int, int], kernel: int = 3, stride: int = 1) -> str:
        """Convolution from and to so many channels, with a bias; its outputs stay near 1 in size."""
        given, made = shape
        scale = np.sqrt(1.6 / (given * kernel * kernel))
        weights = self._random.standard_normal((made, given, kernel, kernel), np.float32) * scale
        pads = [kernel // 2] * 4
        bias = self.constant(np.zeros(made))
        return self.node(
            "Conv",
            x,
            self.constant(weights),
            bias,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=pads,
        )

    def norm(self, x: str, channels: int) -> str:
        """Batch normalisation."""
        one, zero = self.constant(np.full(channels, 0.9)), self.constant(np.zeros(channels))
        return self.node("BatchNormalization", x, one, zero, zero, self.constant(np.ones(channels)))

    def floats(self, picture: str, scale: float) -> str:
        """uint8 (N, H, W, 3) to (N, 3, H, W), minus 127.5, times a scale."""
        x = self.node("Cast", picture, to=self.kind)
        x = self.node("Mul", self.node("Sub", x, self.constant(127.5)), self.constant(scale))
        return self.node("Transpose", x, perm=[0, 3, 1, 2])

    def model(self, inputs: Mapping[str, tuple[int, list[Any]]], outputs: dict[str, list[Any]]) -> bytes:
        """The checked model: inputs with type and shape, float32 outputs with shape."""
        graph = helper.make_graph(
            self._nodes,
            "benchmark",
            [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs.items()
            ],
            self._weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def iresnet(g: Graph, x: str, blocks: Sequence[int]) -> str:
    """ArcFace's network: (N, 3, 112, 112) to float32 (N, 512)."""

    def prelu(x: str, channels: int) -> str:
        return g.node("PRelu", x, g.constant(np.full((channels, 1, 1), 0.25)))

    x = prelu(g.norm(g.conv(x, (3, 64)), 64), 64)
    given = 64
    for planes, count in zip((64, 128, 256, 512), blocks, strict=True):
        for i in range(count):
            stride = 2 if i == 0 else 1
            y = g.conv(g.norm(x, given), (given, planes))
            y = g.norm(g.conv(prelu(g.norm(y, planes), planes), (planes, planes), stride=stride), planes)
            if i == 0:
                x = g.norm(g.conv(x, (given, planes), 1, stride), planes)
            # Halved, so that random weights don't grow beyond float16 in a hundred layers.
            x, given = g.node("Mul", g.node("Add", x, y), g.constant(0.7)), planes
    x = g.node("Flatten", g.norm(x, 512))
    size = 512 * 7 * 7
    weights = np.random.default_rng(1).standard_normal((512, size), np.float32) / np.sqrt(size)
    x = g.norm(g.node("Gemm", x, g.constant(weights), g.constant(np.zeros(512)), transB=1), 512)
    return g.node("Cast", x, to=TensorProto.FLOAT, output="vectors")


def scrfd(g: Graph, x: str, height_px: int, width_px: int) -> None:
    """SCRFD-10G: (N, 3, H, W) to the best candidates: scores (N, K), boxes (N, K, 4), landmarks (N, K, 10).

    Guo et al. 2021, "Sample and Computation Redistribution for Efficient Face Detection": blocks (3, 4, 2, 3)
    of 56, 88, 88, 224 channels, a PAFPN of 56, three convolutions of 80 for each stride, two anchors.
    """

    def block(x: str, given: int, planes: int, stride: int) -> str:
        y = g.node("Relu", g.norm(g.conv(x, (given, planes), stride=stride), planes))
        y = g.norm(g.conv(y, (planes, planes)), planes)
        if stride > 1:
            x = g.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        if given != planes or stride > 1:
            x = g.norm(g.conv(x, (given, planes), 1), planes)
        return g.node("Relu", g.node("Add", x, y))

    for shape, stride in (((3, 28), 2), ((28, 28), 1), ((28, 56), 1)):
        x = g.node("Relu", g.norm(g.conv(x, shape, stride=stride), shape[1]))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    given = 56
    stages: list[tuple[str, int]] = []
    for planes, count in ((56, 3), (88, 4), (88, 2), (224, 3)):
        for i in range(count):
            x = block(x, given, planes, 2 if i == 0 and stages else 1)
            given = planes
        stages.append((x, planes))
    sides = [g.conv(x, (planes, 56), 1) for x, planes in stages[1:]]
    twice = g.constant([1, 1, 2, 2], np.float32)
    for i in (1, 0):
        up = g.node("Resize", sides[i + 1], "", twice, mode="nearest", nearest_mode="floor",
                    coordinate_transformation_mode="asymmetric")  # fmt: skip
        sides[i] = g.node("Add", sides[i], up)
    maps = [g.conv(x, (56, 56)) for x in sides]
    for i in (1, 2):
        down = g.node("Add", maps[i], g.conv(maps[i - 1], (56, 56), stride=2))
        maps[i] = g.conv(down, (56, 56))
    scores: list[str] = []
    reaches: list[str] = []
    centres = []
    for x, stride in zip(maps, STRIDES, strict=True):
        for shape in ((56, 80), (80, 80), (80, 80)):
            x = g.node("Relu", g.norm(g.conv(x, shape), 80))
        for width, found in ((1, scores), (14, reaches)):
            parts = [g.conv(x, (80, 2))] if width == 1 else [g.conv(x, (80, 8)), g.conv(x, (80, 20))]
            flat = [
                g.node(
                    "Reshape", g.node("Transpose", part, perm=[0, 2, 3, 1]), g.constant([0, -1, w], np.int64)
                )
                for part, w in zip(parts, (1,) if width == 1 else (4, 10), strict=True)
            ]
            found.append(g.node("Concat", *flat, axis=2))
        ys, xs = np.mgrid[: height_px // stride, : width_px // stride].reshape(2, -1).repeat(2, axis=1)
        centres.append(np.stack([xs * stride, ys * stride, np.full_like(xs, stride)], axis=1))
    score = g.node("Cast", g.node("Concat", *scores, axis=1), to=TensorProto.FLOAT)
    score = g.node("Squeeze", g.node("Sigmoid", score), g.constant([2], np.int64))
    best, index = g.nodes("TopK", [score, g.constant([CANDIDATES], np.int64)], 2, axis=1)
    g.node("Identity", best, output="scores")
    reach = g.node("Cast", g.node("Concat", *reaches, axis=1), to=TensorProto.FLOAT)
    where = g.node("Unsqueeze", index, g.constant([2], np.int64))
    reach = g.node("GatherND", reach, where, batch_dims=1)
    centre = g.node("Gather", g.constant(np.concatenate(centres), np.float32), index, axis=0)
    at, side = g.nodes("Split", [centre, g.constant([2, 1], np.int64)], 2, axis=2)
    first, last, points = g.nodes(
        "Split", [g.node("Mul", reach, side), g.constant([2, 2, 10], np.int64)], 3, axis=2
    )
    g.node("Concat", g.node("Sub", at, first), g.node("Add", at, last), axis=2, output="boxes")
    g.node("Add", g.node("Concat", *[at] * 5, axis=2), points, output="landmarks")


FOUND = {"scores": ["N", CANDIDATES], "boxes": ["N", CANDIDATES, 4], "landmarks": ["N", CANDIDATES, 10]}


def embedder(half: bool, blocks: Sequence[int]) -> bytes:
    """uint8 faces (N, 112, 112, 3) to vectors."""
    g = Graph(half)
    iresnet(g, g.floats("chips", 1 / 127.5), blocks)
    return g.model({"chips": (TensorProto.UINT8, ["N", CHIP_PX, CHIP_PX, 3])}, {"vectors": ["N", 512]})


def detector(half: bool, height_px: int = DETECTOR_PX) -> bytes:
    """uint8 pictures (N, H, 640, 3) to candidates."""
    g = Graph(half)
    scrfd(g, g.floats("pictures", 1 / 128), height_px, DETECTOR_PX)
    return g.model({"pictures": (TensorProto.UINT8, ["N", height_px, DETECTOR_PX, 3])}, FOUND)


def frame_detector(half: bool, frame_hw: tuple[int, int] = FRAME_HW) -> bytes:
    """uint8 frames (N, H, W, 3), scaled down and padded in the graph, to candidates."""
    g = Graph(half)
    scale = DETECTOR_PX / frame_hw[1]
    x = g.node("Cast", g.node("Transpose", "frames", perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
    x = g.node("Resize", x, "", g.constant([1, 1, scale, scale], np.float32), mode="linear")
    below = DETECTOR_PX - round(frame_hw[0] * scale)
    x = g.node("Cast", g.node("Pad", x, g.constant([0] * 6 + [below, 0], np.int64)), to=g.kind)
    x = g.node("Mul", g.node("Sub", x, g.constant(127.5)), g.constant(1 / 128))
    scrfd(g, x, DETECTOR_PX, DETECTOR_PX)
    return g.model({"frames": (TensorProto.UINT8, ["N", *frame_hw, 3])}, FOUND)


def frame_embedder(half: bool, blocks: Sequence[int]) -> bytes:
    """uint8 frames, and `FACES` similarity transforms (3, 2) for each, to vectors of the aligned faces."""
    g = Graph(half)
    grid = (np.arange(CHIP_PX) + 0.5) / CHIP_PX * 2 - 1
    xs, ys = np.meshgrid(grid, grid)
    pixels = g.constant(np.stack([xs, ys, np.ones_like(xs)], axis=2).reshape(-1, 3), np.float32)
    points = g.node("MatMul", pixels, "transforms")
    points = g.node("Reshape", points, g.constant([-1, FACES * CHIP_PX, CHIP_PX, 2], np.int64))
    # In float32: coordinates of float16 are several pixels apart.
    frames = g.node("Cast", g.floats("frames", 1 / 127.5), to=TensorProto.FLOAT)
    x = g.node("GridSample", frames, points, mode="bilinear", padding_mode="zeros", align_corners=0)
    x = g.node("Reshape", x, g.constant([0, 3, FACES, CHIP_PX, CHIP_PX], np.int64))
    x = g.node(
        "Reshape",
        g.node("Transpose", x, perm=[0, 2, 1, 3, 4]),
        g.constant([-1, 3, CHIP_PX, CHIP_PX], np.int64),
    )
    iresnet(g, g.node("Cast", x, to=g.kind), blocks)
    inputs: dict[str, tuple[int, list[Any]]] = {
        "frames": (TensorProto.UINT8, ["N", *FRAME_HW, 3]),
        "transforms": (TensorProto.FLOAT, ["F", 3, 2]),
    }
    return g.model(inputs, {"vectors": ["F", 512]})


def products(half: bool, size: int, count: int) -> bytes:
    """Matrix products, one after the other: what the arithmetic units give."""
    g = Graph(half)
    weights = g.constant(np.random.default_rng(0).standard_normal((size, size), np.float32) / np.sqrt(size))
    x = g.node("Cast", "a", to=g.kind)
    for _ in range(count):
        x = g.node("MatMul", x, weights)
    g.node("Cast", x, to=TensorProto.FLOAT, output="b")
    return g.model({"a": (TensorProto.FLOAT, [size, size])}, {"b": [size, size]})


def multiply_adds(model: bytes) -> int:
    """Multiply-adds of convolutions and dense layers for a batch of one, counted from the graph."""
    proto = onnx.load_from_string(model)
    for value in proto.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    shapes = {w.name: list(w.dims) for w in proto.graph.initializer}
    inferred = onnx.shape_inference.infer_shapes(proto).graph
    for value in [*inferred.value_info, *inferred.output]:
        shapes.setdefault(value.name, [d.dim_value for d in value.type.tensor_type.shape.dim])
    total = 0
    for node in proto.graph.node:
        if node.op_type == "Conv":
            total += int(np.prod(shapes[node.output[0]][1:]) * np.prod(shapes[node.input[1]][1:]))
        elif node.op_type == "Gemm":
            total += int(np.prod(shapes[node.input[1]]))
    return total


@dataclass
class Bench:
    """Where and how long to measure, and what was found.

    Attributes:
        device: "cpu" or "cuda".
        seconds: How long each figure is measured, s.
        target: Where figures are written, or None.
        figures: What is printed and written.
    """

    def save(self) -> None:
        """Write what there is so far: time on such machines may end at any moment."""
        if self.target:
            self.target.write_text(json.dumps(self.figures, indent=1) + "\n")

    device: str
    seconds: float
    target: Path | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    def session(self, model: bytes, layout: str = "nchw") -> onnxruntime.InferenceSession:
        """A session that is known to run on the device."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        cuda = ("CUDAExecutionProvider", {"prefer_nhwc": "1" if layout == "nhwc" else "0"})
        providers = [*([cuda] if self.device == "cuda" else []), "CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)
        if (self.device == "cuda") != (session.get_providers()[0] == "CUDAExecutionProvider"):
            sys.exit(
                f"asked for {self.device}, and ONNX Runtime runs on {', '.join(session.get_providers())}."
            )
        return session

    def rate(self, work: Callable[[], object], items: int) -> float:
        """Items a second, after a warm-up in which convolutions are chosen and memory is taken."""
        for _ in range(3 if self.device == "cuda" else 1):
            work()
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < self.seconds:
            work()
            done += 1
        return done * items / (time.perf_counter() - began)

    def bound(self, session: onnxruntime.InferenceSession, **given: Any) -> onnxruntime.IOBinding:
        """Inputs that lie on the device already, outputs that stay there."""
        binding = session.io_binding()
        for name, value in given.items():
            binding.bind_ortvalue_input(name, self.put(value))
        for output in session.get_outputs():
            binding.bind_output(output.name, self.device)
        return binding

    def put(self, value: Any) -> onnxruntime.OrtValue:
        """An array on the device."""
        if isinstance(value, onnxruntime.OrtValue):
            return value
        return onnxruntime.OrtValue.ortvalue_from_numpy(value, self.device, 0)

    def ceiling(self, half: bool) -> float:
        """TFLOP/s of large matrix products through the same runtime."""
        size, count = (8192, 8) if self.device == "cuda" else (1024, 4)
        session = self.session(products(half, size, count))
        binding = self.bound(session, a=np.zeros((size, size), np.float32) + np.eye(size, dtype=np.float32))
        rate = self.rate(lambda: session.run_with_iobinding(binding), count)
        return rate * 2 * size**3 / 1e12


@dataclass(frozen=True)
class Row:
    """Throughput of a model at one batch size, items a second."""

    model: str
    precision: str
    layout: str
    batch: int
    plain: float
    bound: float
    tflops: float
    share: float


def measure(
    bench: Bench, name: str, model: bytes, shape: tuple[int, ...], args: argparse.Namespace, half: bool
) -> None:
    """Throughput by batch, from the host's memory and with everything on the device."""
    macs, precision = multiply_adds(model), "fp16" if half else "fp32"
    for layout in args.layouts:
        session = bench.session(model, layout)
        (given,) = session.get_inputs()
        for batch in args.batches:
            pictures = np.random.default_rng(2).integers(0, 256, (batch, *shape), np.uint8)
            binding = bench.bound(session, **{given.name: pictures})
            try:
                plain = bench.rate(lambda: session.run(None, {given.name: pictures}), batch)  # noqa: B023
                bound = bench.rate(lambda: session.run_with_iobinding(binding), batch)  # noqa: B023
            except Exception as error:  # memory that is short, say: the other figures count
                print(f"{name} {precision} {layout} batch {batch}: {error}", file=sys.stderr)
                break
            tflops = bound * 2 * macs / 1e12
            share = tflops / bench.figures["ceiling_tflops"][precision]
            row = Row(name, precision, layout, batch, plain, bound, tflops, share)
            bench.figures["rows"].append(asdict(row))
            bench.save()
            print(
                f"| {name} | {precision} | {layout} | {batch} | {plain:,.1f} | {bound:,.1f} | {tflops:.2f} | "
                f"{share:.0%} |",
                flush=True,
            )


def chosen_faces(scores: np.ndarray, boxes: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Suppress overlapping candidates of each frame; the landmarks of the best faces, (N, FACES, 5, 2)."""
    low = np.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = np.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    shared = (high - low).clip(0).prod(axis=3)
    area = (boxes[..., 2:] - boxes[..., :2]).clip(0).prod(axis=2)
    overlaps = shared > 0.4 * (area[:, :, None] + area[:, None] - shared)
    alive = np.ones(scores.shape, bool)
    for i in range(CANDIDATES):  # best first, as they come
        alive[:, i + 1 :] &= ~(overlaps[:, i, i + 1 :] & alive[:, i, None])
    best = np.argsort(~alive, axis=1, kind="stable")[:, :FACES]
    return np.take_along_axis(landmarks, best[:, :, None], axis=1).reshape(len(scores), FACES, 5, 2)


def transforms(landmarks: np.ndarray) -> np.ndarray:
    """From a chip's to a frame's coordinates, both in [-1, 1]: the similarities nearest to the landmarks."""
    source = TEMPLATE @ [1, 1j]
    target = (landmarks * (FRAME_HW[1] / DETECTOR_PX)).reshape(-1, 5, 2) @ np.array([1, 1j])
    centred = source - source.mean()
    turn = (target - target.mean(axis=1, keepdims=True)) @ centred.conj() / (abs(centred) ** 2).sum()
    shift = target.mean(axis=1) - turn * source.mean()
    half_px = CHIP_PX / 2
    middle = turn * (half_px + half_px * 1j) + shift
    width, height = FRAME_HW[1] / 2, FRAME_HW[0] / 2
    rows = [
        np.stack([turn.real * half_px / width, turn.imag * half_px / height], axis=1),
        np.stack([-turn.imag * half_px / width, turn.real * half_px / height], axis=1),
        np.stack([middle.real / width - 1, middle.imag / height - 1], axis=1),
    ]
    return np.stack(rows, axis=1).astype(np.float32)


def whole_path(bench: Bench, half: bool, layout: str, batches: Sequence[int]) -> None:
    """Frames from memory to vectors: upload, resize, detect, suppress, align, embed."""
    detect, embed = (
        bench.session(frame_detector(half), layout),
        bench.session(frame_embedder(half, R50), layout),
    )
    for batch in batches:
        frames = np.random.default_rng(3).integers(0, 256, (batch, *FRAME_HW, 3), np.uint8)
        place = bench.put(frames)

        def step(frames: np.ndarray = frames, place: onnxruntime.OrtValue = place) -> None:
            place.update_inplace(frames)
            found = detect.io_binding()
            found.bind_ortvalue_input("frames", place)
            for output in detect.get_outputs():
                found.bind_output(output.name)
            detect.run_with_iobinding(found)
            faces = chosen_faces(*found.copy_outputs_to_cpu())
            made = bench.bound(embed, frames=place, transforms=transforms(faces))
            embed.run_with_iobinding(made)
            vectors = made.copy_outputs_to_cpu()[0]
            assert vectors.shape == (len(frames) * FACES, 512)
            assert np.isfinite(vectors).all()

        rate = bench.rate(step, batch)
        precision = "fp16" if half else "fp32"
        bench.figures["whole_path"].append({"precision": precision, "batch": batch, "frames_per_s": rate})
        bench.save()
        print(f"| {precision} | {layout} | {batch} | {rate:,.1f} | {rate * FACES:,.1f} |", flush=True)


def check_sizes() -> None:
    """Refuse to measure graphs that are not of the published size."""
    sizes = {
        "scrfd_10g": detector(False, 480),
        "arcface_r50": embedder(False, R50),
        "arcface_r100": embedder(False, R100),
    }
    for name, model in sizes.items():
        macs = multiply_adds(model)
        print(f"{name}: {macs / 1e9:.2f} G multiply-adds counted, {MACS[name] / 1e9:.2f} G published")
        if abs(macs / MACS[name] - 1) > 0.03:
            sys.exit(f"{name}: not of the published size.")


def gpu_name() -> str:
    """Name and driver of the GPU, as nvidia-smi tells them."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32, 64, 128, 256], metavar="N")
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "fp16"], default=["fp32", "fp16"])
    parser.add_argument("--layouts", nargs="+", choices=["nchw", "nhwc"], help="default: both on a GPU")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="for each figure")
    parser.add_argument("--quick", action="store_true", help="few figures, only to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    args = parser.parse_args()
    args.layouts = args.layouts or (["nchw", "nhwc"] if args.device == "cuda" else ["nchw"])
    if args.quick:
        args.batches, args.seconds = args.batches[:2] if args.device == "cuda" else [1, 2], 0.2
    if args.device == "cuda" and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    check_sizes()
    bench = Bench(args.device, args.seconds, args.json)
    where = gpu_name() if args.device == "cuda" else "the CPU"
    print(f"\nONNX Runtime {onnxruntime.__version__} on {where}\n")
    bench.figures |= {"onnxruntime": onnxruntime.__version__, "device": args.device, "name": where}
    bench.figures |= {"ceiling_tflops": {}, "rows": [], "whole_path": []}
    for precision in args.precisions:
        ceiling = bench.ceiling(precision == "fp16")
        bench.figures["ceiling_tflops"][precision] = ceiling
        print(f"Matrix products, {precision}: {ceiling:.2f} TFLOP/s at most")
    print(
        "\n| model | precision | layout | batch | from memory, /s | on the device, /s | TFLOP/s "
        "| of the ceiling |"
    )
    print("|---|---|---|---|---|---|---|---|")
    chip, frame = (CHIP_PX, CHIP_PX, 3), (DETECTOR_PX, DETECTOR_PX, 3)
    models: dict[str, tuple[Callable[[bool], bytes], tuple[int, ...]]] = {
        "arcface_r50": (lambda half: embedder(half, R50), chip),
        "arcface_r100": (lambda half: embedder(half, R100), chip),
        "scrfd_10g": (detector, frame),
        "scrfd_10g of 1080p": (lambda half: frame_detector(half, LARGE_HW), (*LARGE_HW, 3)),
    }
    names = [name for name in models if not (args.quick and name == "arcface_r100")]
    for precision in args.precisions:
        half = precision == "fp16"
        for name in names:
            make, shape = models[name]
            measure(bench, name, make(half), shape, args, half)
    print(f"\nFrames of {FRAME_HW[1]}x{FRAME_HW[0]} from memory, {FACES} faces of each, SCRFD-10G and R50:\n")
    print("| precision | layout | batch | frames/s | faces/s |\n|---|---|---|---|---|")
    for precision in args.precisions:
        whole_path(bench, precision == "fp16", args.layouts[-1], [b for b in args.batches if b <= 64])
    if args.device == "cuda":
        print()
        frames = max((r["frames_per_s"] for r in bench.figures["whole_path"]), default=0.0)
        told = {"what": "frames of 1280x720 from memory to vectors", "value": frames, "unit": "/s"}
        bench.figures["figures"] = [{**told, "better": "more"}]
        for name, goal in GOALS.items():
            best = max(
                (r["bound"] for r in bench.figures["rows"] if (r["model"], r["precision"]) == (name, "fp16")),
                default=0.0,
            )
            # As the suite of benchmarks reads it.
            told = {"what": f"{name}, fp16", "value": best, "unit": "/s", "better": "more"}
            bench.figures["figures"].append({**told, "goal": {"limit": goal}})
            bench.save()
            verdict = "reached" if best >= goal else "missed"
            print(f"{name}, fp16: {best:,.0f}/s, goal {goal:,}/s on an H200: {verdict}")
    measured = {(row["model"], row["precision"]) for row in bench.figures["rows"]}
    wanted = {(name, precision) for name in names for precision in args.precisions}
    if missing := sorted(wanted - measured):
        print(f"Not measured: {', '.join(map(' '.join, missing))}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
