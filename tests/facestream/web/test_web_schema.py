"""What the OpenAPI document says of each route holds, whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from serving import Serving

_EXAMPLES = 7
# It has no end.
_ENDLESS = "/api/v1/events"
# Of what is there, which nobody would guess.
_THERE = {
    "person_id": ("p1", "p2"),
    "track_id": ("v-1.0.0", "i-1.0.0"),
    "sample_id": ("v-1.0.0.5",),
    "source_id": ("v-1", "i-1"),
    "number": (1, 2),
}
_HOLDS = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations(serving: Serving) -> list[APIOperation[Any, Any, Any]]:
    document = schemathesis.openapi.from_url(f"{serving.url}/api/v1/openapi.json")
    found = [result.ok() for result in document.get_all_operations()]
    return [operation for operation in found if operation.path != _ENDLESS]


def ask(operation: APIOperation[Any, Any, Any], mode: GenerationMode) -> None:
    """Ask for whatever the document allows, or forbids; raises where an answer is none that it promises."""

    @_HOLDS
    @given(operation.as_strategy(generation_mode=mode), st.data())
    def holds(case: Case, data: st.DataObject) -> None:
        for name, there in _THERE.items():
            if mode.is_positive and name in case.path_parameters and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(there))
        # What is well formed may be refused all the same: a person who was forgotten, a photo of nobody.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    holds()


def test_whatever_is_well_formed_is_answered_as_the_document_says(serving: Serving) -> None:
    asked = operations(serving)
    assert len(asked) > 40
    for operation in asked:
        ask(operation, GenerationMode.POSITIVE)


def test_whatever_is_not_is_refused_as_the_document_says(serving: Serving) -> None:
    for operation in operations(serving):
        try:
            ask(operation, GenerationMode.NEGATIVE)
        except Unsatisfiable:
            # Nothing is asked with it that could be wrong.
            assert not list(operation.iter_parameters())


@pytest.mark.parametrize(
    "path", ["/api/v1/people", "/api/v1/people/p1", "/api/v1/jobs/upload", "/api/v1/events"]
)
def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(
    serving: Serving, path: str
) -> None:
    answer = serving.client.put(path)
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    methods = {method.upper() for method in serving.app.openapi()["paths"].get(_written(path), {})}
    assert methods <= {method.strip() for method in answer.headers["allow"].split(",")}


def _written(path: str) -> str:
    return path.replace("p1", "{person_id}")
