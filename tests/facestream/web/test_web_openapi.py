"""The OpenAPI document."""

from __future__ import annotations

from serving import Serving


def test_is_served_beside_the_routes(serving: Serving) -> None:
    document = serving.client.get("/api/v1/openapi.json").json()
    assert document["info"]["title"] == "facestream"
    assert all(path.startswith("/api/v1/") for path in document["paths"])
