"""Whatever a text says, it is understood or refused in words, and shows no password."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from fuzzing import bad_values, fuzzed, mutations, refusal, slowly_fuzzed
from hypothesis import given
from hypothesis import strategies as st

from facestream.cameras.camera_file import read_cameras
from facestream.configuration.settings_file import SettingsFile
from facestream.errors import SettingsError, UsageError
from facestream.jobs.uploads import safe_name
from facestream.log_format import redacted
from facestream.network.outbound import Target
from facestream.processes.hidden_arguments import masked
from storage.connection import open_redis
from storage.entry_id import is_entry_id, order
from storage.errors import SealError, StorageError
from storage.keys import check_camera_name
from storage.redaction import redact_url
from storage.sealing import Seal
from stream.camera_url import CameraUrl
from stream.errors import CameraUrlError
from workers.errors import ManifestError
from workers.models.manifest import FILE_NAME, read_manifest
from workers.models.pack import find_pack
from workers.models.web_address import shown_url

ROOT = Path(__file__).parent.parent.parent
MANIFEST = (find_pack("open") / FILE_NAME).read_bytes()
# The whole file that the guide shows.
SETTINGS = (ROOT / "docs" / "settings.md").read_text().split("```toml\n")[1].split("```")[0].encode()
CAMERAS = b"""[[camera]]
name = "door"
url = "rtsp://admin:{env:PW}@host:554/live?x=1"
sub_url = "rtsp://host/sub"
fps = 2.5
min_face = 30
zones = ["0,0 50%,0 50%,100%"]
paused = true
[[camera]]
name = 'yard'
url = 'synthetic://people?width=64'
"""
SECRET = "S3cret"
SEAL = Seal(b"k" * 32)

anything = st.text(max_size=60) | bad_values.map(lambda value: value.decode("utf-8", "replace"))
schemes = st.sampled_from(["redis", "rediss", "unix", "rtsp", "rtsps", "http", "https", "synthetic", "x", ""])
joints = st.sampled_from(
    ["://", ":/", ":", "//", "@", "/", "?", "#", "[", "]", "%", "%2", "&", "=", ".", " ", "\\", ","]
)
url_like = st.tuples(schemes, st.just("://"), st.lists(joints | anything, max_size=8).map("".join)).map(
    "".join
)
# Around a password, which nobody escaped, or somebody did.
secrets = st.text("/@:?#[]%& \\.,=!$é", max_size=4).map(lambda text: f"{SECRET}{text}{SECRET}")
hosts = st.sampled_from(["host", "host.example:554", "127.0.0.1", "[::1]:80", ""])
with_secret = st.builds(
    lambda scheme, user, secret, host, path, escaped: (
        f"{scheme}://{user}:{quote(secret, safe='') if escaped else secret}@{host}{path}"
    ),
    schemes,
    st.sampled_from(["admin", "", "a%20b", "u@x"]),
    secrets,
    hosts,
    st.sampled_from(["", "/", "/live", "/a@b", "/live?x=1@2", "/0"]),
    st.booleans(),
)


@slowly_fuzzed
@given(st.data())
def test_manifests(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / FILE_NAME).write_bytes(data.draw(mutations(MANIFEST) | bad_values))
    said = refusal(lambda: read_manifest(tmp_path), ManifestError)
    assert not said or str(tmp_path) in said


@fuzzed
@given(st.data())
def test_settings_files(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "facestream.toml"
    file.write_bytes(data.draw(mutations(SETTINGS) | bad_values))
    said = refusal(lambda: SettingsFile.read(file), SettingsError)
    assert not said or str(file) in said


@fuzzed
@given(st.data())
def test_files_of_cameras(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "cameras.toml"
    file.write_bytes(data.draw(mutations(CAMERAS) | bad_values))
    said = refusal(lambda: read_cameras(file, {}), SettingsError)
    assert not said or str(file) in said


@fuzzed
@given(anything | url_like)
def test_urls(url: str) -> None:
    assert isinstance(redact_url(url), str)
    assert isinstance(shown_url(url), str)
    assert isinstance(redacted(url), str)
    assert len(masked(url.encode("utf-8", "replace"))) == len(url.encode("utf-8", "replace"))
    refusal(lambda: CameraUrl.parse(url).masked, CameraUrlError)
    refusal(lambda: Target.parse(url).masked, UsageError)


@pytest.mark.parametrize(
    "piece", ["x", "a:", '{"a":', "://", "http://a", "@", ":@", "a@b:", "fst_", "1-", "%", "a=", "[", "\0:"]
)
def test_long_ones_take_no_time(piece: str) -> None:
    url = piece * (200_000 // len(piece))
    began_s = time.process_time()
    for shown in (redact_url, shown_url, redacted):
        shown(url)
    masked(url.encode())
    refusal(lambda: CameraUrl.parse(url).masked, CameraUrlError)
    refusal(lambda: Target.parse(url).masked, UsageError)
    assert time.process_time() - began_s < 5


@fuzzed
@given(with_secret)
def test_urls_that_hold_a_password(url: str) -> None:
    assert SECRET not in redact_url(url)
    assert SECRET.lower() not in shown_url(url).lower()
    assert SECRET.encode() not in masked(url.encode())
    shown: list[str] = []
    shown.append(refusal(lambda: shown.append(CameraUrl.parse(url).masked), CameraUrlError))
    shown.append(refusal(lambda: shown.append(Target.parse(url).masked), UsageError))
    assert not [text for text in shown if SECRET.lower() in text.lower()]


@slowly_fuzzed
@given(url_like)
def test_urls_of_redis_lead_somewhere_or_are_refused(url: str) -> None:
    # Names of hosts are looked up, and others connected to: nothing that could be one.
    assert refusal(lambda: open_redis(f"unix:///nowhere/{url}", None, timeout_s=0.01), StorageError)


@fuzzed
@given(anything | st.from_regex(r"[0-9]{1,22}-[0-9]{0,22}"))
def test_ids_of_events(written: str) -> None:
    assert isinstance(is_entry_id(written), bool)
    if is_entry_id(written):
        milliseconds, number = order(written)
        assert 0 <= milliseconds < 2**64
        assert 0 <= number < 2**64


@fuzzed
@given(anything)
def test_names_of_files_that_are_sent(written: str) -> None:
    name = safe_name(written)
    assert name
    assert not name.startswith(".")
    assert not set(name) & set("/\\\0\n")
    assert len(name.encode()) <= 255


@fuzzed
@given(anything)
def test_names_of_cameras(written: str) -> None:
    refused = refusal(lambda: check_camera_name(written), ValueError)
    assert refused or not set(written) & set("/\0 \n")


@fuzzed
@given(st.data())
def test_what_is_sealed(data: st.DataObject) -> None:
    sealed = SEAL.seal(SECRET, "door")
    damaged = data.draw(mutations(sealed.encode()).map(lambda raw: raw.decode("utf-8", "replace")) | anything)
    if damaged == sealed:
        assert SEAL.open(damaged, "door") == SECRET
        return
    with pytest.raises(SealError):
        SEAL.open(damaged, "door")
