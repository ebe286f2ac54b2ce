import base64
import os
import secrets
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import SealError, StorageError
from storage.sealing import KEY_FILE, KEY_FILE_VARIABLE, KEY_VARIABLE, Seal, open_seal

URL = "rtsp://user:S3cret@host/live"
SEAL = Seal(bytes(range(32)))
OTHER = Seal(bytes(32))


@given(st.text(), st.text(max_size=30))
def test_what_was_sealed_comes_out_again(text: str, context: str) -> None:
    sealed = SEAL.seal(text, context)
    assert sealed.isascii()
    assert SEAL.open(sealed, context) == text


def test_no_two_seals_look_alike() -> None:
    assert len({SEAL.seal(URL, "door") for _ in range(20)}) == 20
    assert "S3cret" not in SEAL.seal(URL, "door")


def refused(seal: Seal, sealed: str, context: str) -> str:
    with pytest.raises(SealError) as caught:
        seal.open(sealed, context)
    told = "".join(traceback.format_exception(caught.value))
    assert "S3cret" not in told
    assert sealed == "" or sealed not in told
    return str(caught.value)


def test_another_key_is_told_with_the_way_out() -> None:
    told = refused(OTHER, SEAL.seal(URL, "camera door"), "camera door")
    assert "camera door" in told
    assert f"Set {KEY_VARIABLE}" in told
    assert f"copy the file {KEY_FILE}" in told


def test_what_was_sealed_for_one_camera_opens_for_no_other() -> None:
    refused(SEAL, SEAL.seal(URL, "camera door"), "camera garden")


@given(st.integers(2, 10_000), st.characters(codec="ascii"))
def test_no_character_can_be_changed(place: int, new: str) -> None:
    sealed = SEAL.seal(URL, "door")
    place %= len(sealed)
    changed = sealed[:place] + new + sealed[place + 1 :]
    if changed != sealed:
        refused(SEAL, changed, "door")


def test_other_ways_to_write_the_same_bytes_are_changes() -> None:
    ways = 0
    for _ in range(100):
        sealed = SEAL.seal(URL, "door")
        # The last character before the padding holds bits that mean nothing.
        assert sealed.endswith("=")
        assert not sealed.endswith("==")
        last = base64.urlsafe_b64encode(base64.urlsafe_b64decode(f"AA{sealed[-2]}=")).decode()[2]
        assert sealed[-2] == last
        refused(SEAL, f"{sealed[:-2]}{chr(ord(last) + 1)}=", "door")
        for one, other in ("-+", "_/"):
            if one in sealed:
                refused(SEAL, sealed.replace(one, other, 1), "door")
                ways += 1
    assert ways > 0


@pytest.mark.parametrize("sealed", ["", "1:", "1:AAAA", "1:é", "2:AAAA", URL])
def test_what_nobody_sealed_is_refused(sealed: str) -> None:
    refused(SEAL, sealed, "door")


def test_a_key_is_made_once_private_and_used_from_then_on(tmp_path: Path) -> None:
    sealed = open_seal(tmp_path, {}, create=True).seal(URL, "door")
    file = tmp_path / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    assert open_seal(tmp_path, {}, create=True).open(sealed, "door") == URL
    assert open_seal(tmp_path, {}).open(sealed, "door") == URL
    assert list(tmp_path.iterdir()) == [file]


def test_processes_that_make_a_key_at_the_same_moment_end_up_with_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seals = list(pool.map(lambda _: open_seal(tmp_path, {}, create=True), range(8)))
    sealed = seals[0].seal(URL, "door")
    assert {seal.open(sealed, "door") for seal in seals} == {URL}
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_no_key_is_made_where_one_is_needed_that_others_have(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="There is no key") as caught:
        open_seal(tmp_path, {})
    assert KEY_VARIABLE in str(caught.value)
    assert str(tmp_path / KEY_FILE) in str(caught.value)
    assert isinstance(caught.value, StorageError)
    assert list(tmp_path.iterdir()) == []


def test_the_key_of_the_environment_wins(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    environ = {KEY_VARIABLE: base64.b64encode(key).decode() + "\n"}
    sealed = open_seal(tmp_path, environ, create=True).seal(URL, "door")
    assert Seal(key).open(sealed, "door") == URL
    assert list(tmp_path.iterdir()) == []
    open_seal(tmp_path, {}, create=True)
    assert open_seal(tmp_path, environ).open(sealed, "door") == URL


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("S3cret not base64!", "holds no base64"),
        ("S3cr", "holds 3 bytes as base64, not 32"),
        (base64.b64encode(bytes(31)).decode(), "holds 31 bytes"),
        (base64.b64encode(bytes(33)).decode(), "holds 33 bytes"),
        ("é" * 40, "holds no base64"),
    ],
)
def test_a_malformed_key_is_told_and_not_shown(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / KEY_FILE
    file.write_text(written)
    file.chmod(0o600)
    for environ, what in (({KEY_VARIABLE: written}, KEY_VARIABLE), ({}, str(file))):
        with pytest.raises(SealError, match=said) as caught:
            open_seal(tmp_path, environ)
        assert what in str(caught.value)
        assert "openssl rand -base64 32" in str(caught.value)
        assert written not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    open_seal(tmp_path, {}, create=True)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(SealError, match="chmod 600"):
        open_seal(tmp_path, {})


def test_a_key_file_that_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(SealError, match=f"{KEY_FILE} can't be read: Is a directory"):
        open_seal(tmp_path, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_no_key_file_can_be_made_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SealError, match="can't be made"):
        open_seal(tmp_path, {}, create=True)


def test_a_file_that_the_environment_names_may_be_readable_by_others(tmp_path: Path) -> None:
    mounted, environ = tmp_path / "mounted", {KEY_FILE_VARIABLE: str(tmp_path / "mounted")}
    mounted.write_text(base64.b64encode(bytes(32)).decode() + "\n")
    mounted.chmod(0o444)
    sealed = open_seal(tmp_path / "nowhere", environ).seal("rtsp://camera", "door")
    # The data folder's own key is not asked then, and the key itself wins over a file.
    open_seal(tmp_path, {}, create=True)
    assert open_seal(tmp_path, environ).open(sealed, "door") == "rtsp://camera"
    with pytest.raises(SealError, match="another key"):
        open_seal(tmp_path, environ | {KEY_VARIABLE: base64.b64encode(bytes([1] * 32)).decode()}).open(
            sealed, "door"
        )


def test_a_file_that_the_environment_names_and_is_not_there_is_told(tmp_path: Path) -> None:
    environ = {KEY_FILE_VARIABLE: str(tmp_path / "missing")}
    with pytest.raises(
        SealError, match=f"missing that {KEY_FILE_VARIABLE} names can't be read: No such file"
    ):
        open_seal(tmp_path, environ, create=True)
    (tmp_path / "missing").write_text("S3cret not base64!")
    with pytest.raises(SealError, match="holds no base64") as caught:
        open_seal(tmp_path, environ)
    assert "S3cret" not in "".join(traceback.format_exception(caught.value))
