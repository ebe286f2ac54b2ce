"""What models run on, as it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

CPU_PROVIDER = "CPUExecutionProvider"
_WRITTEN = re.compile(r"(?P<kind>[a-z]+)(?::(?P<number>[0-9]{1,3}))?")


class DeviceKind(StrEnum):
    """Kinds of devices, as they are written."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    OPENVINO = "openvino"
    COREML = "coreml"


_PROVIDERS = {
    DeviceKind.CPU: CPU_PROVIDER,
    DeviceKind.CUDA: "CUDAExecutionProvider",
    DeviceKind.TENSORRT: "TensorrtExecutionProvider",
    DeviceKind.OPENVINO: "OpenVINOExecutionProvider",
    DeviceKind.COREML: "CoreMLExecutionProvider",
}
_NUMBERED = frozenset({DeviceKind.CUDA, DeviceKind.TENSORRT})
# The searches for the fastest convolution that are the default take a moment for every new shape, and the
# levels of a pyramid of pictures have many.
_CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}

WRITTEN_AS = "auto, cpu, cuda[:n], tensorrt[:n], openvino or coreml"


@dataclass(frozen=True, slots=True)
class Device:
    """A device for models, or the wish for the best there is.

    Attributes:
        kind: What it is.
        number: Which of several NVIDIA GPUs, from 0.
    """

    kind: DeviceKind
    number: int = 0

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read `auto`, `cpu`, `cuda`, `cuda:1` and the like.

        Raises:
            ValueError: If it is none of them; says what there is.
        """
        match = _WRITTEN.fullmatch(written.strip().lower())
        if match is None or match["kind"] not in [*DeviceKind]:
            raise ValueError(f"{written[:40]!r} is no device; write {WRITTEN_AS}")
        kind = DeviceKind(match["kind"])
        if match["number"] is not None and kind not in _NUMBERED:
            raise ValueError(f"{written[:40]!r} is no device: only cuda and tensorrt have numbers")
        return cls(kind, int(match["number"] or 0))

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider; not for `auto`."""
        return _PROVIDERS[self.kind]

    @property
    def is_nvidia(self) -> bool:
        """Whether it is a GPU of NVIDIA's."""
        return self.kind in _NUMBERED

    @property
    def takes_any_size(self) -> bool:
        """Whether pictures may be of ever new sizes there: TensorRT compiles anew for them."""
        return self.kind is DeviceKind.CUDA

    def session_providers(self) -> list[tuple[str, dict[str, str]]]:
        """What an ONNX Runtime session is given: the provider, then those for operators that it lacks."""
        cpu: tuple[str, dict[str, str]] = (CPU_PROVIDER, {})
        number = {"device_id": str(self.number)}
        cuda = (_PROVIDERS[DeviceKind.CUDA], number | _CUDA_OPTIONS)
        match self.kind:
            case DeviceKind.CPU:
                return [cpu]
            case DeviceKind.CUDA:
                return [cuda, cpu]
            case DeviceKind.TENSORRT:
                return [(self.provider, number), cuda, cpu]
            case _:
                return [(self.provider, {}), cpu]

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}" if self.kind in _NUMBERED else str(self.kind)


AUTO = Device(DeviceKind.AUTO)
CPU = Device(DeviceKind.CPU)
