"""docs/redis.md is a contract: it must say what the code does."""

import ast
import dataclasses
import importlib
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import redis
from records import a_camera, a_recluster, a_sample, a_source, a_track, a_webhook

from storage.camera_leases import CameraLeases
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.camera_view import CameraView, ViewedFace
from storage.camera_view_store import CameraViewStore
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.decision_log import DecisionLog
from storage.decision_record import Decision, DecisionKind, Side
from storage.effects import Effects
from storage.erasure_record import ErasureRecord
from storage.errors import ModelChangeError
from storage.frame_streams import FrameStreams, Outgoing
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.job_record import Job, new_job_id
from storage.job_store import JobStore
from storage.keys import SCHEMA, Keys
from storage.lease import Lease
from storage.look_mark import LookMark
from storage.remote_cameras import RemoteCameras
from storage.remote_frame import RemoteFrame, RemotePackets
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    Extent,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
    RetryRequest,
)
from storage.retention_policy import RetentionPolicy
from storage.sample_queue import SampleQueue
from storage.sighting_record import Sighting
from storage.source_claims import SourceClaims
from storage.source_record import SegmentDone
from storage.staged_vectors import StagedVectors
from storage.template_record import encode_template, template_dtype
from storage.token_record import Scope
from storage.token_store import TokenStore
from storage.track_record import STORED_OBSERVATION
from storage.webhook_record import WebhookState
from storage.webhook_store import WebhookStore

PAGE = (Path(__file__).parents[2] / "docs" / "redis.md").read_text()
KEYS = Keys("default")


