"""Downloads from a real server, which does what servers do."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from file_server import Fault, FileServer, closed_port, file_server
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import DownloadError
from workers.models.download import Fetched, Patience, download
from workers.models.part_file import PartFile
from workers.models.web_address import next_url, shown_url

CONTENT = bytes(range(8, 108)) * 8000
SUM = hashlib.sha256(CONTENT).hexdigest()
OPENSSL = shutil.which("openssl")
QUICK = Patience(connect_s=60, read_s=60, tries=3, first_pause_s=0.001, longest_pause_s=0.002)
ONCE = Patience(connect_s=60, read_s=60, tries=1)


@pytest.fixture(autouse=True)
def _without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def site() -> Iterator[FileServer]:
    with file_server() as server:
        server.files["model.onnx"] = CONTENT
        yield server


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "parts" / "model.onnx"


def refused(url: str, part: Path, **options: object) -> str:
    """What is said of a download that fails."""
    patience = options.pop("patience", QUICK)
    with pytest.raises(DownloadError) as caught:
        download(url, part, patience=patience, **options)  # type: ignore[arg-type]
    assert caught.value.url == shown_url(url)
    return str(caught.value)


# What goes well -------------------------------------------------------------------------------------------


def test_a_file_is_there_as_the_server_has_it(site: FileServer, part: Path) -> None:
    told: list[tuple[int, int]] = []
    fetched = download(
        site.address + "model.onnx",
        part,
        size_bytes=len(CONTENT),
        sha256=SUM,
        tell=lambda *now: told.append(now),
    )
    assert fetched == Fetched(site.address + "model.onnx", len(CONTENT), SUM)
    assert part.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_without_a_known_checksum_the_one_that_is_seen_is_told(site: FileServer, part: Path) -> None:
    assert download(site.address + "model.onnx", part).sha256 == SUM


def test_what_breaks_off_goes_on_where_it_stopped(site: FileServer, part: Path) -> None:
    site.faults = [Fault(after_bytes=300_000), Fault(after_bytes=300_000)]
    download(site.address + "model.onnx", part, sha256=SUM, patience=QUICK)
    assert part.read_bytes() == CONTENT
    (_, first, _), (_, second, condition), (_, third, _) = site.asked
    assert first is None
    assert second is not None
    assert third is not None
    assert 0 < int(second[6:-1]) < int(third[6:-1])
    assert condition == site.etag(CONTENT)


def test_an_interrupted_download_goes_on_in_the_next_process(site: FileServer, part: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == len(CONTENT)
        if done > 400_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(site.address + "model.onnx", part, tell=interrupt)
    there = part.stat().st_size
    assert there > 400_000

    download(site.address + "model.onnx", part, sha256=SUM)

    assert part.read_bytes() == CONTENT
    assert site.asked[-1] == ("/model.onnx", f"bytes={there}-", site.etag(CONTENT))


def test_a_file_that_has_changed_meanwhile_begins_anew(site: FileServer, part: Path) -> None:
    site.faults = [Fault(after_bytes=300_000)]
    refused(site.address + "model.onnx", part, patience=ONCE)
    other = CONTENT[::-1]
    site.files["model.onnx"] = other
    fetched = download(site.address + "model.onnx", part)
    assert part.read_bytes() == other
    assert fetched.size_bytes == len(other)


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_where_nothing_tells_versions_apart_it_begins_anew(
    site: FileServer, part: Path, tag: str | None
) -> None:
    site.etag = lambda _content: tag
    site.faults = [Fault(after_bytes=300_000)]
    download(site.address + "model.onnx", part, sha256=SUM, patience=QUICK)
    assert [asked[1] for asked in site.asked] == [None, None]


def test_another_address_begins_anew(site: FileServer, part: Path) -> None:
    site.files["mirror.onnx"] = CONTENT
    site.faults = [Fault(after_bytes=300_000)]
    refused(site.address + "model.onnx", part, patience=ONCE)
    download(site.address + "mirror.onnx", part, sha256=SUM)
    assert site.asked[-1] == ("/mirror.onnx", None, None)


def test_what_was_damaged_on_this_side_is_fetched_anew(site: FileServer, part: Path) -> None:
    site.faults = [Fault(after_bytes=300_000)]
    refused(site.address + "model.onnx", part, patience=ONCE)
    part.write_bytes(b"\x08" * part.stat().st_size)
    download(site.address + "model.onnx", part, sha256=SUM)
    assert part.read_bytes() == CONTENT
    assert [asked[1] is None for asked in site.asked] == [True, False, True]


def test_a_process_that_ended_before_the_check_leaves_a_whole_file(site: FileServer, part: Path) -> None:
    site.faults = [Fault(after_bytes=300_000)]
    refused(site.address + "model.onnx", part, patience=ONCE)
    part.write_bytes(CONTENT)
    download(site.address + "model.onnx", part, sha256=SUM)
    assert part.read_bytes() == CONTENT
    assert site.asked[-1][1] == f"bytes={len(CONTENT)}-"


def test_a_file_that_is_whole_is_not_sent_again(site: FileServer, part: Path) -> None:
    for _ in range(2):
        download(site.address + "model.onnx", part, sha256=SUM)
    assert [asked[1] for asked in site.asked] == [None, f"bytes={len(CONTENT)}-"]
    PartFile(part, site.address).clear()
    assert list(part.parent.iterdir()) == []


def test_a_server_that_is_busy_is_asked_again(site: FileServer, part: Path) -> None:
    site.faults = [Fault(status=503, headers={"Retry-After": "0"}), Fault(status=429)]
    download(site.address + "model.onnx", part, sha256=SUM, patience=QUICK)
    assert len(site.asked) == 3


def test_redirects_are_followed(site: FileServer, part: Path) -> None:
    site.faults = [Fault(status=302, headers={"Location": "/model.onnx?signed=1"}, body=b"")]
    download(site.address + "latest", part, sha256=SUM)
    assert [asked[0] for asked in site.asked] == ["/latest", "/model.onnx?signed=1"]


def test_a_proxy_of_the_environment_is_asked(
    site: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy is asked with the whole address.
    site.files["http://models.invalid/model.onnx"] = CONTENT
    monkeypatch.setenv("http_proxy", site.address)
    download("http://models.invalid/model.onnx", part, sha256=SUM)
    assert site.asked[0][0] == "http://models.invalid/model.onnx"


# What goes wrong ------------------------------------------------------------------------------------------


def test_a_wrong_checksum_leaves_nothing(site: FileServer, part: Path) -> None:
    said = refused(site.address + "model.onnx", part, sha256="0" * 64)
    assert f"its sha256 is {SUM}, and not {'0' * 64}" in said
    assert not part.exists()


def test_a_file_of_another_size_is_not_even_begun(site: FileServer, part: Path) -> None:
    said = refused(site.address + "model.onnx", part, size_bytes=5)
    assert "has 800,000 bytes, and the file that is wanted has 5" in said
    assert not part.exists()


def test_more_than_was_announced_is_not_taken(site: FileServer, part: Path) -> None:
    # Until the connection ends, as no length is said.
    site.faults = [Fault(headers={"Content-Length": ""}, after_bytes=800_000)]
    assert "sends more than 5 bytes" in refused(site.address + "model.onnx", part, size_bytes=5)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "a web page"),
        (b"\n  <html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:8f23", "a Git LFS pointer"),
        (b"\x80\x04\x95rest of a pickle", "a Python pickle"),
        (b"", "empty"),
    ],
)
def test_what_is_no_model_is_named_and_not_kept(
    site: FileServer, part: Path, body: bytes, reason: str
) -> None:
    site.files["model.onnx"] = body
    assert reason in refused(site.address + "model.onnx", part)
    assert not part.exists()


def test_a_web_page_is_known_by_its_kind_before_it_is_read(site: FileServer, part: Path) -> None:
    site.faults = [Fault(headers={"Content-Type": "text/html; charset=utf-8"})]
    assert "a web page came instead of a model" in refused(site.address + "model.onnx", part)
    assert not part.exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=404), "is not there"),
        (Fault(status=403), "may not be read"),
        (Fault(status=401), "needs a login"),
        (Fault(status=407), "the proxy wants a login"),
        (Fault(status=418), "the server answers 418"),
        (Fault(headers={"Content-Encoding": "gzip"}), "is sent compressed"),
        (
            Fault(status=302, headers={"Location": "ftp://127.0.0.1/model.onnx"}, body=b""),
            "no address of a file",
        ),
        (Fault(headers={"Content-Length": str(5 << 30)}, after_bytes=0), "too many for models"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_will_not_change_is_told_at_once(
    site: FileServer, part: Path, fault: Fault, reason: str
) -> None:
    site.faults = [fault]
    assert reason in refused(site.address + "model.onnx", part)
    assert len(site.asked) == 1


def test_redirects_without_end_end(site: FileServer, part: Path) -> None:
    site.faults = [Fault(status=302, headers={"Location": "/model.onnx"}, body=b"")] * 20
    assert "without end" in refused(site.address + "model.onnx", part)
    assert len(site.asked) < 20


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=502), "the server answers 502"),
        (Fault(after_bytes=0), "the connection broke off"),
        (Fault(status=206, headers={"Content-Range": "bytes 5-9/10"}), "other bytes than those"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_may_pass_is_tried_as_often_as_said(
    site: FileServer, part: Path, fault: Fault, reason: str
) -> None:
    site.faults = [fault] * 9
    said = refused(site.address + "model.onnx", part)
    assert reason in said
    assert "3 times in a row" in said
    assert len(site.asked) == 3


def test_a_server_that_stops_sending_is_not_waited_for(site: FileServer, part: Path) -> None:
    site.faults = [Fault(after_bytes=300_000, stalls=True)]
    patience = Patience(connect_s=60, read_s=0.2, tries=1)
    assert "does not go on sending" in refused(site.address + "model.onnx", part, patience=patience)
    assert part.stat().st_size > 0


def test_a_server_that_does_not_answer_is_not_waited_for(part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/model.onnx"
        patience = Patience(connect_s=60, read_s=0.2, tries=1)
        assert "the server does not answer" in refused(url, part, patience=patience)


def test_a_server_that_is_not_there_is_asked_twice(part: Path) -> None:
    said = refused(f"http://127.0.0.1:{closed_port()}/model.onnx", part)
    assert "the server refuses the connection, and so 2 times in a row" in said


def test_an_unknown_name_is_told_as_such(part: Path) -> None:
    assert "the name of the server is not known" in refused("http://models.invalid/model.onnx", part)


def test_a_proxy_that_is_not_there_is_told_as_such(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://user:hidden@127.0.0.1:{closed_port()}")
    said = refused("https://models.invalid/model.onnx", part)
    assert "the proxy of HTTPS_PROXY" in said
    assert "hidden" not in said


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "https://", "http://[", "x", "http://h:99999/"]
)
def test_what_is_no_address_is_refused(url: str, part: Path) -> None:
    assert "not an address of a file" in refused(url, part)
    assert not part.parent.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_says_what_to_do(site: FileServer, part: Path) -> None:
    part.parent.mkdir()
    part.symlink_to("/dev/full")
    said = refused(site.address + "model.onnx", part)
    assert said == (
        f"{part.parent}: the disk is full. Free some space, then run the same command again: it goes on "
        "where it stopped."
    )


def test_too_little_space_is_told_before_anything_is_written(site: FileServer, part: Path) -> None:
    site.faults = [Fault(headers={"Content-Length": ""})]
    assert "bytes are needed and" in refused(site.address + "model.onnx", part, size_bytes=1 << 60)
    assert not part.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(site: FileServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "can't be written" in refused(site.address + "model.onnx", tmp_path / "parts" / "model.onnx")


def test_two_processes_do_not_write_one_file(site: FileServer, part: Path) -> None:
    def another(_done: int, _total: int) -> None:
        assert "is being downloaded by another process" in refused(site.address + "model.onnx", part)

    download(site.address + "model.onnx", part, sha256=SUM, tell=another)
    assert part.read_bytes() == CONTENT


def test_secrets_of_addresses_are_neither_told_nor_kept(site: FileServer, part: Path) -> None:
    url = site.address.replace("//", "//user:hidden@") + "model.onnx?token=hidden"
    site.faults = [Fault(after_bytes=300_000)]
    said = refused(url, part, patience=ONCE)
    assert "model.onnx" in said
    kept = [path.read_text() for path in part.parent.glob("*.json")]
    assert json.loads(kept[0])["validator"] == site.etag(CONTENT)
    assert not any("hidden" in text for text in (said, *kept))
    assert "hidden" not in download(url, part, sha256=SUM).url


def test_secrets_of_addresses_are_not_in_the_log(
    site: FileServer, part: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.NOTSET)
    download(site.address + "model.onnx?token=hidden", part, sha256=SUM)
    assert site.asked[0][0] == "/model.onnx?token=hidden"
    assert "hidden" not in caplog.text


def test_secrets_of_addresses_are_not_in_tracebacks(part: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        download(f"http://127.0.0.1:{closed_port()}/m?token={'hidden'}", part, patience=ONCE)
    # Lines of this file are shown as well.
    assert "token=hidden" not in "".join(traceback.format_exception(caught.value))


# Encrypted ------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed, with its key."""
    path = tmp_path / "certificate.pem"
    if OPENSSL is None:
        pytest.skip("there is no openssl to make a certificate with")
    wanted = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [OPENSSL, "req", *wanted.split(), "-keyout", tmp_path / "key.pem", "-out", path],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture
