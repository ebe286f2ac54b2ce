"""Sealing of values in Redis, and the keys for it."""

from __future__ import annotations

import base64
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_sample, face_samples

from storage.data_key_file import KEY_FILE, KEY_FILE_VARIABLE, KEY_VARIABLE, add_key, keys_in_file
from storage.data_keys import (
    MAGIC,
    NO_DATA_KEYS,
    OVERHEAD_BYTES,
    PLAIN,
    DataKeys,
    key_id,
    sealed_with,
)
from storage.errors import DataKeyError, RecordError
from storage.sample_record import FaceSample
from storage.template_record import encode_template

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
KEYS = DataKeys(lambda: [ONE, TWO], "here")
SEAL = KEYS.sealing(key_id(ONE).encode())


def written(*keys: bytes) -> str:
    return "\n".join(base64.b64encode(key).decode() for key in keys)


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_was_sealed_opens_where_it_belongs_and_is_nowhere_to_be_seen(value: bytes, context: str) -> None:
    sealed = SEAL.seal(value, context)

    assert KEYS.open(sealed, context) == value
    if value:
        assert sealed.startswith(MAGIC)
        assert len(sealed) == len(value) + OVERHEAD_BYTES
        assert sealed_with(sealed) == key_id(ONE)
        assert sealed != SEAL.seal(value, context)
    if len(value) > 8:
        assert value not in sealed


@given(st.binary(min_size=1, max_size=50), st.data())
def test_what_was_cut_off_does_not_open(value: bytes, data: st.DataObject) -> None:
    sealed = SEAL.seal(value, "sample a vector")
    whole = data.draw(st.integers(len(MAGIC), len(sealed) - 1))
    with pytest.raises(RecordError, match=r"cut off|changed since"):
        KEYS.open(sealed[:whole], "sample a vector")


@given(st.binary(min_size=1, max_size=50), st.data())
def test_what_was_changed_or_put_elsewhere_does_not_open(value: bytes, data: st.DataObject) -> None:
    sealed = bytearray(SEAL.seal(value, "sample a vector"))
    with pytest.raises(RecordError, match="another place"):
        KEYS.open(bytes(sealed), "sample b vector")
    # Behind the key's id, whose change means another key.
    at = data.draw(st.integers(len(MAGIC) + 4, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RecordError, match="changed since"):
        KEYS.open(bytes(sealed), "sample a vector")


@given(st.integers(0, OVERHEAD_BYTES))
def test_what_was_cut_short_does_not_open(length: int) -> None:
    cut = SEAL.seal(b"a vector", "here")[:length]
    if len(cut) < len(MAGIC):
        assert KEYS.open(cut, "here") == cut
    else:
        with pytest.raises((RecordError, DataKeyError)):
            KEYS.open(cut, "here")


@given(face_samples())
def test_a_sealed_sample_reads_as_it_was_and_shows_neither_vector_nor_picture(sample: FaceSample) -> None:
    raw = {
        name.encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in sample.encode(SEAL).items()
    }
    assert sealed_with(raw[b"vector"]) == key_id(ONE)
    assert sealed_with(raw[b"crop_jpeg"]) == (key_id(ONE) if sample.crop_jpeg else "")

    back = FaceSample.decode(raw, KEYS)

    np.testing.assert_allclose(back.vector, sample.vector, atol=1e-3)
    assert back.crop_jpeg == sample.crop_jpeg
    with pytest.raises(DataKeyError, match=key_id(ONE)):
        FaceSample.decode(raw)
    with pytest.raises(RecordError):
        FaceSample.decode({**raw, b"sample_id": b"another"}, KEYS)


def test_nothing_that_is_stored_readable_looks_sealed() -> None:
    template = encode_template(a_sample().vector, 40.0, 2.0, photo=False)
    for value in (a_sample().vector.astype("<f2").tobytes(), template, b"\xff\xd8\xff\xe0 JPEG", b""):
        assert PLAIN.seal(value, "here") == value
        assert KEYS.open(value, "here") == value
        assert sealed_with(value) == ""
    # Its bytes are no number, so that no vector and no template that is whole begins so.
    assert np.isnan(np.frombuffer(MAGIC[:4], "<f2")).all()
    assert np.isnan(np.frombuffer(MAGIC[:4], "<f4")).all()


def test_a_missing_key_is_named_with_what_to_do() -> None:
    sealed = SEAL.seal(b"a vector", "here")
    only_two = DataKeys(lambda: [TWO], "/run/secrets/faces")
    for keys, holds in ((only_two, key_id(TWO)), (NO_DATA_KEYS, "none")):
        with pytest.raises(DataKeyError) as caught:
            keys.open(sealed, "here")
        told = str(caught.value)
        assert key_id(ONE) in told
        assert holds in told
        assert KEY_FILE_VARIABLE in told
        assert caught.value.key_id == key_id(ONE)


def test_keys_come_from_the_variable_the_file_it_names_or_the_data_folder(tmp_path: Path) -> None:
    mounted = tmp_path / "faces"
    mounted.write_text("# the new one, then the old one\n" + written(TWO, ONE))
    mounted.chmod(0o440)
    add_key(tmp_path / KEY_FILE)
    own = key_id(keys_in_file(tmp_path / KEY_FILE)[0])
    named, given_here = {KEY_FILE_VARIABLE: str(mounted)}, {KEY_VARIABLE: written(ONE)}

    assert DataKeys.of(tmp_path, {}).ids() == (own,)
    assert DataKeys.of(tmp_path, named).ids() == (key_id(TWO), key_id(ONE))
    assert DataKeys.of(tmp_path, named | given_here).ids() == (key_id(ONE),)
    assert DataKeys.of(tmp_path / "none", {}).ids() == ()


def test_a_key_that_is_added_comes_first_and_those_who_run_come_to_know_it(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    first = add_key(path)
    keys = DataKeys.of(tmp_path, {})
    assert keys.ids() == (key_id(first),)

    second = add_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys_in_file(path) == [second, first]
    keys.sealing(key_id(second).encode())
    # Beside it lies what one locks who adds a key, and nothing else.
    assert {file.name for file in tmp_path.iterdir()} == {KEY_FILE, f".{KEY_FILE}.lock"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_no_key_is_lost_where_several_are_added_at_once(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: add_key(path), range(24)))
    assert set(keys_in_file(path)) == set(added)
    assert len(set(added)) == 24


def test_no_key_is_lost_to_a_file_that_gets_too_long(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(f"{written(ONE)}\n" * 220)
    path.chmod(0o600)
    before = keys_in_file(path)
    with pytest.raises(DataKeyError, match="too long"):
        add_key(path)
    assert keys_in_file(path) == before


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (written(ONE), 0o644, "chmod 600"),
        ("secret words of somebody", 0o600, "base64"),
        (base64.b64encode(b"short and secret").decode(), 0o600, "16 bytes"),
        ("# nothing\n", 0o600, "openssl rand"),
        (f"{written(ONE)}\n" * 400, 0o600, "too long"),
    ],
)
def test_a_key_file_that_can_not_be_used_is_refused_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str, mode: int, says: str
) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(mode)
    with caplog.at_level(logging.DEBUG), pytest.raises(DataKeyError, match=says) as caught:
        DataKeys.of(tmp_path, {}).ids()
    assert str(path) in str(caught.value)
    for word in (*content.split(), "secret"):
        if len(word) > 6:
            assert word not in str(caught.value) + caplog.text
