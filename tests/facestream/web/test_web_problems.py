"""Errors as problem details."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from uuid import uuid4

import httpx2
import pytest
from fastapi import HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from web_serving import Serving

from facestream.errors import (
    BusyError,
    DecisionError,
    FacestreamError,
    ForgottenError,
    NoFaceError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from facestream.web.problems import Problem
from facestream.web.statuses import REFUSALS, STATUSES, status_of
from storage.errors import (
    CameraExistsError,
    DataFolderError,
    NoSuchCameraError,
    NoSuchJobError,
    NoSuchTokenError,
    NoSuchWebhookError,
    OvertakenError,
    RedisFullError,
    RedisServerError,
    RedisUnreachableError,
    StorageError,
)
from stream.errors import CameraError, CameraLostError, PhotoTooLargeError, StreamError
from workers.errors import ModelError, WorkerError

MODULES = (
    "facestream.errors",
    "facestream.network.outbound",
    "storage.errors",
    "stream.errors",
    "workers.errors",
)
SECRET = "/home/me/secret"


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """Shared by the tests of this file, which add routes of their own."""
    return shared_serving


def raising(serving: Serving, error: Exception) -> httpx2.Response:
    def fail() -> None:
        raise error

    path = f"/api/v1/test-{uuid4().hex}"
    serving.app.add_api_route(path, fail, include_in_schema=False)
    return serving.client.get(path)


def test_our_errors_have_statuses(serving: Serving) -> None:
    for error, status in (
        (NotFoundError("nobody", what="p9"), 404),
        (ForgottenError("gone", what="p9"), 410),
        (UsageError("wrong"), 422),
        (NoFaceError("none", photo="a.jpg"), 422),
        (DecisionError("contradicts", earlier=7), 409),
        (FacestreamError("changing"), 409),
        (RedisUnreachableError("away", where="here"), 503),
        (RedisFullError("full", where="here"), 507),
        (OvertakenError("again"), 409),
        (CameraExistsError("there", name="door"), 409),
        (NoSuchCameraError("none", name="door"), 404),
        (StorageError("broken"), 500),
        (PhotoTooLargeError("large"), 422),
        (CameraLostError("lost"), 502),
        (WorkerError("no models"), 503),
        (HTTPException(418, "tea"), 418),
        (Problem(409, "taken", number=3), 409),
    ):
        answer = raising(serving, error)
        problem = answer.json()
        assert answer.status_code == status, error
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (problem["type"], problem["status"]) == ("about:blank", status)
        assert problem["detail"] == getattr(error, "detail", str(error))
        assert problem["title"]
        assert problem["instance"].startswith("/api/v1/test-")
        assert (status == 503) == ("retry-after" in answer.headers)
        assert problem.get("earlier") == getattr(error, "earlier", None)
        assert problem.get("number") == (3 if isinstance(error, Problem) else None)


def classes_of(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*map(classes_of, root.__subclasses__()))


def test_the_status_of_each_of_our_errors_was_chosen() -> None:
    roots = (FacestreamError, StorageError, StreamError, WorkerError)
    # Without those that tests may have made.
    ours = {kind for root in roots for kind in classes_of(root) if kind.__module__ in MODULES}
    assert len(ours) > 60
    # Kinds of these differ in nothing that matters to who asks; of others, each stands for itself.
    groups = {StreamError, CameraError, ModelError, RedisServerError, RedisUnreachableError, DataFolderError}
    nearest = {kind: next((one for one in kind.__mro__ if one in STATUSES), None) for kind in ours}
    del nearest[RefusedError]
    assert not [kind for kind, chosen in nearest.items() if chosen is not kind and chosen not in groups]
    assert {kind for kind in ours if STATUSES.get(kind, 0) in (404, 410)} == {
        NotFoundError,
        ForgottenError,
        NoSuchCameraError,
        NoSuchJobError,
        NoSuchTokenError,
        NoSuchWebhookError,
    }


def test_refusals_have_statuses_by_their_kind() -> None:
    assert [status_of(RefusedError("no", kind=kind)) for kind in ("forbidden", "busy")] == [403, 503]
    described = (RefusedError.__doc__ or "").partition("kind:")[2]
    assert set(re.findall(r'"([a-z_]+)"', described)) == set(REFUSALS)


def test_who_is_busy_says_when_to_ask_again(serving: Serving) -> None:
    answer = raising(serving, BusyError("later", retry_after_s=6.2))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


def test_what_nobody_expected_is_logged_and_not_told(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    answer = raising(serving, RuntimeError(SECRET))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "content-security-policy" in answer.headers
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])


def test_an_answer_that_breaks_in_the_middle_is_cut_off(serving: Serving) -> None:
    async def fail() -> StreamingResponse:
        async def pieces():  # type: ignore[no-untyped-def]
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(pieces())

    serving.app.add_api_route("/api/v1/test-break", fail, response_model=None, include_in_schema=False)
    with pytest.raises(httpx2.RemoteProtocolError):
        serving.client.get("/api/v1/test-break")
    assert serving.client.get("/healthz").status_code == 200


class Wish(BaseModel):
    number: int
    secret: str


def test_each_fault_of_a_request_is_told_with_its_place_and_without_its_value(serving: Serving) -> None:
    def take(wish: Wish, limit: int) -> None: ...

    serving.app.add_api_route("/api/v1/test-take", take, methods=["POST"], include_in_schema=False)
    url, wish = "/api/v1/test-take?limit=many", {"number": SECRET, "secret": [SECRET]}
    answer = serving.client.post(url, json=wish)
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (422, HTTPStatus(422).phrase)
    assert [fault["where"] for fault in problem["errors"]] == [
        ["query", "limit"],
        ["body", "number"],
        ["body", "secret"],
    ]
    assert all(fault["message"] in problem["detail"] for fault in problem["errors"])
    assert SECRET not in answer.text


def test_addresses_and_methods_that_there_are_not(serving: Serving) -> None:
    nowhere = serving.client.get("/api/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["detail"]) == (404, "There is nothing at this address.")
    other = serving.client.put("/api/v1/about")
    assert (other.status_code, other.headers["allow"]) == (405, "GET, HEAD")
    assert other.json()["title"] == "Method Not Allowed"


def test_what_a_path_holds_comes_back_as_text_alone(serving: Serving) -> None:
    for path in ("/<script>alert(1)</script>", "/%00", "/%0d%0aX:%20y", "/%ff%fe", "/" + "a" * 5000):
        answer = serving.client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "x" not in answer.headers
