"""docker/Dockerfile: what can be told without building it."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from deployed import DOCKER, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import facestream

LOCKS = DOCKER / "requirements"


@cache
def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def all_of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def reaches_the_builder(name: str) -> bool:
    """Whether .dockerignore lets a path through: the last line that matches decides."""
    let = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line.startswith("#") or not line:
            continue
        parents = [name, *map(str, Path(name).parents)][:-1]
        # `*` and `?` of Docker stop at a slash; a folder stands for all in it.
        if any(
            fnmatch.fnmatch(path, pattern) and path.count("/") == pattern.count("/") for path in parents
        ) or ("**/" in line and fnmatch.fnmatch(Path(name).name, pattern)):
            let = line.startswith("!")
    return let


def locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==(\S+) \\$", (LOCKS / f"{name}.txt").read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = [rest.split()[:-1] for rest in all_of("COPY") if not rest.startswith("--from")]
    assert len(copied) >= 8
    for path in (path for sources in copied for path in sources):
        assert (ROOT / path).exists(), path
        assert reaches_the_builder(path), path


@pytest.mark.parametrize(
    "name", [".git/config", "docker/secrets/camera.key", "tests/conftest.py", ".venv/bin/pip"]
)
def test_what_is_nobodys_business_stays_outside(name: str) -> None:
    assert not reaches_the_builder(name)
    assert reaches_the_builder("workers/models/pack.py")


def test_all_packages_are_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = {word for rest in all_of("COPY") for word in rest.split()}
    assert set(packages) <= copied


def test_stages_come_from_a_pinned_base_or_from_each_other() -> None:
    stages = [rest.split() for rest in all_of("FROM")]
    names = [words[2] for words in stages]
    for number, words in enumerate(stages):
        assert words[0] == "${BASE}" or words[0] in names[:number]
    assert {"cpu", "gpu"} <= set(names)
    assert names[-1] == "cpu"
    (base,) = (rest for rest in all_of("ARG") if rest.startswith("BASE="))
    assert re.search(r":[\w.-]+-\d{8}-slim@sha256:[0-9a-f]{64}$", base)


def test_it_runs_as_somebody_with_a_number_and_can_be_asked_how_it_is() -> None:
    assert all_of("USER") == ["1000:1000"]
    assert len(all_of("HEALTHCHECK")) == 1
    assert "facestream-health" in all_of("HEALTHCHECK")[0]
    assert all_of("ENTRYPOINT") == ['["tini", "--", "facestream"]']


def test_the_label_tells_the_version() -> None:
    assert f"VERSION={facestream.__version__}" in all_of("ARG")


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_what_the_project_asks_for_is_locked(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["gpu"] if name == "gpu" else []
    pins = locked(name)
    # Builds that stand in for others.
    instead = {"opencv-python": "opencv-python-headless"}
    if name == "gpu":
        instead["onnxruntime"] = "onnxruntime-gpu"
    for wish in map(Requirement, [*project["dependencies"], *extra]):
        package = canonicalize_name(wish.name)
        version = pins.get(instead.get(package, package))
        assert version, package
        # The clause is of the build that is asked for; both have the same versions.
        assert wish.specifier.contains(version, prereleases=True), (package, version)


@pytest.mark.parametrize(("name", "runtime"), [("cpu", "onnxruntime"), ("gpu", "onnxruntime-gpu")])
def test_there_is_one_onnx_runtime_and_one_opencv(name: str, runtime: str) -> None:
    pins = locked(name)
    assert [package for package in pins if package.startswith("onnxruntime")] == [runtime]
    assert [package for package in pins if package.startswith("opencv")] == ["opencv-python-headless"]
    assert any(package.startswith("nvidia-cudnn") for package in pins) == (name == "gpu")


@pytest.mark.parametrize("name", ["build", "cpu", "gpu"])
def test_locks_hold_hashes_of_everything_and_name_no_place(name: str) -> None:
    text = (LOCKS / f"{name}.txt").read_text()
    blocks = re.findall(r"^\S+==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.MULTILINE)
    assert len(blocks) == len(locked(name)) > 0
    assert "".join(blocks) == text
