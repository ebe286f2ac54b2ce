"""facestream people forget: every trace of a person goes, and of nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scenes
from command_runs import PATIENCE_S, Cli, Done, Processed
from test_people_command import merge

from facestream import connect
from facestream.errors import FacestreamError
from facestream.recorded.processing import process
from facestream.recorded.run_report import SilentListener
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys
from stream.frame import Frame

pytestmark = pytest.mark.e2e

NAME = "Ada Remarkable-Lovelace"
_SLICE_BYTES = 64


def answered(cli: Cli, answer: bytes, *arguments: str) -> Done:
    """Run a command whose standard input is a terminal on which this is typed."""
    ours, theirs = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", *arguments],
            env=cli.environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        os.write(ours, answer)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        os.close(ours)
    return Done(process.returncode, out, err)


def middle(data: bytes) -> bytes:
    """A slice that no other has: all JPEGs begin alike."""
    assert len(data) > 2 * _SLICE_BYTES
    return data[len(data) // 2 :][:_SLICE_BYTES]


def traces(cli: Cli, person_id: str) -> list[bytes]:
    """What only this person left: track ids, pictures, vectors."""
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        store = IdentityStore(handle.client, Keys("default"))
        tracks = list(store.tracks(store.track_ids(identity_id=person_id)))
        samples = list(store.samples(sample_id for track in tracks for sample_id in track.sample_ids))
    found = [track.track_id.encode() for track in tracks]
    found += [middle(sample.crop_jpeg) for sample in samples if sample.crop_jpeg]
    return found + [sample.vector.astype("<f2").tobytes()[:_SLICE_BYTES] for sample in samples]


def files_with(folder: Path, slices: list[bytes]) -> dict[str, int]:
    """How many of these bytes each file of a folder holds, where there are any."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if count := sum(piece in data for piece in slices):
                found[str(path.relative_to(folder))] = count
    return found


@dataclass
class Story:
    """A data folder in which p1, who was in a video and a photo, was forgotten.

    Attributes:
        cli: Over it.
        older: An id that had been merged into p1.
        before: Everybody before.
        traces: What p1 had left in files.
        refused: What was said when nobody was there to ask.
        declined: What was said to who answered no.
        done: What was said to who answered yes.
        same: Whether everything was as before after the first two.
        found_before: Traces in files before.
    """

    cli: Cli
    older: str
    before: list[dict[str, Any]]
    traces: list[bytes]
    refused: Done
    declined: Done
    done: Done
    same: bool
    found_before: dict[str, int]


