"""facestream webhook, and webhooks in backups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from command_runs import Done
from receiver import receiving

from facestream.commands import webhook
from facestream.web.routes import webhooks
from storage.webhook_record import WEBHOOK_KINDS

Here = Callable[..., Done]


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_SERVE_WEBHOOK_NETWORKS", "127.0.0.1")


def test_a_webhook_is_added_tried_listed_and_removed(here: Here, tmp_path: Path) -> None:
    assert "There is no webhook yet" in here("webhook").stdout
    secret = tmp_path / "secret"
    secret.write_text("an example secret\n")
    with receiving() as receiver:
        added = here("webhook", "add", receiver.url, "--unknown", "--cooldown", "60", "--secret-file", secret)
        webhook_id = added.stdout.strip()
        assert "T0KEN" not in added.stdout + added.stderr
        assert "example secret" not in added.stdout + added.stderr
        assert "took it: 204" in here("webhook", "test", webhook_id).stderr
        assert receiver.got[0].told["kind"] == "test"
        receiver.status = 500
        assert "answered 500" in here("webhook", "test", webhook_id, code=1).stderr
    (told,) = here("webhook", "list", "--json").json()
    assert (told["id"], told["unknown_only"], told["cooldown_s"]) == (webhook_id, True, 60)
    assert "sightings of people without a name every 60 s at most" in here("webhook").stdout
    here("webhook", "remove", webhook_id, "--yes")
    here("camera", "add", "door", "synthetic://door", "--no-test")
    here("webhook", "add", "http://127.0.0.1:9/x", "--live", "--camera", "door")
    (told,) = here("webhook", "--json").json()
    assert (told["cameras"], told["live_only"]) == (["door"], True)
    assert "sightings at door as they happen" in here("webhook").stdout
    here("webhook", "remove", told["id"], "--yes")
    assert here("webhook", "--json").json() == []
    assert "There is no webhook" in here("webhook", "test", webhook_id, code=1).stderr


def test_a_secret_that_was_made_up_is_shown_once(here: Here) -> None:
    told = here("webhook", "add", "http://127.0.0.1:9/x", "--json").json()
    assert len(told["secret"]) >= 32
    assert told["secret"] not in here("webhook", "list", "--json").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("file:///etc/passwd",), "https:// or http://"),
        (("http://169.254.169.254/latest",), "not public"),
        (("http://[::1]/",), "not public"),
        (("http://127.0.0.1:9/", "--person", "p7"), "no person 'p7'"),
        (("http://127.0.0.1:9/", "--person", "x/../y"), "no person"),
        (("http://127.0.0.1:9/", "--camera", "hall"), "no camera 'hall'"),
        (("http://127.0.0.1:9/", "--camera", "rtsp://u:p@h/1"), "can't be called like a URL"),
        (("http://127.0.0.1:9/", "--live", "--kind", "merged"), "never merged"),
    ],
)
def test_what_can_not_be_is_told(here: Here, words: tuple[str, ...], said: str) -> None:
    assert said in here("webhook", "add", *words, code=2).stderr
    assert here("webhook", "list", "--json").json() == []


def test_a_restored_webhook_is_sealed_for_its_collection_and_begins_anew(here: Here, tmp_path: Path) -> None:
    with receiving() as receiver:
        webhook_id = here("webhook", "add", receiver.url).stdout.strip()
        file = tmp_path / "a.fsb"
        here("backup", file)
        restored = here("restore", file, "--collection", "copy", "--json").json()
        assert restored["sealed_webhooks"] == []
        here("webhook", "test", webhook_id, "--collection", "copy")
        assert [got.told["collection"] for got in receiver.got] == ["copy"]
    (tmp_path / "data" / "camera.key").unlink()
    there = here("restore", file, "--collection", "third", "--json")
    assert there.json()["sealed_webhooks"] == [webhook_id]
    assert webhook_id in there.stderr


def test_the_command_and_the_api_take_the_kinds_that_a_webhook_can_have() -> None:
    assert set(webhook._KINDS) == set(WEBHOOK_KINDS)
    assert set(get_args(webhooks._Kind)) == set(WEBHOOK_KINDS)
