"""facestream encryption: on, rotated and off, and what is asked of the key."""

from __future__ import annotations

import base64
import logging
import secrets
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import collections_made
import cv2
import pytest
from command_runs import Done, Processed

import facestream
from facestream.collection.encrypting import change
from facestream.configuration.settings import Place
from facestream.demo_video import GROUP
from storage.connection import RedisHandle, open_redis
from storage.data_key_file import KEY_FILE, KEY_FILE_VARIABLE, KEY_VARIABLE
from storage.data_keys import MAGIC, key_id
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.template_record import encode_template

KEYS = Keys("default")
SAMPLE_ID = f"{collections_made.DATED}.0.0.s"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[RedisHandle]:
    """A collection in the data folder of `here`, whose server is kept up."""
    folder = collections_made.fill(tmp_path / "data")
    with open_redis(None, DataFolder(folder)) as handle:
        store = IdentityStore(handle.client, KEYS)
        for sample in store.samples([SAMPLE_ID]):
            template = encode_template(sample.vector, 80.0, 1.0, photo=False)
            handle.client.hset(KEYS.templates, sample.track_id, template)
            dead = {"type": "sample", **sample.encode(), "dead_reason": "canary", "dead_at_s": "1"}
            handle.client.xadd(KEYS.dead, dead)
        yield handle


def canaries(handle: RedisHandle) -> dict[str, bytes]:
    """Bytes of a vector, and of its picture."""
    (sample,) = IdentityStore(handle.client, KEYS).samples([SAMPLE_ID])
    return {"vector": sample.vector.astype("<f2").tobytes()[:64], "picture": sample.crop_jpeg}


