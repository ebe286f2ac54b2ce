"""facestream readers: who reads the streams is listed, told of when silent, and dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done

from facestream.checkup.server import check_server
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.webhook_record import WebhookState
from workers.roster import Roster

KEYS = Keys("default")
DAY_MS = 86_400_000


def test_they_are_listed_and_a_group_is_dropped(here: Callable[..., Done], tmp_path: Path) -> None:
    assert "Nobody reads" in here("readers").stdout
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        client = handle.client
        old_ms, new_ms = (int(time.time() * 1000) - days * DAY_MS for days in (9, 2))
        client.xadd(KEYS.changes, {"kind": "created"}, id=f"{old_ms}-0")
        client.xadd(KEYS.changes, {"kind": "created"}, id=f"{new_ms}-0")
        client.xgroup_create(KEYS.changes, "bill\x1bing", "0")
        client.xadd(KEYS.faces, {"k": 1}, id=f"{new_ms}-0")
        client.xgroup_create(KEYS.faces, "archive", "$")
        client.sadd(KEYS.webhooks, "w1")
        client.hset(KEYS.webhook_state("w1"), mapping=dict(WebhookState(f"{old_ms}-0").encode()))

        group, webhook, archive = here("readers", "list", "--json").json()
        assert (group["stream"], group["kind"], group["holds"]) == ("changes", "group", False)
        assert group["behind_s"] == pytest.approx(9 * 86_400, abs=600) == group["silent_s"]
        assert (webhook["name"], webhook["holds"]) == ("w1", True)
        assert webhook["silent_s"] == pytest.approx(2 * 86_400, abs=600)
        assert (archive["stream"], archive["behind_s"], archive["silent_s"]) == ("faces", 0, 0)
        shown = here("readers").stdout
        assert "too long: nothing is kept for it" in shown
        assert "\x1b" not in shown

        found = check_server(Place.of(tmp_path / "data", None, "default"))
        (silent,) = [f for f in found if f.status == "warning"]
        assert "has read nothing for 9.0 days" in silent.detail
        assert "readers drop changes" in silent.mend

        here("readers", "drop", "changes", "archive", code=1)
        assert here("readers", "drop", "faces", "archive", "--json").json()["dropped"] is True
        assert [found["name"] for found in here("readers", "--json").json()] == [group["name"], "w1"]


def test_an_erasure_that_fails_is_not_said_to_be_done(
    here: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facestream.erasure.erasing import erase
    from facestream.wiring import make_manifest, make_store
    from storage.requests import EraseRequest, Extent

    def failing(*_: object) -> object:
        raise ZeroDivisionError("a fault")

    place = Place.of(tmp_path / "data", None, "default")
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        store = make_store(handle, KEYS)
        store.claim_model(make_manifest("open").model_id, {"pack": "open", "models": "open"})
        with monkeypatch.context() as patch:
            patch.setattr(Roster, "erase", failing)
            with pytest.raises(FacestreamError, match=r"not all of it was erased.*a fault.*dead retry"):
                erase(handle, place, store, EraseRequest(Extent.ALL), None)
    (letter,) = here("dead", "list", "--json").json()
    assert letter["type"] == "erase"
