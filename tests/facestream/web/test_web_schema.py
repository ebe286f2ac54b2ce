"""All operations of the OpenAPI document, asked by schemathesis for what may be and what may not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import made_up
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web_serving import serving_place

from facestream.configuration.settings import Place
from storage.connection import RedisHandle
from storage.keys import Keys

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What there is, so that not everything is answered with 404.
THERE = {
    "person_id": ["p1", "p2", "p3"],
    "track_id": list(made_up.TRACKS),
    "sample_id": ["v-1.0.0.5", "i-1.0.0.5"],
    "source_id": ["v-1", "i-1"],
    "number": ["1", "2"],
    "name": ["door"],
}
# One never ends; the other waits for a camera that there isn't.
ENDLESS, SLOW = "/api/v1/events", "/api/v1/cameras/{name}/snapshot"
EXAMPLES = 3


@dataclass(frozen=True)
class Described:
    """A server, and what it says of itself."""

    url: str
    document: dict[str, Any]
    session: requests.Session


@pytest.fixture(scope="module")
def described(web_handle: RedisHandle, web_folder: Any, environment: dict[str, str]) -> Iterator[Described]:
    place = Place(web_folder, None, f"web-{uuid4().hex}")
    made_up.fill(web_handle.client, Keys(place.collection))
    with (
        pytest.MonkeyPatch.context() as patch,
        serving_place(place, jobs=0) as (_, _, url),
        requests.Session() as session,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        camera = {"name": "door", "url": "rtsp://192.168.1.20/1"}
        assert session.post(f"{url}/api/v1/cameras", json=camera, timeout=60).status_code == 201
        document = session.get(f"{url}/api/v1/openapi.json", timeout=60).json()
        yield Described(url, document, session)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_described_whatever_is_asked(described: Described, mode: GenerationMode) -> None:
    statuses: set[int] = set()
    wrong: list[str] = []
    for result in schemathesis.openapi.from_dict(described.document).get_all_operations():
        operation = result.ok()
        if operation.path != ENDLESS:
            # One that takes nothing can't be asked wrongly.
            try:
                with contextlib.suppress(Unsatisfiable):
                    ask(described, operation, mode, statuses)
            except BaseExceptionGroup as group:
                wrong += [f"{operation.label}: {error}" for error in group.exceptions]
    assert not wrong, "\n\n".join(wrong)
    assert {404, 422} <= statuses
    assert mode is GenerationMode.NEGATIVE or {200, 204} <= statuses


def ask(
    described: Described, operation: schemathesis.APIOperation, mode: GenerationMode, statuses: set[int]
) -> None:
    """Ask for one operation in several ways, and check the answers."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        for name in case.path_parameters or {}:
            if name in THERE and operation.path != SLOW and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(THERE[name]))
        answer = case.call(base_url=described.url, session=described.session)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    run()


def test_methods_that_there_are_not_are_refused(described: Described) -> None:
    ids = {name: values[0] for name, values in THERE.items()}
    ids |= {"job_id": "j-0123456789abcdef", "webhook_id": "w0123456789ab"}
    for path, operations in described.document["paths"].items():
        for method in ("PUT", "TRACE"):
            url = described.url + path.format(**ids)
            answer = described.session.request(method, url, timeout=60)
            assert answer.status_code == 405, (method, path)
            # All that there are, and not only those of the first route.
            assert {name.upper() for name in operations} <= set(answer.headers["allow"].split(", ")), path


def test_the_document_tells_all_that_whoever_reads_it_needs(described: Described) -> None:
    operations = [operation for path in described.document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert len(operation["tags"]) == 1, operation["operationId"]
        assert operation["summary"], operation["operationId"]
        assert operation["description"].endswith("."), operation["operationId"]
        # The errors that all of them may answer with have one shape.
        assert "application/problem+json" in operation["responses"]["default"]["content"]