def files_with(folder: Path, wanted: dict[str, bytes]) -> dict[str, set[str]]:
    """Names of the files in which each of these bytes stand."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {name: {p.name for p in files if piece in p.read_bytes()} for name, piece in wanted.items()}


def test_no_file_of_an_encrypted_collection_shows_a_face(
    here: Callable[..., Done], filled: RedisHandle, tmp_path: Path
) -> None:
    data, wanted = tmp_path / "data", canaries(filled)
    here("people", "--json")
    before = files_with(data, wanted)
    assert any(name.endswith(".aof") for name in before["vector"])
    assert "p1.jpg" in before["picture"], "what is not found before proves nothing after"

    done = here("encryption", "on", "--json").json()

    assert done["encrypted"]
    assert done["history_erased"]
    assert done["rewritten"] == {"samples": 8, "templates": 1, "dead": 1, "damaged": 0}
    # Whoever looks at people from now on writes none of their faces down.
    assert "Ada" in here("people", "--json").stdout
    assert files_with(data, wanted) == {"vector": set(), "picture": set()}
    # They are seen all the same by those who ask for them.
    here("people", "export-all", "p1", "-o", tmp_path / "ada.zip")
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert wanted["picture"] in [archive.read(name) for name in archive.namelist()]

    here("backup", tmp_path / "faces.backup")
    assert files_with(tmp_path, {"backup": wanted["picture"]}) == {"backup": set()}

    rotated = here("encryption", "rotate", "--json").json()
    assert (rotated["before"], rotated["rewritten"]["samples"]) == (done["key_id"], 8)
    assert here("encryption", "--json").json()["keys"] == [rotated["key_id"], done["key_id"]]
    assert files_with(data, wanted) == {"vector": set(), "picture": set()}

    here("encryption", "off", code=2)
    assert not here("encryption", "off", "--yes", "--json").json()["encrypted"]
    assert all(files_with(data, wanted).values())
    assert "not encrypted" in here("encryption").stdout


def test_without_the_key_one_clear_error_and_nothing_by_halves(
    here: Callable[..., Done], filled: RedisHandle, tmp_path: Path
) -> None:
    key = here("encryption", "on", "--json").json()["key_id"]
    (tmp_path / "data" / KEY_FILE).rename(tmp_path / "elsewhere")

    for words in ("people", "tracks list", "report", "people export-all p1 -o p1.zip"):
        told = here(*words.split(), code=1)
        assert told.stdout == ""
        assert key in told.stderr
        assert KEY_FILE_VARIABLE in told.stderr
    for action in ("rotate", "off"):
        assert key in here("encryption", action, "--yes", code=1).stderr
    assert not (tmp_path / "data" / KEY_FILE).exists()
    state = here("encryption", "status", "--json", code=1).json()
    assert (state["key_id"], state["keys"], key in state["problem"]) == (key, [], True)

    # A backup is sealed as it is, and opens where the key is.
    here("backup", tmp_path / "faces.backup")
    restored = here("restore", tmp_path / "faces.backup", "--collection", "copy", "--json")
    assert key in restored.json()["sealed_faces"]
    assert "Warning: this collection is encrypted" in restored.stderr
    here("people", "--collection", "copy", code=1)
    (tmp_path / "elsewhere").rename(tmp_path / "data" / KEY_FILE)
    assert "Ada" in here("people", "--collection", "copy").stdout
    assert here("people", "export-all", "p1", "--collection", "copy", "-o", tmp_path / "p1.zip").code == 0
    assert filled.client.hget(KEYS.meta, "data_key").decode() == key


def test_a_key_of_ones_own_is_rotated_by_putting_a_new_one_in_front(
    here: Callable[..., Done], filled: RedisHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    file = tmp_path / "mounted"
    file.touch(0o600)
    file.write_text(base64.b64encode(one).decode())
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(file))
    SampleQueue(filled.client, KEYS).send(
        [], faces=list(IdentityStore(filled.client, KEYS).samples([SAMPLE_ID]))
    )

    assert "1 entries of the log `faces`" in here("encryption", "on", code=2).stderr
    assert here("encryption", "on", "--yes", "--json").json()["key_id"] == key_id(one)
    assert filled.client.xlen(KEYS.faces) == 0
    assert "already" in here("encryption", "on").stderr
    assert "openssl rand" in here("encryption", "rotate", code=2).stderr
    file.write_text("\n".join(base64.b64encode(key).decode() for key in (two, one)))
    assert here("encryption", "rotate", "--json").json()["key_id"] == key_id(two)
    file.write_text(base64.b64encode(two).decode())
    assert "Ada" in here("people").stdout
    assert not (tmp_path / "data" / KEY_FILE).exists()


def test_a_change_that_was_stopped_is_told_of_and_finished(
    here: Callable[..., Done], filled: RedisHandle
) -> None:
    first = here("encryption", "on", "--json").json()["key_id"]
    # As it is where the process was killed before its last step.
    filled.client.hset(KEYS.meta, "data_key_before", "")
    filled.client.hset(KEYS.sample(SAMPLE_ID), "crop_jpeg", b"\xff\xd8 readable still")

    assert "`encryption on` finishes it" in here("encryption", code=1).stdout
    assert "Finish it first" in here("encryption", "off", "--yes", code=2).stderr
    done = here("encryption", "on", "--json").json()
    assert (done["key_id"], done["rewritten"]["samples"]) == (first, 1)
    assert here("encryption", "--json").json()["changing"] is False


def test_the_key_is_nowhere_but_where_it_was_given(
    here: Callable[..., Done],
    filled: RedisHandle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = secrets.token_bytes(32)
    written = base64.b64encode(key).decode()
    monkeypatch.setenv(KEY_VARIABLE, written)
    with caplog.at_level(logging.DEBUG):
        told = [here("encryption", "on", "--debug"), here("encryption", "--json"), here("people", "-v")]
        monkeypatch.setenv(KEY_VARIABLE, written[:-4])
        told += [here("encryption", "rotate", code=1), here("people", "--debug", code=1)]

    said = caplog.text + "".join(done.stdout + done.stderr for done in told)
    wanted = {"text": written[:20].encode(), "bytes": key, "hex": key.hex().encode()}
    assert not any(piece in said.encode() for piece in wanted.values())
    assert files_with(tmp_path, wanted) == {name: set() for name in wanted}
    assert key_id(key) in said


def found_in(data_dir: Path, photo: Path) -> list[list[tuple[str, float]]]:
    """People whom a photo may show, and how sure that is, face by face."""
    with facestream.connect(data_dir) as store:
        return [[(match.person.id, match.sureness) for match in face.matches] for face in store.find(photo)]


def test_people_are_found_in_an_encrypted_collection_as_in_any(copied: Processed, tmp_path: Path) -> None:
    data_dir, photo, mirrored = copied.cli.data_dir, GROUP.path(), tmp_path / "mirrored.png"
    cv2.imwrite(str(mirrored), cv2.flip(cv2.imread(str(photo)), 1))
    with open_redis(None, DataFolder(data_dir)) as handle:
        before = found_in(data_dir, photo)
        assert len(before) > 1
        assert change(Place.of(data_dir), "on").changed
        assert found_in(data_dir, photo) == before
        known = handle.client.hlen(KEYS.templates)
        copied.cli("run", mirrored)
        values = [*handle.client.hvals(KEYS.templates)]
        assert len(values) > known
        values += [handle.client.hget(name, "vector") for name in handle.client.scan_iter(KEYS.sample("*"))]
        assert all(value.startswith(MAGIC) for value in values)


def test_no_key_is_made_before_it_is_said(copied: Processed) -> None:
    cli, key = copied.cli, "fs:{default}:samples"
    # Something waits to be taken in.
    cli("redis", "--write", "XADD", key, "*", "type", "sample")
    assert "wait" in cli("encryption", "on", code=1).stderr
    assert not (cli.data_dir / "data.key").exists()
    cli("redis", "--write", "XTRIM", key, "MAXLEN", "0")
    assert "Keep a copy" in cli("encryption", "on").stderr
    assert (cli.data_dir / "data.key").exists()


def test_encryption_may_be_turned_on_before_anything_is_found(here: Callable[..., Done]) -> None:
    assert "no collection" in here("encryption", code=1).stderr
    done = here("encryption", "on", "--json").json()
    assert done["rewritten"] == {"samples": 0, "templates": 0, "dead": 0, "damaged": 0}
    assert here("encryption", "--json").json()["key_id"] == done["key_id"]
    assert here("people", "--json").json() == []