def fill(client: redis.Redis) -> None:
    """One of everything."""
    store, queue = IdentityStore(client, KEYS), SampleQueue(client, KEYS)
    lease = Lease(client, KEYS.leader, ttl_s=60)
    lease.ask()
    assert lease.acquire()
    store.claim_model(
        "dlib@1", {"pack": "open", "models": "open", "licence": "CC0-1.0", "commercial_use": "1"}
    )
    store.choose_clustering("average")
    source = store.register_source(a_source())
    queue.prepare()
    client.xadd(KEYS.samples, {"type": "banana"})
    segment = SegmentDone("v-1", 0, 60)
    identity_id = store.new_identity_id()
    person = Identity(identity_id, tracks=1, sightings=(Sighting("v-1", 0, 1),), thumbnails=("v-1.0.0.7",))
    effects = Effects(
        samples=[a_sample(), dataclasses.replace(a_sample(), sample_id="v-1.0.9.7", track_id="v-1.0.9")],
        tracks=[a_track()],
        assignments={"v-1.0.0": identity_id},
        provisional={"v-1.0.0": True},
        sources={"v-1": source.with_segment(segment)},
        identities=[person],
        members_added={identity_id: {"v-1.0.0"}},
        templates={"v-1.0.0": encode_template(a_sample().vector, 40.0, 2.0, photo=False)},
        changes=[IdentityChange(ChangeKind.CREATED, identity_id, "v-1.0.0")],
        reclustered=a_recluster(),
        unreadable=queue.receive("one"),
    )
    store.commit(effects, lease)
    log = DecisionLog(client, KEYS)
    assert log.rename(identity_id, "Ada")
    ignored = Decision(DecisionKind.IGNORE, (Side(identity_id),))
    assert log.append_ignore(ignored, 1, identity_id, on=True) == 2
    store.commit(Effects(applied=2), lease)
    gone = store.new_identity_id()
    store.commit(Effects(forgotten={gone}), lease)
    staged = StagedVectors(client, KEYS)
    staged.begin("arcface@1", {"pack": "other", "licence": "MIT", "commercial_use": "1"})
    staged.add(["v-1.0.0.7"], lambda samples: {sample.sample_id: sample.vector for sample in samples})
    dead_id = client.xrange(KEYS.dead)[0][0].decode()
    queue.send([RetryRequest(dead_id)])
    store.commit(Effects(unreadable=queue.receive("one")), lease)
    (dead_id,) = (entry_id.decode() for entry_id, _ in client.xrange(KEYS.dead))
    retry = RetryRequest(dead_id)
    for name, value in RetentionPolicy(30, math.inf, 90, 14, 30, files=False).encode().items():
        client.hset(KEYS.retention, name, value)
    kept_out = encode_template(a_sample().vector, 40.0, 2.0, photo=False)
    erased = Effects(
        erasures=[ErasureRecord("person", 1, 1)], kept_out={gone: kept_out}, returned={"v-1.0.1": True}
    )
    store.commit(erased, lease)
    client.hset(KEYS.meta, "rewritten_at_s", 0)
    requests = [
        retry,
        ReclusterRequest("end"),
        ForgetRequest(gone),
        EraseRequest(Extent.ALL),
        LookAgainRequest("v-1"),
        DecisionRequest(1),
    ]
    queue.send([a_sample(), a_track(), segment, *requests], faces=[a_sample()])
    cameras = CameraStore(client, KEYS)
    cameras.add(a_camera("door"))
    cameras.write_statuses([CameraStatus("door", "host-1", "streaming", 1.8e9)], ttl_s=600)
    tokens = TokenStore(client, KEYS)
    token = tokens.find(tokens.add("family", Scope.READ))
    assert token is not None
    tokens.note_use(token)
    tokens.open_session(token, 600)
    views = CameraViewStore(client, KEYS)
    views.ask("door")
    views.write(
        "door", CameraView("170", 1.8e9, 640, 360, (ViewedFace((1, 2, 3, 4), "c-door.1.0"),), b"JPEG")
    )
    JobStore(client, KEYS).add(Job(new_job_id(), "home", "film.mp4", "path", "/films/film.mp4"))
    LookMark(client, KEYS, "v-1").__enter__()
    assert SourceClaims(client, KEYS, lease_s=600).claim("v-1")
    readers = CameraLeases(client, KEYS, "edge-1", lease_s=600, lease_key=KEYS.camera_reader_lease)
    sends = readers.claim("door")
    assert sends is not None
    frame = RemoteFrame("c-door", 170, 6.8, 1.8e9, "ab12cd34", 34, b"JPEG")
    streams = FrameStreams(client, KEYS)
    packets = RemotePackets("h264", b"SPS", (b"KEYFRAME", b"NEXT"), (0,))
    packed = RemoteFrame("c-door", 175, 7.0, 1.8e9, "ab12cd34", 35, packets=packets)
    streams.send([Outgoing("door", sends, 5.0, each) for each in (frame, packed)])
    streams.delete("door", [], 6.6)
    RemoteCameras(client, KEYS).write_statuses([CameraStatus("door", "edge-1", "streaming", 1.8e9)])
    client.persist(KEYS.camera_frames("door"))
    client.persist(KEYS.camera_reader("door"))
    leases = CameraLeases(client, KEYS, "host-1", lease_s=600)
    webhooks = WebhookStore(client, KEYS)
    webhooks.add(a_webhook(), "1-0")
    webhooks.set_state(a_webhook().webhook_id, WebhookState("1-0"), ("p1", 1.8e9))
    webhooks.note_told_down(a_webhook().webhook_id, "door", 1.8e9)
    assert Lease(client, KEYS.webhook_lease, ttl_s=60).acquire()
    held = leases.claim("door")
    assert held is not None
    leases.renew([held])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A server of its own, with one of everything in the default collection."""
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("documented"))) as handle:
        fill(handle.client)
        yield handle


def test_names_every_key_with_its_type(own) -> None:  # type: ignore[no-untyped-def]
    rows = dict(re.findall(r"^\| `(fs:[^`]+)` \| ([a-z ]+) \|", PAGE, re.MULTILINE))
    types = {"sorted set": b"zset"}
    found = {}
    for key in own.client.scan_iter("*"):
        name = re.sub(
            r"^(fs:\{default\}:(?:identity|source|track|sample|webhook|looking)):[^:]+",
            r"\1:ID",
            key.decode(),
        )
        name = re.sub(r"^(fs:\{default\}:camera):[^:]+", r"\1:NAME", name)
        found[name] = own.client.type(key)
    assert found == {name: types.get(kind, kind.encode()) for name, kind in rows.items()}


def test_names_every_field(own) -> None:  # type: ignore[no-untyped-def]
    client = own.client
    fields: set[bytes] = {b"name"}
    # Their fields are ids and numbers.
    by_id = {
        name.encode()
        for name in (
            KEYS.people,
            KEYS.names,
            KEYS.templates,
            KEYS.kept_out,
            KEYS.assignments,
            KEYS.decisions,
            KEYS.reembed_vectors,
            KEYS.tokens,
            KEYS.tokens_used,
            KEYS.sessions,
            KEYS.jobs,
            KEYS.looking,
            KEYS.webhook_outages(a_webhook().webhook_id),
        )
    }
    for key in client.scan_iter("*"):
        if client.type(key) == b"hash" and key not in by_id:
            fields |= client.hgetall(key).keys()
        elif client.type(key) == b"stream":
            for _, entry in client.xrange(key):
                fields |= entry.keys()
    assert {name for name in fields if f"`{name.decode()}`" not in PAGE} == set()


def test_names_every_kind_of_change() -> None:
    for kind in ChangeKind:
        assert f"| `{kind.value}` |" in PAGE


def test_says_which_schema_it_describes() -> None:
    assert f"**schema {SCHEMA}**" in PAGE


@pytest.mark.parametrize(
    ("section", "dtype"),
    [("### track\n", STORED_OBSERVATION), ("### templates and assignments\n", template_dtype(128))],
)
def test_gives_the_layout_of_binary_records(section: str, dtype: np.dtype[np.void]) -> None:
    text = PAGE.split(section)[1].split("\n### ")[0]
    (written,) = re.findall(r"In NumPy: `([^`]+)`", text)
    assert np.dtype(ast.literal_eval(written)) == dtype
    offsets = re.findall(r"^\| (\d+) \| [\w ]+ \| `(\w+)`", text, re.MULTILINE)
    assert {name: int(offset) for offset, name in offsets} == {
        name: offset for name, (_, offset, *_) in (dtype.fields or {}).items()
    }


def test_everybody_at_once_says_what_it_promises(own) -> None:  # type: ignore[no-untyped-def]
    (row,) = own.client.hvals(KEYS.people)
    text = PAGE.split("### people and names\n")[1].split("\n### ")[0]
    facts = json.loads(row)
    assert {name for name in facts if f"`{name}`" not in text} == set()
    assert facts["sightings"] == [["v-1", 0.0, 1.0]]
    assert own.client.hgetall(KEYS.names) == {b"p1": b"Ada"}


def test_jobs_say_what_it_promises() -> None:
    text = PAGE.split("### Jobs\n")[1].split("\n## ")[0]
    assert {field.name for field in dataclasses.fields(Job) if f"`{field.name}`" not in text} == set()


def test_live_faces_say_what_it_promises(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("### Live view of a camera\n")[1].split("\n### ")[0]
    (face,) = json.loads(own.client.hget(KEYS.camera_view("door"), "faces"))
    assert {name for name in face if f"`{name}`" not in text} == set()


def test_decisions_say_what_it_promises(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("### decisions\n")[1].split("\n### ")[0]
    rows = {name for row in own.client.hvals(KEYS.decisions) for name in json.loads(row)}
    assert {"kind", "made_at_s", "sides", "name"} <= rows
    everything = {field.name for field in dataclasses.fields(Decision)} - {"number"}
    assert {name for name in everything if f"`{name}`" not in text} == set()
    for kind in DecisionKind:
        assert f"| `{kind.value}` |" in text


def test_tokens_and_sessions_say_what_it_promises(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("### tokens and sessions\n")[1].split("\n## ")[0]
    rows = own.client.hvals(KEYS.tokens) + own.client.hvals(KEYS.sessions)
    found = {name for row in rows for name in json.loads(row)}
    assert len(found) == 5
    assert {name for name in found if f"`{name}`" not in text} == set()


def test_a_template_is_read_as_it_says(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("### templates and assignments\n")[1].split("\n### ")[0]
    (written,) = re.findall(r"In NumPy: `([^`]+)`", text)
    (row,) = np.frombuffer(own.client.hget(KEYS.templates, "v-1.0.0"), ast.literal_eval(written))
    assert row["vector"].astype(np.float32) == pytest.approx(a_sample().vector, abs=1e-3)
    assert (row["size_px"], row["weight"], row["photo"]) == (40.0, 2.0, 0)
    assert own.client.hgetall(KEYS.assignments) == {b"v-1.0.0": b"p1"}


def test_who_is_provisional_is_asked_as_it_says(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("### provisional\n")[1].split("\n### ")[0]
    commands = re.findall(r"^\$ redis-cli -s SOCKET (.*)$", text, re.MULTILINE)
    words = [command.replace("'", "").replace("TRACK_ID", "v-1.0.0").split() for command in commands]
    assert [own.client.execute_command(*command) for command in words] == [1, 1, 1]
    (person,) = IdentityStore(own.client, KEYS).people()
    assert person.provisional


def test_names_every_type_of_entry(own) -> None:  # type: ignore[no-untyped-def]
    types = {raw[b"type"].decode() for _, raw in own.client.xrange(KEYS.samples)}
    assert len(types) == 9
    for name in types:
        assert f"| `{name}` | " in PAGE


def test_says_what_marks_a_collection_half_way_between_two_models(own) -> None:  # type: ignore[no-untyped-def]
    store = IdentityStore(own.client, KEYS)
    text = PAGE.split("### meta\n")[1].split("\n### ")[0]
    (marker,) = re.findall(r"^\| `(\w+)` \| `model_id` of the models that a change", text, re.MULTILINE)
    own.client.hset(KEYS.meta, marker, "arcface@1")
    try:
        with pytest.raises(ModelChangeError, match="'other'"):
            store.check_usable()
    finally:
        own.client.hdel(KEYS.meta, marker)
    store.check_usable()


def test_leaves_of_the_forgotten_what_it_says(own) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.split("## What is left of the forgotten\n")[1].split("\n## ")[0]
    left = own.client.hgetall(KEYS.identity("p2"))
    assert left == {b"identity_id": b"p2", b"forgotten": b"1"}
    assert f"`identity:ID` with {' and '.join(f'`{name.decode()}`' for name in left)}" in text


def test_its_examples_use_options_that_there_are() -> None:
    commands = [importlib.import_module(f"facestream.commands.{name}").command for name in ("redis", "run")]
    ours = {option for command in commands for given in command.params for option in given.opts}
    mentioned = set(re.findall(r"`(--?[a-z][\w-]*)[ `]", PAGE))
    assert len(mentioned) >= 3
    assert mentioned <= ours
    examples = re.findall(r"^\$ facestream (\S+)(.*)$", PAGE, re.MULTILINE)
    assert len(examples) >= 5
    for name, arguments in examples:
        assert name == "redis"
        assert set(re.findall(r"(?<= )--?[a-z][\w-]*", arguments)) <= ours


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli on the PATH")
def test_its_examples_use_options_that_redis_cli_has() -> None:
    # Some versions write their help to one, some to the other.
    asked = subprocess.run(["redis-cli", "--help"], capture_output=True, text=True, check=False)
    known = set(re.findall(r"^ +(--?\w[\w-]*)", asked.stdout + asked.stderr, re.MULTILINE))
    examples = re.findall(r"^\$ redis-cli (.*)$", PAGE, re.MULTILINE)
    assert len(examples) >= 4
    for arguments in examples:
        assert set(re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", arguments)) <= known


def test_its_scan_finds_all_collections(own) -> None:  # type: ignore[no-untyped-def]
    (pattern,) = re.findall(r"--scan --pattern '(.*)'", PAGE)
    IdentityStore(own.client, Keys("another.one-2")).claim_model("dlib@1", {})
    try:
        found = set(own.client.scan_iter(pattern))
    finally:
        own.client.delete(Keys("another.one-2").meta)
    assert found == {b"fs:{default}:meta", b"fs:{another.one-2}:meta"}


def test_its_python_example_runs(own, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    code = example.replace("SOCKET", str(own.socket_path))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    told = ["p1 1 0.0", "  a face of 128 numbers", "  /films/a.mp4 0.0 s to 1.0 s"]
    assert done.stdout.splitlines() == told
    assert (tmp_path / "p1.jpg").read_bytes() == a_sample().crop_jpeg
    # Where pictures are over age, there is none to look at.
    before = own.client.hget("fs:{default}:identity:p1", "thumbnails")
    own.client.hset("fs:{default}:identity:p1", "thumbnails", "")
    again = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    own.client.hset("fs:{default}:identity:p1", "thumbnails", before)
    assert (again.stdout.splitlines(), again.stderr) == ([told[0], told[2]], "")
