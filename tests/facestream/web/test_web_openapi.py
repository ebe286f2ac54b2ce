"""The OpenAPI document."""

from __future__ import annotations

from web_serving import Serving


def test_is_served_beside_the_routes(serving: Serving) -> None:
    document = serving.client.get("/api/v1/openapi.json").json()
    assert document["info"]["title"] == "facestream"
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_is_asked_for_by_get_alone(serving: Serving) -> None:
    for method in ("POST", "OPTIONS", "DELETE"):
        answer = serving.client.request(method, "/api/v1/openapi.json")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD"), method


def test_what_is_said_to_be_there_is_what_it_describes(serving: Serving) -> None:
    document = serving.client.get("/api/v1/openapi.json").json()
    described = {
        tag for path in document["paths"].values() for route in path.values() for tag in route["tags"]
    }
    assert serving.client.get("/api/v1/about").json()["features"] == sorted(described)
