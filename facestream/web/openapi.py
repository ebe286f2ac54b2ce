"""What the OpenAPI document says beside the routes."""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute

from facestream.web.problems import MEDIA_TYPE

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). More members may tell programs more.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status says it."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong and what to do, for people."},
        "instance": {"type": "string", "description": "Path of the request."},
        "errors": {
            "type": "array",
            "description": "Of a request that is not as described: each fault and where it is.",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {
                    "where": {"type": "array", "items": {"type": "string"}},
                    "message": {"type": "string"},
                },
            },
        },
        "earlier": {"type": "integer", "description": "Number of the decision that this one contradicts."},
    },
}
_WHY: dict[int | str, str] = {
    401: "No token, or none that counts",
    403: "The token doesn't allow it, or another site asks",
    422: "The request is not as described, or can't be carried out",
    429: "Too many wrong tokens",
    "default": "Any other problem",
}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": why,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, why in _WHY.items()
}
"""Answers that any route may give."""


def operation_id(route: APIRoute) -> str:
    """Such as `decisions_merge`: what the names of a client's methods are made of."""
    return "_".join([*(str(tag) for tag in route.tags[:1]), route.name])


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """A document with the ways to get in and the shape of problems, and operations by what they do."""
    for of_path in document.get("paths", {}).values():
        for operation in of_path.values():
            operation["summary"] = operation["description"].partition("\n\n")[0].replace("\n", " ")
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Made by `facestream token add`: read, write or admin, each with those before.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "facestream_COLLECTION",
            "description": "Set by POST /api/v1/session.",
        },
    }
    # None of them: on the machine itself, where no token is needed.
    document["security"] = [{"token": []}, {"session": []}, {}]
    return document