@pytest.fixture(scope="module")
def story(processed: Processed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    cli = processed.copy(tmp_path_factory.mktemp("fs") / "data").cli
    cli("people", "name", "p1", NAME)
    older = merge(cli, "p1")
    before = cli.people()
    traced = traces(cli, "p1")
    records = cli.records()
    refused = cli("people", "forget", "p1", code=2)
    declined = answered(cli, b"n\n", "people", "forget", "p1")
    same = cli.records() == records
    found_before = files_with(cli.data_dir, traced)
    done = answered(cli, b"y\n", "people", "forget", older.upper())
    yield Story(cli, older, before, traced, refused, declined, done, same, found_before)
    cli.end_all()


def test_it_asks_first(story: Story) -> None:
    assert f"Forget p1 ({NAME}): 2 tracks in 2 sources, for good? Nothing was done" in story.refused.stderr
    assert "Say --yes." in story.refused.stderr
    assert story.declined.code == 1
    assert story.declined.stderr.rstrip().endswith("[y/N]: Nothing was done.")
    assert story.same
    assert f"{story.older.upper()} was merged into p1. Forget p1 ({NAME})" in story.done.stderr
    assert story.done.code == 0, story.done
    assert story.done.stdout == f"p1 (once also {story.older}) is forgotten: 2 tracks deleted.\n"


def test_nothing_of_them_is_left_in_redis(story: Story) -> None:
    records = story.cli.records()
    for gone in ("p1", story.older):
        assert set(records.pop(f"fs:{{default}}:identity:{gone}").items()) == {
            (b"identity_id", gone.encode()),
            (b"forgotten", b"1"),
        }
    left = repr(records)
    for trace in [*story.traces, NAME.encode()]:
        assert repr(trace)[2:-1] not in left
    # Only the event says that there was somebody.
    mentions = [
        key for key, value in records.items() if "b'p1'" in repr(value) or key.rpartition(":")[2] == "p1"
    ]
    assert mentions == ["fs:{default}:changes"]
    events = [fields for _, fields in records["fs:{default}:changes"] if b"p1" in fields.values()]
    assert [fields[b"kind"] for fields in events] == [b"forgotten"]


def test_nothing_of_them_is_left_in_files(story: Story) -> None:
    # They were there: in the server's files, and the best picture beside them.
    assert any("aof" in name or "rdb" in name for name in story.found_before)
    assert sum(story.found_before.values()) >= len(story.traces)
    assert "thumbnails/default/p1.jpg" in story.found_before

    story.cli.wait_for_the_server_to_go()

    assert files_with(story.cli.data_dir, [*story.traces, NAME.encode()]) == {}
    assert not (story.cli.data_dir / "thumbnails" / "default" / "p1.jpg").exists()


def test_everybody_else_is_as_before(story: Story) -> None:
    others = [person for person in story.before if person["id"] != "p1"]
    assert len(others) == 6
    assert story.cli.people() == others
    assert all(Path(person["thumbnail"]).is_file() for person in others)


def test_whoever_asks_for_them_is_told(story: Story, tmp_path: Path) -> None:
    for words in (["show", "p1"], ["name", story.older, "x"]):
        said = story.cli("people", *words, code=1).stderr
        assert said == f"Error: {words[1]} was forgotten; nothing is left of this person.\n"
    assert "was forgotten" in story.cli("tracks", "list", "--person", "p1", code=1).stderr


def test_forgetting_again_deletes_what_a_full_disk_may_have_left(story: Story) -> None:
    before = story.cli.records()
    left = story.cli.data_dir / "thumbnails" / "default" / "p1.jpg"
    left.write_bytes(b"left over")

    said = story.cli("people", "forget", "p1").stdout

    assert said == "p1 was forgotten before; what was left of them in files is deleted now.\n"
    assert not left.exists()
    after = story.cli.records()
    for records in (before, after):
        # When files were written anew.
        assert float(records["fs:{default}:meta"].pop(b"rewritten_at_s")) > 0
    assert after == before


def test_the_same_files_again_say_so_and_leave_them_out(story: Story, processed: Processed) -> None:
    done = story.cli("run", "--json", processed.video, processed.photos)
    assert "nothing was added. 1 person was forgotten there and left out; --include-forgotten" in done.stderr
    assert "In 1 photo people were forgotten and are left out; --include-forgotten" in done.stderr
    result = done.json()
    assert result["already_done"] == 3
    assert [source_id[:2] for source_id in result["forgotten"]] == ["v-", "i-"]
    assert "p1" not in {person["id"] for person in result["people"]}
    assert story.cli.people() == [person for person in story.before if person["id"] != "p1"]


def test_somebody_who_became_part_of_another_while_one_thought_is_not_forgotten(
    copied: Processed, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = copied.cli
    older = merge(cli, "p1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with connect(cli.data_dir) as store:
        with pytest.raises(FacestreamError, match=f"{older} is part of p1 by now"):
            store.forget(older, exactly=True)
        assert not store.is_forgotten("p1")
        assert store.forget("p1", exactly=True).older_ids == (older,)


def test_looking_again_finds_them_as_somebody_new(
    story: Story, processed: Processed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cli = story.cli.copy(tmp_path_factory.mktemp("fs") / "data")
    others = {person["id"] for person in story.before} - {"p1"}

    result = cli("run", "--include-forgotten", "--json", processed.video, processed.photos).json()

    assert result["forgotten"] == []
    people = cli.people()
    (found,) = [person for person in people if person["id"] not in others]
    assert {person["id"] for person in people} - {found["id"]} == others
    assert int(found["id"][1:]) > max(int(i[1:]) for i in [*others, story.older])
    (gone,) = [person for person in story.before if person["id"] == "p1"]
    assert found["name"] == ""
    for same in ("seconds", "faces", "tracks", "sightings"):
        assert found[same] == gone[same]


def test_looking_again_goes_on_where_it_was_stopped(
    story: Story,
    processed: Processed,
    tmp_path_factory: pytest.TempPathFactory,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    place = story.cli.copy(tmp_path_factory.mktemp("fs") / "data")
    stop, frames = threading.Event(), 0

    class Stopping(SilentListener):
        def frame_done(self, frame: Frame, faces: int) -> None:
            nonlocal frames
            frames += 1
            if frames == 3:
                stop.set()

    folder = place.data_dir
    first = process(processed.video, data_dir=folder, include_forgotten=True, stop=stop, listener=Stopping())
    assert first.interrupted
    place("run", "--include-forgotten", processed.video, processed.photos)
    others = {person["id"] for person in story.before} - {"p1"}
    (found,) = [person for person in place.people() if person["id"] not in others]
    (gone,) = [person for person in story.before if person["id"] == "p1"]
    assert (found["tracks"], found["sightings"]) == (gone["tracks"], gone["sightings"])


def test_while_a_run_is_at_work_it_forgets_all_the_same(copied: Processed, tmp_path: Path) -> None:
    cli = copied.cli
    # Seen in a photo alone, and not in the video that is at work.
    everybody = {person["id"]: person["seconds"] for person in cli.people()}
    doomed = min(everybody, key=lambda person_id: everybody[person_id])
    traced = traces(cli, doomed)
    run = cli.start("run", "--fps", "25", scenes.repeat(copied.video, tmp_path / "long.mp4", 8))
    run.wait_for("long.mp4: 640x360")

    result = cli("people", "forget", doomed, "--yes", "--json").json()

    assert run.process.poll() is None, "the run was over too soon to tell anything"
    assert run.interrupt().code == 130
    assert result == {
        "id": doomed,
        "older_ids": [],
        "tracks": 1,
        "sources": [str(copied.photos / "group.jpg")],
        "templates_kept": 0,
        "templates_deleted": 0,
        "history_erased": True,
    }
    assert {person["id"] for person in cli.people()} == set(everybody) - {doomed}
    cli.wait_for_the_server_to_go()
    assert files_with(cli.data_dir, traced) == {}
