"""facestream reembed: other models, the same people."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from command_runs import PATIENCE_S, Done, Processed
from other_pack import MODEL_ID, other_pack

import facestream
from facestream.checkup.server import check_server
from facestream.client import Store
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from facestream.models.model_change import ModelChange
from facestream.models.reembedding import reembed
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.errors import CollectionBusyError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import LookAgainRequest
from storage.sample_queue import SampleQueue

pytestmark = pytest.mark.e2e

KEYS = Keys("default")
# Dies by itself, as by kill -9, when it is told that so much of a piece of work is done.
_DYING = """
import os, signal, sys
import facestream.models.reembedding
facestream.models.reembedding._BATCH = 4
facestream.models.reembedding._CHUNK = 2
facestream.models.reembedding.STEP_BYTES = 1

def tell(what, done, total):
    if what == sys.argv[3] and done >= int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

facestream.models.reembedding.reembed(sys.argv[1], sys.argv[2], tell=tell)
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_pack(tmp_path_factory.mktemp("packs") / "turned")


@pytest.fixture
def folder(copied: Processed, here: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with seven people, for commands in this process and in others."""
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(copied.cli.data_dir))
    return copied.cli.data_dir


@pytest.fixture
def server(folder: Path) -> Iterator[RedisHandle]:
    """Its server, up for the whole test."""
    with open_redis(None, DataFolder(folder)) as handle:
        yield handle


@pytest.fixture
def collection(server: RedisHandle) -> IdentityStore:
    return IdentityStore(server.client, KEYS)


def people(store: Store) -> dict[str, Any]:
    """What must stay of everybody: all but the order of the pictures."""
    return {
        p.id: (p.name, p.tracks, p.seconds, p.sightings, p.ignored, sorted(p.thumbnails))
        for p in store.people(facestream.PeopleFilter(ignored=True))
    }


def model_ids(collection: IdentityStore) -> set[str]:
    tracks = collection.tracks(collection.track_ids())
    return {s.model_id for s in collection.bare_samples(i for track in tracks for i in track.sample_ids)}


def die(pack: Path, folder: Path, copied: Processed, what: str, done: int) -> None:
    words = [sys.executable, "-c", _DYING, str(pack), str(folder), what, str(done)]
    ended = subprocess.run(
        words, env=copied.cli.environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_people_keep_ids_names_and_decisions_and_are_found_with_the_new_models(
    here: Callable[..., Done],
    copied: Processed,
    pack: Path,
    server: RedisHandle,
    collection: IdentityStore,
) -> None:
    here("people", "name", "p1", "Ada")
    here("people", "ignore", "p2")
    here("people", "merge", "p3", "p4")
    with facestream.connect() as store:
        before, log = people(store), store.decisions()
    refused = here("people", "find", copied.photos / "astronaut.jpg", "--models", pack, code=1).stderr
    assert f"facestream reembed --models {pack} --collection default" in refused
    assert "will be left out for good. Nothing was done" in here("reembed", "--models", pack, code=2).stderr
    assert model_ids(collection) == {"dlib-resnet29-v1"}

    done = here("reembed", "--models", pack, "--yes", "--json").json()

    assert (done["changed"], done["model_id"], done["pack"]) == (True, MODEL_ID, "turned")
    assert done["pack_before"] == "open"
    assert done["left_out"] > 0
    assert done["mute_tracks"] == 0
    assert done["people"] == done["people_before"] == sorted(before)
    assert model_ids(collection) == {MODEL_ID}
    with facestream.connect() as store:
        assert people(store) == before
        assert store.decisions() == log
        facts = store.meta()
        (face,) = store.find(copied.photos / "astronaut.jpg")
    assert (facts["pack"], facts["commercial_use"]) == ("turned", "0")
    assert (face.matches[0].person.name, face.matches[0].sureness > 0.97) == ("Ada", True)
    (last, *_) = collection.reclusters(None)
    assert last.reason == "other models"
    # Nothing of the work is left, and there is no more of it.
    assert not server.client.exists(KEYS.reembed, KEYS.reembed_vectors, KEYS.leader)
    # The re-cluster at its end, say, where that was not reached.
    queue = SampleQueue(server.client, KEYS)
    queue.send([LookAgainRequest("v-unknown")])
    assert "has these models already (turned-v1): nothing to do." in here("reembed", "--models", pack).stderr
    assert queue.waiting() == 0
    # A decision is still one that can be taken back.
    refused = here("people", "undo", "--models", "open", code=1).stderr
    assert f"made with the model pack 'turned' ({MODEL_ID})" in refused
    assert f"Use --models {pack}; or" in refused
    here("people", "undo")
    with facestream.connect() as store:
        assert store.person("p4").id == "p4"


def test_a_face_that_was_split_off_a_merged_person_stays_so_and_can_be_put_back(
    here: Callable[..., Done], copied: Processed, pack: Path, server: RedisHandle
) -> None:
    with facestream.connect() as store:
        before = people(store)
        merged = sorted(store.people(), key=lambda p: p.tracks)[-2:]
        keep, other = (person.id for person in merged)
        (first, *others) = [track.id for track in store.tracks(other)]
        assert others
    here("people", "merge", keep, other)
    here("people", "split", keep, first)
    with facestream.connect() as store:
        narrowed = people(store)
        assert len(narrowed) == len(before)

    here("reembed", "--models", pack, "--yes")

    with facestream.connect() as store:
        assert people(store) == narrowed
    # The split, then the merge.
    here("people", "undo")
    here("people", "undo")
    with facestream.connect() as store:
        assert {i: facts for i, facts in people(store).items() if i in before} == before


def test_killed_at_any_moment_it_goes_on_where_it_was(
    here: Callable[..., Done],
    copied: Processed,
    folder: Path,
    pack: Path,
    server: RedisHandle,
    collection: IdentityStore,
) -> None:
    client = server.client
    with facestream.connect() as store:
        before = people(store)

    die(pack, folder, copied, "recomputing faces", 8)

    kept = client.hkeys(KEYS.reembed_vectors)
    assert len(kept) == 8
    assert model_ids(collection) == {"dlib-resnet29-v1"}
    assert here("people", "find", copied.photos / "astronaut.jpg").stdout.count("almost certain") == 1

    # Now it is switched step by step, as if there were very many tracks.
    die(pack, folder, copied, "changing models", 6)

    assert model_ids(collection) == {"dlib-resnet29-v1", MODEL_ID}
    # The old models speak for nothing when these are grouped.
    assert 0 < len(collection.provisional()) < len(collection.track_ids())
    way_out = "Finish it: facestream reembed --models turned --collection default"
    for words in (
        ("people",),
        ("run", copied.photos),
        ("backup", folder / "backup"),
        ("reembed", "--models", "open"),
        ("reembed", "--cancel"),
        ("collections", "stats"),
    ):
        assert way_out in here(*words, code=1).stderr, words
    (finding,) = [f for f in check_server(Place.of(folder)) if f.name == "collection"]
    assert (finding.status, way_out in finding.detail) == ("failed", True)

    # Its lease would run out by itself, in five seconds.
    client.delete(KEYS.leader)
    said = here("reembed", "--models", pack).stderr

    assert "People: 7 before, 7 now, 7 of them known from before." in said
    assert "must not be used commercially" in said
    assert model_ids(collection) == {MODEL_ID}
    assert not client.exists(KEYS.reembed, KEYS.reembed_vectors, KEYS.provisional)
    with facestream.connect() as store:
        assert people(store) == before
        (face,) = store.find(copied.photos / "astronaut.jpg", models=str(pack))
    assert face.matches[0].sureness > 0.97


def test_what_is_got_ready_goes_with_whoever_is_forgotten_and_with_the_collection(
    here: Callable[..., Done],
    copied: Processed,
    folder: Path,
    pack: Path,
    server: RedisHandle,
    collection: IdentityStore,
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == "changing models":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reembed(str(pack), folder, tell=stop)
    client = server.client
    tracks = list(collection.tracks(collection.track_ids(identity_id="p1")))
    theirs = {i.encode() for track in tracks for i in track.sample_ids}
    ready = set(client.hkeys(KEYS.reembed_vectors))
    assert theirs & ready

    here("people", "forget", "p1", "--yes")

    assert set(client.hkeys(KEYS.reembed_vectors)) == ready - theirs
    # The others' is still of use.
    assert here("reembed", "--cancel", "--json").json() == {"collection": "default", "cancelled": True}
    assert not client.exists(KEYS.reembed, KEYS.reembed_vectors)
    assert "There was nothing to cancel." in here("reembed", "--cancel").stderr
    with pytest.raises(KeyboardInterrupt):
        reembed(str(pack), folder, tell=stop)
    here("collections", "drop", "default", "--yes")
    assert list(client.scan_iter("fs:*", 100)) == []


def test_an_interrupt_says_that_it_goes_on(
    here: Callable[..., Done], folder: Path, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ctrl-C comes while the models are at work.
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("facestream.models.reembedding.embed_crops", interrupted)
    assuming = shutil.copytree(pack, tmp_path / "assuming")
    manifest = assuming / "manifest.toml"
    manifest.write_text(f'assumed = ["rec.onnx: like ArcFace."]\n{manifest.read_text()}')
    said = here("reembed", "--models", assuming, "--yes", code=130).stderr
    assert said.split("\n")[0] == "rec.onnx: like ArcFace."
    assert said.split("\n")[1] == "What is recomputed is kept: the same command goes on from there."
    assert said.endswith("Interrupted.\n")


def test_nothing_is_changed_while_somebody_is_at_work(
    folder: Path, pack: Path, server: RedisHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facestream.models.reembedding.hold_collection", partial(hold_collection, wait_s=0.1))
    lease = Lease(server.client, KEYS.leader, ttl_s=60)
    assert lease.acquire()
    with pytest.raises(CollectionBusyError, match="Something is processing into collection 'default'"):
        reembed(str(pack), folder)


def test_what_a_run_left_is_taken_in_first_or_asked_for(
    folder: Path, pack: Path, server: RedisHandle, collection: IdentityStore
) -> None:
    queue = SampleQueue(server.client, KEYS)
    queue.send([LookAgainRequest("v-unknown")])
    server.client.hset(KEYS.meta, mapping={"pack": "a pack of mine", "models": "/gone"})
    with pytest.raises(FacestreamError, match=r"1 entries .* pack 'a pack of mine', which is not found"):
        reembed(str(pack), folder)
    assert model_ids(collection) == {"dlib-resnet29-v1"}
    server.client.hset(KEYS.meta, mapping={"pack": "open", "models": "open"})
    asked: list[ModelChange] = []
    done = facestream.reembed(str(pack), folder, before=asked.append)
    assert (queue.waiting(), len(done.people)) == (0, 7)
    assert asked == [done.change]
    assert model_ids(collection) == {MODEL_ID}


def test_a_track_without_any_picture_stays_with_its_person(
    here: Callable[..., Done], folder: Path, pack: Path, server: RedisHandle, collection: IdentityStore
) -> None:
    (track_id, *_) = collection.track_ids(identity_id="p3")
    (track,) = collection.tracks([track_id])
    for sample_id in track.sample_ids:
        server.client.hset(KEYS.sample(sample_id), "crop_jpeg", b"")
    before = collection.person("p3")

    said = here("reembed", "--models", pack, "--yes").stderr

    assert "1 track without any picture: they stay with their person, and are compared with nobody." in said
    after = collection.person("p3")
    assert before is not None
    assert after is not None
    assert (after.tracks, after.sightings) == (before.tracks, before.sightings)
    assert track_id not in collection.template_ids()
    moved = pack.rename(pack.with_name("moved"))
    lost = here("people", "forget", "p3", "--yes", code=1).stderr
    assert "was made with the model pack 'turned', which is not found any more" in lost
    assert "Say where it is with --models NAME|FOLDER" in lost
    here("people", "forget", "p3", "--yes", "--models", moved)
    assert list(collection.tracks([track_id])) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "say what to do: --models NAME|FOLDER for other models, or --cancel"),
        (["--models", "open", "--cancel"], 2, "say what to do"),
        (["--models", "nothing"], 1, "no model pack 'nothing'"),
        (["--models", "open"], 1, "there is no collection 'default'"),
        (["--cancel"], 1, "there is no collection 'default'"),
        (["--models", "open", "--collection", "a b"], 2, "Choose another --collection"),
    ],
)
def test_what_can_not_be_done_is_said(
    here: Callable[..., Done], words: list[str], code: int, said: str
) -> None:
    assert said in here("reembed", *words, code=code).stderr