def safe_site(certificate: Path) -> Iterator[FileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with file_server(context) as server:
        server.files["model.onnx"] = CONTENT
        yield server


def test_a_certificate_that_nobody_has_signed_is_not_trusted(safe_site: FileServer, part: Path) -> None:
    said = refused(safe_site.address + "model.onnx", part)
    assert "its certificate can't be verified" in said
    assert "REQUESTS_CA_BUNDLE" in said
    assert safe_site.asked == []


def test_no_redirect_leads_from_https_to_http(
    safe_site: FileServer, site: FileServer, part: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    download(safe_site.address + "model.onnx", part, sha256=SUM)
    safe_site.faults = [Fault(status=302, headers={"Location": site.address + "model.onnx"}, body=b"")]
    assert "which is not encrypted" in refused(safe_site.address + "latest", part)
    assert site.asked == []


# Addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "location", "leads_to"),
    [
        ("https://a/x/y", "z", "https://a/x/z"),
        ("https://a/x", "https://b/y?s=1", "https://b/y?s=1"),
        ("http://a/x", "http://b/y", "http://b/y"),
        ("http://a/x", "https://b/y", "https://b/y"),
    ],
)
def test_redirects_lead_where_they_say(url: str, location: str, leads_to: str) -> None:
    assert next_url(url, location) == leads_to


@pytest.mark.parametrize("location", ["http://a/x", "//a:x", "file:///x", "HTTP://b/?secret"])
def test_an_encrypted_connection_is_never_left(location: str) -> None:
    with pytest.raises(DownloadError) as caught:
        next_url("https://a/x", location)
    assert "secret" not in str(caught.value)


@given(st.text(), st.text(min_size=5), st.text())
def test_an_address_is_shown_without_its_secrets(host: str, secret: str, path: str) -> None:
    shown_url(host + secret)
    url = f"https://user:{quote(secret, safe='')}_secret@host.invalid/{quote(path)}?key={secret}_secret"
    shown = shown_url(url)
    assert "_secret" not in shown.removeprefix(f"https://host.invalid/{quote(path)}")
    assert "user" not in shown.removesuffix(quote(path))
