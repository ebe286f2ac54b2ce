"""facestream people forget WHO --and-ignore-return: what is kept is said, told of, and deleted again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done
from test_erased_bytes import DOOMED, KEYS, files_with, plant

import facestream
from facestream.errors import UsageError
from facestream.models.model_change import ModelChange
from storage.connection import open_redis
from storage.datafolder import DataFolder

Here = Callable[..., Done]


def test_templates_stay_until_they_are_forgotten_as_well(here: Here, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with open_redis(None, DataFolder(data_dir)) as handle:
        planted = plant(data_dir)
        forget = ("people", "forget", "p1", "--and-ignore-return")
        told = here(*forget, "--dry-run").stdout
        assert "At most 1 template of the face stays." in told
        refused = here(*forget, code=2).stderr
        assert "biometric data, kept to leave them out when they come back" in refused
        assert "facestream people forget p1" in refused
        assert "Nothing was done" in refused

        done = here(*forget, "--yes", "--json").json()

        assert (done["tracks"], done["templates_kept"], done["templates_deleted"]) == (1, 1, 0)
        assert files_with([data_dir], planted[DOOMED])["picture"] == set()
        template = {"template": handle.client.hget(KEYS.kept_out, "p1")}
        assert files_with([data_dir], template)["template"]
        stats = here("collections", "stats").stdout
        assert "kept out      1 forgotten person" in stats
        assert "templates of the face are kept already" in here(*forget, "--yes", code=2).stderr
        again = forget[:3]
        assert "templates of the face are kept, and would go" in here(*again, "--dry-run").stdout
        assert "somebody new when they come back? Nothing was done" in here(*again, code=2).stderr
        assert "1 template of the face is deleted now" in here(*again, "--yes").stdout
        assert files_with([data_dir], template)["template"] == set()
        assert not handle.client.exists(KEYS.kept_out)
        assert "nothing is left to keep" in here(*forget, "--yes", code=2).stderr
        assert "kept out" not in here("collections", "stats").stdout


def test_all_deletes_them_as_well_and_says_so_and_python_keeps_them(here: Here, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with open_redis(None, DataFolder(data_dir)):
        plant(data_dir)
        with facestream.connect(data_dir) as store:
            done = store.forget("p1", and_ignore_return=True)
            assert (done.tracks, done.templates_kept) == (1, 1)
            assert store.kept_out() == [("p1",)]
            with pytest.raises(UsageError, match="kept already"):
                store.forget("p1", and_ignore_return=True)
            told = here("people", "forget", "--all", "--dry-run").stdout
            assert "Templates kept of 1 forgotten person go as well." in told
            here("people", "forget", "--all", "--yes")
            assert store.kept_out() == []


def test_it_goes_with_one_person_alone(here: Here) -> None:
    assert "goes with WHO alone" in here("people", "forget", "--all", "--and-ignore-return", code=2).stderr


def test_a_change_of_models_asks_before_templates_go() -> None:
    from facestream.commands.reembed import _question

    change = ModelChange("family", "open", "other", None, ("p1",), 8, 0, 0, kept_out=2)
    assert _question(change) == (
        "Change collection 'family' from the models 'open' to 'other'? Templates kept of 2 forgotten people "
        "can't be compared any more and are deleted: whoever of them comes back is somebody new."
    )
