"""Strange text wherever the API takes text: refused or taken, and never an error of the server."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import made_up
import pytest
from web_serving import Serving

from facestream.web.problems import MEDIA_TYPE

STRANGE = {
    "null": "a\0b",
    "surrogate": "\ud800",
    "folders above": "../../../../outside",
    "escaped folders": "%2e%2e%2f%2e%2e%2foutside",
    "long": "a" * 9000,
    "right to left": "\u202eabc\u200f",
    "no width": "a\u200b\ufeff",
}
THERE = {
    "person_id": "p1",
    "track_id": "v-1.0.0",
    "sample_id": "v-1.0.0.5",
    "source_id": "v-1",
    "number": "1",
    "name": "door",
    "job_id": "j-0123456789abcdef",
    "webhook_id": "w0123456789ab",
}


@pytest.fixture(scope="module")
def there(shared_serve: Callable[..., Serving]) -> Serving:
    """One server for all; nobody works beside it."""
    return shared_serve(made_up.fill, jobs=0)


@pytest.fixture(scope="module")
def document(there: Serving) -> dict[str, Any]:
    found: dict[str, Any] = there.client.get("/api/v1/openapi.json").json()
    return found


def files(there: Serving) -> set[Path]:
    """All files near the data folder, but those of its server."""
    near = there.data_dir.parent
    return {path for path in near.rglob("*") if there.data_dir / "redis" not in path.parents}


def made(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """Something that is as a schema says, or nearly."""
    if "$ref" in schema:
        return made(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "anyOf" in schema:
        return made(schema["anyOf"][0], document)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    match schema.get("type"):
        case "object":
            return {name: made(of_name, document) for name, of_name in schema.get("properties", {}).items()}
        case "array":
            return [made(schema["items"], document)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return (schema.get("examples") or ["p1"])[0]


def texts(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is text in a body."""
    if isinstance(value, str):
        yield where
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from texts(part, (*where, name))


def with_text(body: Any, where: tuple[Any, ...], text: str) -> Any:
    changed = {"": copy.deepcopy(body)}
    at: Any = changed
    for name in ("", *where)[:-1]:
        at = at[name]
    at[("", *where)[-1]] = text
    return changed[""]


def ask(there: Serving, method: str, path: str, body: Any = None) -> str:
    """Ask for something; returns what is wrong with the answer."""
    # Surrogates stand in JSON as they do in JavaScript.
    content = None if body is None else json.dumps(body)
    answer = there.client.request(
        method, path, content=content, headers={"Content-Type": "application/json"} if content else {}
    )
    if answer.status_code >= 500:
        return f"{method} {path[:80]} {str(content)[:200]}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and not answer.headers["content-type"].startswith(MEDIA_TYPE):
        return f"{method} {path[:80]}: no problem details"
    return ""


@pytest.mark.parametrize("kind", STRANGE)
def test_in_ids_and_bodies(there: Serving, document: dict[str, Any], kind: str) -> None:
    text, before = STRANGE[kind], files(there)
    escaped = quote(text.encode("utf-8", "surrogatepass"), safe="")
    wrong, in_ids, in_bodies = [], 0, 0
    for path, operations in document["paths"].items():
        ids = {name: value for name, value in THERE.items() if f"{{{name}}}" in path}
        for method, operation in operations.items():
            paths = [path.format(**ids | {name: escaped}) for name in ids]
            wrong += [ask(there, method.upper(), strange) for strange in paths]
            in_ids += len(paths)
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            body = None if schema is None else made(schema, document)
            for where in texts(body):
                changed = with_text(body, where, text)
                wrong.append(ask(there, method.upper(), path.format(**ids), changed))
                in_bodies += 1
    assert min(in_ids, in_bodies) >= 15, (in_ids, in_bodies)
    assert not (found := [one for one in wrong if one]), "\n".join(found)
    assert files(there) == before
