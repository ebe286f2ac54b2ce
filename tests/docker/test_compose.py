"""docker/compose.yaml and compose.demo.yaml."""

from __future__ import annotations

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from deployed import COMPOSE_FILES, DOCKER, compose, interpolated, is_ours

SERVICES = [(path, name) for path in COMPOSE_FILES for name in compose(path)["services"]]


def service(path: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose(path)["services"][name]
    return found


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_it_is_as_the_compose_specification_says(path: Path) -> None:
    schemas = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")
    schema = json.loads(schemas.joinpath("compose-spec.json").read_text())
    jsonschema_rs.validator_for(schema).validate(compose(path))


@pytest.mark.parametrize(("path", "name"), SERVICES)
def test_every_service_has_no_rights(path: Path, name: str) -> None:
    it = service(path, name)
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in it["security_opt"]
    assert "privileged" not in it


@pytest.mark.parametrize("name", compose(COMPOSE_FILES[0])["services"])
def test_every_service_is_watched_limited_and_given_time_to_end(name: str) -> None:
    it = service(COMPOSE_FILES[0], name)
    assert it["healthcheck"]["test"]
    assert {"cpus", "memory", "pids"} == set(it["deploy"]["resources"]["limits"])
    assert int(it["stop_grace_period"].removesuffix("s")) > 8
    assert it["logging"]["options"]["max-size"]


@pytest.mark.parametrize(("path", "name"), SERVICES)
def test_two_processors_are_enough(path: Path, name: str) -> None:
    """Docker refuses to start a container that may use more processors than the machine has."""
    limits = service(path, name).get("deploy", {}).get("resources", {}).get("limits", {})
    assert float(interpolated(limits.get("cpus", "0"))) <= 2


@pytest.mark.parametrize(("path", "name"), SERVICES)
def test_images_are_our_own_or_pinned(path: Path, name: str) -> None:
    image = service(path, name)["image"]
    assert is_ours(image) or re.search(r":\d+\.\d+\.\d+(-[\w.]+)?(@sha256:[0-9a-f]{64})?$", image)


def test_what_services_refer_to_is_declared_and_files_are_there() -> None:
    declared = {kind: {} for kind in ("networks", "volumes", "secrets", "configs")}  # type: ignore[var-annotated]
    for path in COMPOSE_FILES:
        for kind, found in declared.items():
            found |= compose(path).get(kind, {})
    for path, name in SERVICES:
        it = service(path, name)
        assert set(it.get("networks", [])) <= set(declared["networks"])
        assert set(it.get("secrets", [])) <= set(declared["secrets"])
        assert {config["source"] for config in it.get("configs", [])} <= set(declared["configs"])
        sources = {interpolated(volume).partition(":")[0] for volume in it.get("volumes", [])}
        assert {source for source in sources if not source.startswith((".", "/"))} <= set(declared["volumes"])
    made = (DOCKER / "make-secrets.sh").read_text()
    for secret in declared["secrets"].values():
        assert Path(secret["file"]).name in made
    for config in declared["configs"].values():
        assert (DOCKER / config["file"]).is_file()


def test_redis_is_reached_by_the_services_alone() -> None:
    it = service(COMPOSE_FILES[0], "redis")
    assert it["networks"] == ["store"]
    assert "ports" not in it
    assert compose(COMPOSE_FILES[0])["networks"]["store"] == {"internal": True}


def test_what_must_be_said_is_in_the_example() -> None:
    text = COMPOSE_FILES[0].read_text()
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required == {"FACESTREAM_RETENTION_UNNAMED", "FACESTREAM_RETENTION_NAMED"}
    example = set(re.findall(r"^(\w+)=", (DOCKER / "env.example").read_text(), re.MULTILINE))
    assert required <= example <= set(re.findall(r"\$\{(\w+)", text))


def test_the_film_is_where_the_demo_writes_it() -> None:
    from facestream.demo_video import FILE_NAME

    for line in re.findall(r"-i (\S+)", (DOCKER / "mediamtx.yml").read_text()):
        assert line == f"/film/demo/{FILE_NAME}"
