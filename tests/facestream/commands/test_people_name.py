"""people name: what is said of others who have the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from collections_made import fill
from command_runs import Done

Here = Callable[..., Done]


@pytest.fixture
def named(here: Here, tmp_path: Path) -> Here:
    fill(tmp_path / "data")
    return here


def test_who_gets_the_name_of_others_may_be_one_with_them(named: Here) -> None:
    assert "called so" not in named("people", "name", "p1", "Ada Lovelace").stderr
    told = named("people", "name", "p3", "ada lovelace")
    assert "p3 is called ada lovelace" in told.stdout
    assert "p1 is called so, too. If they are one person: `" in told.stderr
    assert "people merge p1 p3" in told.stderr
    told = named("people", "name", "p2", "Ada Lovelace")
    assert "p1 and p3 are called so, too." in told.stderr
    assert "people merge p1 p2 p3" in told.stderr


def test_nothing_is_said_of_names_that_only_hold_the_name_or_where_nothing_is_to_be_said(named: Here) -> None:
    named("people", "name", "p1", "Ada Lovelace")
    assert "called so" not in named("people", "name", "p2", "Ada").stderr
    assert "called so" not in named("people", "name", "p2", "").stderr
    assert named("people", "name", "p3", "Ada Lovelace", "--quiet").stderr == ""
