"""docs/api.md and the OpenAPI document tell of the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doc_commands import ShellCommand, shell_commands
from web_serving import Serving

DOC = Path(__file__).parents[3] / "docs" / "api.md"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document(shared_serve: Callable[..., Serving]) -> dict[str, Any]:
    return shared_serve(lambda *_: None).client.get("/api/v1/openapi.json").json()


def routes(document: dict[str, Any]) -> set[str]:
    """Such as "GET /people/{}"."""
    return {
        f"{method.upper()} {re.sub(r'{.*?}', '{}', path.removeprefix('/api/v1'))}"
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    }


def test_every_route_is_told_of_and_no_other(document: dict[str, Any]) -> None:
    written = re.findall(rf"`({'|'.join(METHODS).upper()}) (/[^`?\s]*)", DOC.read_text())
    told = {f"{method} {re.sub(r'{.*?}', '{}', path)}" for method, path in written}
    assert told == routes(document)


def request_of(command: ShellCommand) -> tuple[str, str, set[str]]:
    """Method, path below the API, and names in the query of a request that curl is told to make."""
    words = command.words
    sends = {"--json", "--data-binary", "-F"} & set(words)
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if sends else "GET"
    (address,) = [word for word in words if word.startswith("$API")]
    path, _, query = address.removeprefix("$API").partition("?")
    return method, path, {pair.partition("=")[0] for pair in query.split("&") if pair}


def test_every_request_that_is_shown_is_one_that_is_answered(document: dict[str, Any]) -> None:
    requests = [request_of(command) for command in shell_commands([DOC]) if command.words[0] == "curl"]
    assert len(requests) > 20
    for method, path, names in requests:
        operations = [
            operation
            for route, known in document["paths"].items()
            for name, operation in known.items()
            if name.upper() == method and re.fullmatch(re.sub(r"{.*?}", "[^/]+", route), f"/api/v1{path}")
        ]
        assert operations, (method, path)
        told = {p["name"] for operation in operations for p in operation.get("parameters", ())}
        assert names <= told, (method, path)


def test_every_section_is_a_part_of_the_api(document: dict[str, Any]) -> None:
    tags = {
        tag
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation["tags"]
    }
    sections = re.findall(r"^## ([a-z]+)$", DOC.read_text(), re.MULTILINE)
    assert set(sections) == tags
    assert len(sections) == len(tags)


def test_every_parameter_and_field_is_told_of(document: dict[str, Any]) -> None:
    parameters = {
        parameter["name"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    fields = {
        field
        for name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", ())
    }
    # What is answered as commands print it is told of where they are.
    text = DOC.read_text() + (DOC.parent / "json.md").read_text()
    words = set(re.findall(r"[a-z_]+", text))
    assert (parameters | fields) - words == set()
