"""Installed distributions, and which of them facestream asks for."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass

OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
ONNX_RUNTIME = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
    "onnxruntime-rocm",
    "onnxruntime-migraphx",
    "onnxruntime-qnn",
)
# Wheels that bring the same module, of which any one will do.
_FAMILIES = {"opencv-python": OPENCV, "onnxruntime": ONNX_RUNTIME}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution that facestream asks for.

    Attributes:
        name: Its normalised name.
        relation: ">=", "==", or empty for any version.
        version: The version that is asked for, or empty.
    """

    name: str
    relation: str
    version: str

    @property
    def text(self) -> str:
        """As pip takes it, quoted for a shell."""
        return f"'{self.name}{self.relation}{self.version}'" if self.relation else self.name

    @property
    def family(self) -> tuple[str, ...]:
        """Names of distributions of which one is enough."""
        return _FAMILIES.get(self.name, (self.name,))

    def accepts(self, version: str) -> bool:
        """Whether an installed version will do."""
        if self.relation == "==":
            return _numbers(version) == _numbers(self.version)
        return not self.relation or _numbers(version) >= _numbers(self.version)


def normalised(name: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Version of each installed distribution, by its normalised name."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        metadata = distribution.metadata
        # What an installation that broke off leaves may have neither.
        if "Name" in metadata and "Version" in metadata:
            # The first on the path is the one that is imported.
            found.setdefault(normalised(metadata["Name"]), metadata["Version"])
    return found


def requirements(lines: list[str], platform: str = sys.platform) -> list[Requirement]:
    """Read what a distribution asks for, its extras left out.

    Args:
        lines: As `importlib.metadata.requires` gives them.
        platform: The `sys.platform` that they are for.
    """
    found = []
    for line in lines:
        wish, _, marker = line.partition(";")
        # Markers of ours name an extra or platforms.
        if "extra ==" in marker or (marker and platform not in marker):
            continue
        match = re.match(r"\s*([\w.-]*\w)\s*(?:\[[^]]*\])?\s*(?:(>=|==)\s*([\w.]+))?", wish)
        if match:
            found.append(Requirement(normalised(match[1]), match[2] or "", match[3] or ""))
    return found


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with, without zeros at the end: 2.10.0rc1 is (2, 10)."""
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
