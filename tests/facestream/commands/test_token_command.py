"""facestream token."""

from __future__ import annotations

import json
from collections.abc import Callable

from command_runs import Done

from facestream.configuration.settings import Place
from facestream.wiring import keys_of, make_token_store, open_handle

Here = Callable[..., Done]


def test_a_token_is_shown_once_alone_on_standard_output(here: Here) -> None:
    done = here("token", "add", "family", "--scope", "write")
    token = done.stdout.strip()
    assert token.startswith("fst_")
    assert "can't be shown again" in done.stderr
    place = Place.of()
    with open_handle(place) as handle:
        found = make_token_store(handle, keys_of(place)).find(token)
    assert found is not None
    assert (found.name, found.scope) == ("family", "write")
    listed = here("token").said
    assert "family" in listed
    assert "write" in listed
    assert "never" in listed
    assert token not in listed
    assert found.sha256 not in listed


def test_for_machines(here: Here) -> None:
    added = here("token", "add", "tablet", "--json").json()
    assert added.keys() == {"name", "scope", "token"}
    assert added["scope"] == "read"
    (listed,) = here("token", "list", "--json").json()
    assert listed.keys() == {"name", "scope", "created_at", "last_used_at"}
    assert listed["last_used_at"] is None
    assert here("token", "--json", "--collection", "other").json() == []


def test_what_can_t_be_done_is_said(here: Here) -> None:
    assert "token add NAME` makes one" in here("token").stdout
    token = here("token", "add", "family").stdout.strip()
    assert "already" in here("token", "add", "family", code=1).stderr
    assert "letters" in here("token", "add", "a b", code=2).stderr
    assert "--scope" in here("token", "add", "other", "--scope", "god", code=2).stderr
    assert "there are family" in here("token", "remove", "other", code=1).stderr
    refused = here("token", "remove", token, code=2)
    assert token not in refused.said
    assert "is removed" in here("token", "remove", "family").stderr
    assert json.loads(here("token", "--json").stdout) == []
