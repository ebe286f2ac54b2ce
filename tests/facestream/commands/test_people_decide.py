"""What people decide about who is whom, as they type it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import Processed

import facestream
from facestream.errors import NotFoundError, UsageError

pytestmark = pytest.mark.e2e


def test_what_people_decide_on_the_command_line_outlives_what_comes_later(copied: Processed) -> None:
    cli = copied.cli
    everybody = [person["id"] for person in cli.people()]
    # Those who were in the group's photo alone, seen together.
    one, two, three, four = everybody[-4:]
    cli("people", "name", one, "Ada Lovelace")

    merged = cli("people", "merge", "ada lovelace", two)
    assert merged.stdout.startswith(f"{one} and {two} are one person, {one} (decision 2; `")
    assert merged.stdout.endswith("facestream people undo 2` takes it back).\n")
    cli("people", "differs", one, three)
    again = cli("people", "differs", three, one)
    assert again.stdout == f"Nothing to do: {three} and {one} are kept apart already.\n"
    assert cli("people", "name", one, "Ada Lovelace", "--json").json()["decision"] is None
    refused = cli("people", "merge", three, two, code=1)
    assert "that contradicts decision 3 of 2" in refused.stderr
    assert f": {one} and {three} are two people. Nothing was done. `" in refused.stderr
    assert "facestream people undo 3`" in refused.stderr
    assert cli("people", "ignore", four, "--json").json()["people"] == [four]

    cli("run", copied.video.with_name("again.mp4"))

    listed = cli("people")
    assert listed.stderr.endswith("1 ignored person; --ignored shows them, too.\n")
    shown = [line.split()[0] for line in listed.stdout.splitlines()[1:]]
    assert one in shown
    assert {two, four}.isdisjoint(shown)
    undone = cli("people", "undo", "2").stdout
    assert undone.startswith(
        f"Decision 2 is taken back. It said: {one} and {two} are one person, {one}. "
        f"Now {one} is called Ada Lovelace and has "
    )
    assert f"; {two} has no name and has 1 track" in undone
    log = cli("people", "log").stdout.splitlines()
    assert len(log) == 6
    assert log[2].endswith("by 5")
    # Both are people again, and one of all is hidden.
    assert cli("report", "--json").json()["people"] == len(everybody) - 1


def test_a_decision_outlives_backup_and_restore(copied: Processed, tmp_path: Path) -> None:
    with facestream.connect(copied.cli.data_dir) as store:
        first, second, *_ = (person.id for person in store.people())
        store.merge(first, second)
        store.ignore(first)
        decisions = store.decisions()
    facestream.backup(tmp_path / "file", copied.cli.data_dir)
    facestream.restore(tmp_path / "file", copied.cli.data_dir, collection="again")
    with facestream.connect(copied.cli.data_dir, collection="again") as store:
        assert store.decisions() == decisions
        assert store.person(second).id == first
        assert store.person(first).ignored
        assert store.undo(1).undoes == 1
        assert store.person(second).id == second
        store.differs(first, second)
        store.forget(first)
        forgotten = store.decisions()[0]
        assert (forgotten.about_forgotten, forgotten.people, str(forgotten)) == (
            True,
            (),
            "merge: about somebody who was forgotten",
        )
        with pytest.raises(UsageError, match="decision 4 was about somebody who was forgotten"):
            store.undo(4)
        with pytest.raises(NotFoundError, match=f"{first} was forgotten"):
            store.merge(second, first)


def test_a_merge_of_who_was_seen_side_by_side_says_so(copied: Processed) -> None:
    cli = copied.cli
    one, two = (person["id"] for person in cli("people", "together", "--json").json()[0]["people"])
    merged = cli("people", "merge", one, two)
    assert f"{one} and {two} were seen side by side, on 1 photo: in a mirror" in merged.stderr
    assert cli("people", "undo", "1").code == 0
    assert "side by side" not in cli("people", "merge", one, two, "--quiet").stderr
