"""Installed distributions, and which of them facestream asks for."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

from packaging.requirements import Requirement as PackagedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

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
        versions: Which versions of it, such as ">=15,<19"; empty for any.
    """

    name: str
    versions: str = ""

    @property
    def text(self) -> str:
        """As pip takes it, quoted for a shell."""
        return f"'{self.name}{self.versions}'" if self.versions else self.name

    @property
    def wish(self) -> str:
        """The versions in words."""
        relations = {">=": "{} or newer", "<": "older than {}", "==": "{}"}
        parts = sorted(SpecifierSet(self.versions), key=lambda part: part.operator != ">=")
        words = [relations.get(part.operator, part.operator + "{}").format(part.version) for part in parts]
        return " and ".join(words) or "any"

    @property
    def family(self) -> tuple[str, ...]:
        """Names of distributions of which one is enough."""
        return _FAMILIES.get(self.name, (self.name,))

    def accepts(self, version: str) -> bool:
        """Whether an installed version will do."""
        try:
            # One on its way to a version has what is asked for of that.
            return SpecifierSet(self.versions).contains(Version(version).base_version)
        except InvalidVersion:
            return not self.versions


def normalised(name: str) -> str:
    """The one spelling of a distribution's name."""
    return canonicalize_name(name)


def installed() -> dict[str, str]:
    """Version of each installed distribution, by its normalised name."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        headers = _headers(distribution)
        # What an installation that broke off leaves may have neither.
        if "Name" in headers and "Version" in headers:
            # The first on the path is the one that is imported.
            found.setdefault(normalised(headers["Name"]), headers["Version"])
    return found


def providers(modules: Collection[str]) -> dict[str, set[str]]:
    """Normalised names of the distributions that bring a module of these names, by the module.

    As `importlib.metadata.packages_distributions` tells it of all modules there are, which takes a second.

    Args:
        modules: Top-level modules.
    """
    brought = re.compile(rf"^({'|'.join(map(re.escape, modules))})(?:/.*)?\.py(?:,|$)", re.MULTILINE)
    found: dict[str, set[str]] = {}
    for distribution in importlib.metadata.distributions():
        named = (distribution.read_text("top_level.txt") or "").split()
        if not named:
            files = distribution.read_text("RECORD")
            named = brought.findall("\n".join(map(str, distribution.files or ())) if files is None else files)
        wanted = set(named).intersection(modules)
        if wanted and (name := _headers(distribution)["Name"]):
            for module in wanted:
                found.setdefault(module, set()).add(normalised(name))
    return found


def _headers(distribution: importlib.metadata.Distribution) -> Message:
    """Its metadata without the description, which is long and takes most of the time."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    return message_from_string(text.partition("\n\n")[0])


def requirements(lines: list[str], platform: str = sys.platform) -> list[Requirement]:
    """Read what a distribution asks for, its extras left out.

    Args:
        lines: As `importlib.metadata.requires` gives them.
        platform: The `sys.platform` that they are for.
    """
    found = []
    for line in lines:
        wish = PackagedRequirement(line)
        if wish.marker is None or wish.marker.evaluate({"sys_platform": platform, "extra": ""}):
            # In no order of its own; the least is said first.
            versions = sorted(map(str, wish.specifier), key=lambda part: not part.startswith(">="))
            found.append(Requirement(normalised(wish.name), ",".join(versions)))
    return found
