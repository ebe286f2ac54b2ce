"""/readyz, /healthz and `doctor` over a server that takes no writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import made_up
import pytest
from command_runs import wait_until
from own_server import OwnServer
from web_serving import Serving

from facestream.checkup.server import check_server
from facestream.configuration.settings import Place
from storage.connection import open_redis
from storage.keys import Keys
from storage.token_record import Scope
from storage.token_store import TokenStore

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("own"), "--save", "3600 100000") as running:
        yield running


@pytest.mark.parametrize(
    ("break_it", "mend_it", "status", "said"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), 507, "memory limit"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), 503, "read-only replica"),
    ],
    ids=["memory", "replica"],
)
def test_a_server_that_takes_no_writes_is_alive_not_ready_and_told_by_doctor(
    server: OwnServer,
    serve_place: Serve,
    tmp_path_factory: pytest.TempPathFactory,
    break_it: tuple[str, ...],
    mend_it: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    place = Place(tmp_path_factory.mktemp("fs") / "data", server.url)
    with open_redis(server.url, None) as handle, serve_place(place) as served:
        made_up.fill(handle.client, Keys(place.collection))
        token = TokenStore(handle.client, Keys(place.collection)).add("mine", Scope.ADMIN)
        wait_until(lambda: served.client.get("/readyz").status_code == 200, "ready")
        assert [finding.status for finding in check_server(place)] == ["ok", "ok"]

        handle.client.execute_command(*break_it)
        wait_until(lambda: served.client.get("/readyz").json()["checks"]["redis"] is False, "not ready")
        assert served.client.get("/readyz").status_code == 503
        assert served.client.get("/healthz").status_code == 200
        headers = {"Authorization": f"Bearer {token}"}
        assert served.client.get("/api/v1/people", headers=headers).status_code == 200
        answer = served.client.post("/api/v1/people/p2/name", json={"name": "Grace"}, headers=headers)
        assert answer.status_code == status
        found = list(check_server(place))
        assert "failed" in [finding.status for finding in found]
        assert said in " ".join(finding.detail for finding in found)

        handle.client.execute_command(*mend_it)
        wait_until(lambda: served.client.get("/readyz").status_code == 200, "ready again")


def test_while_redis_is_away_nobody_is_told_how_cameras_were_doing_before(
    server: OwnServer,
    serve_place: Serve,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("facestream.serving.camera_tally.OLD_AFTER_S", 3.0)
    place = Place(tmp_path_factory.mktemp("fs") / "data", server.url)
    with serve_place(place) as served:
        wait_until(lambda: served.client.get("/readyz").status_code == 200, "ready")
        known = {"total": 0, "streaming": 0, "down": 0}
        wait_until(lambda: served.client.get("/readyz").json()["cameras"] == known, "a look")
        server.kill()
        wait_until(lambda: served.client.get("/readyz").json()["cameras"] is None, "nobody to know")
        server.start()
        wait_until(lambda: served.client.get("/readyz").json()["cameras"] == known, "a look")
