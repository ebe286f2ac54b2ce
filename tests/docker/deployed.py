"""What docker/ runs: the processes of its Compose files and of its Kubernetes manifests, read as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
COMPOSE_FILES = [DOCKER / "compose.yaml", DOCKER / "compose.demo.yaml"]
MANIFESTS = sorted(
    path for path in (DOCKER / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"
)
WORK = {"Deployment", "StatefulSet"}


@dataclass(frozen=True)
class Ran:
    """A process of facestream's image.

    Attributes:
        where: File and name.
        words: Its command line, after `facestream`.
        environment: What is set for it beside the image's own.
    """

    where: str
    words: list[str]
    environment: dict[str, str]


def interpolated(text: str) -> str:
    """A value of a Compose file where nothing is set outside: the default, or what must be said."""
    return re.sub(r"\$\{(\w+)(?::?[-?])?([^}]*)\}", lambda found: found[2], text)


@cache
def compose(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


@cache
def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def all_documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        yield from ((path.name, document) for document in documents(path))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, document in all_documents():
        if document["kind"] in WORK:
            yield f"{name}: {document['metadata']['name']}", document["spec"]["template"]["spec"]


def is_ours(image: str) -> bool:
    return interpolated(image).partition(":")[0] == "facestream"


def ran() -> Iterator[Ran]:
    for path in COMPOSE_FILES:
        for name, service in compose(path)["services"].items():
            if is_ours(service["image"]) and "entrypoint" not in service:
                given = {key: interpolated(str(value)) for key, value in service["environment"].items()}
                yield Ran(f"{path.name}: {name}", service["command"], given)
    common = dict(
        line.split("=", 1)
        for line in (DOCKER / "kubernetes" / "facestream.env").read_text().split("\n")
        if line
    )
    for where, pod in pods():
        for container in pod["containers"]:
            if is_ours(container["image"]):
                given = {variable["name"]: variable["value"] for variable in container["env"]}
                yield Ran(where, container["args"], common | given)
