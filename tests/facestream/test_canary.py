"""A password in any URL or setting is seen nowhere: not in logs, errors, Redis, files or reports."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from canary import PASSWORD, QUOTED, WORD, files_below, shows, values_of
from command_runs import Done

from facestream.__main__ import main
from facestream.configuration.settings_schema import fields
from facestream.log_format import FORMATS
from storage.connection import open_redis
from storage.datafolder import DataFolder

Here = Callable[..., Done]
Say = Callable[..., str]

URLS = (
    "{scheme}://admin:{quoted}@{place}/live",
    "{scheme}://{quoted}@{place}/live",
    "{scheme}://{place}/{path}/live?token={quoted}&password={quoted}",
    "{scheme}://admin:{raw}@{place}/live",
    "{scheme}://{raw}@{place}",
    "{scheme}://admin:{quoted}@{place}:99999/live",
    "{scheme}://admin:{quoted}@/live",
    "no{scheme}://admin:{quoted}@{place}/live",
    "{scheme}:/admin:{quoted}@{place}/live",
    "admin:{raw}@{place}",
)


def urls(scheme: str, place: str, *, secret_path: bool = True) -> list[str]:
    raw, path = PASSWORD.replace(" ", ""), QUOTED if secret_path else "x"
    return [url.format(scheme=scheme, place=place, quoted=QUOTED, raw=raw, path=path) for url in URLS]


@pytest.fixture
def closed_place() -> Iterator[str]:
    """Host and port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def say(here: Here, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command, saying all it can, however it ends; what it said must not show the password."""
    assert callable(here)
    formats = cycle(FORMATS)

    def call(*words: str | Path) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main([*map(str, words), "-vv", "--debug", "--log-format", next(formats)])
        said = "".join(capsys.readouterr())
        assert not shows(said), f"{words}: {said}"
        return said

    return call


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def assert_nothing_is_kept(data: Path, *more: Path) -> None:
    with open_redis(None, DataFolder(data)) as handle:
        assert [key for key, value in values_of(handle.client).items() if shows(value)] == []
    assert [path for path, content in files_below(data, *more).items() if shows(content)] == []


def test_it_is_looked_for_in_any_form() -> None:
    for text in (PASSWORD, QUOTED, f"x{WORD.lower()}", WORD.encode().hex()):
        assert shows(text), text
    for before in range(5):
        assert shows(base64.b64encode(b"a" * before + WORD.encode() + b":zz"))
    assert not shows("a canary")


def test_urls_of_cameras(
    say: Say, data: Path, tmp_path: Path, closed_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setenv("DOOR_PASSWORD", PASSWORD)
    with open_redis(None, DataFolder(data)):
        said = [say("camera", "add", f"c{n}", url) for n, url in enumerate(urls("rtsp", closed_place))]
        assert sum("is added" in each for each in said) >= 3
        say(
            "camera", "add", "web", urls("http", closed_place)[0], "--sub-url", urls("https", closed_place)[2]
        )
        say("camera", "add", "ref", f"rtsp://admin:{{env:DOOR_PASSWORD}}@{closed_place}/live")
        say("camera", "set", "c0", "--url", urls("rtsps", closed_place)[0], "--no-test")
        for name in ("c0", "ref"):
            say("camera", "test", name)
            say("camera", "show", name)
            say("camera", "snapshot", name, "-o", out / "snapshot.jpg")
        say("camera", "list", "--json")
        (tmp_path / "cameras.toml").write_text(
            "".join(f"[[camera]]\nname = 'n{n}'\nurl = '{url}'\n" for n, url in enumerate(urls("rtsp", "h")))
        )
        say("camera", "import", tmp_path / "cameras.toml")
        for url in urls("rtsp", closed_place):
            say("run", url, "--for", "0.2")
        say("watch", "--for", "0.2", "--json")
        say("backup", out / "all.facestream")
        say("collections")
        (tmp_path / "cameras.toml").unlink()
        assert_nothing_is_kept(data, out)


def test_urls_and_secrets_of_webhooks(
    say: Say, data: Path, tmp_path: Path, closed_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_SERVE_WEBHOOK_NETWORKS", "127.0.0.1")
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD * 2)
    with open_redis(None, DataFolder(data)):
        for url in urls("http", closed_place):
            say("webhook", "add", url, "--secret-file", secret)
        listed = say("webhook", "list")
        ids = [word for word in listed.split() if word.startswith("w") and len(word) == 13]
        assert ids
        for webhook_id in ids:
            say("webhook", "test", webhook_id)
        say("webhook", "list", "--json")
        say("webhook", "remove", ids[0], "--yes")
        say("backup", tmp_path / "all.facestream")
        secret.unlink()
        assert_nothing_is_kept(data, tmp_path)


def test_urls_of_redis(say: Say, closed_place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for scheme in ("redis", "rediss", "unix"):
        # The path of a socket is none.
        for url in urls(scheme, closed_place, secret_path=scheme != "unix"):
            said = say("people", "--redis", url)
            assert "rror" in said
            monkeypatch.setenv("FACESTREAM_REDIS", url)
            say("people")
            say("config", "show")
            say("config", "check")
            monkeypatch.delenv("FACESTREAM_REDIS")
            file = tmp_path / "facestream.toml"
            file.write_text(f"redis = '{url}'\n")
            monkeypatch.setenv("FACESTREAM_CONFIG", str(file))
            say("people")
            say("config", "show", "--json")
            monkeypatch.delenv("FACESTREAM_CONFIG")


def test_any_setting_that_holds_one_by_mistake(
    say: Say, closed_place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "facestream.toml"
    wrong = [
        f'"redis://admin:{QUOTED}@{closed_place}"',
        f'"admin:{PASSWORD}@host"',
        f"[ '{PASSWORD}'",
        PASSWORD,
    ]
    for key in fields():
        *table, name = key.split(".")
        monkeypatch.setenv(
            f"FACESTREAM_{key.replace('.', '_').upper()}", f"redis://u:{QUOTED}@{closed_place}"
        )
        say("config", "check")
        monkeypatch.delenv(f"FACESTREAM_{key.replace('.', '_').upper()}")
        for value in wrong:
            file.write_text("".join(f"[{each}]\n" for each in table) + f"{name} = {value}\n")
            say("config", "check", file)
    for text in (f'"{PASSWORD}" = 1\n', f'["{PASSWORD}"]\n'):
        file.write_text(text)
        say("config", "check", file)


def test_proxies_and_mirrors_of_models(
    say: Say, closed_place: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://admin:{QUOTED}@{closed_place}")
    say("models", "pull", "sface")
    for url in urls("http", closed_place, secret_path=False):
        say("models", "pull", "sface", "--from", f"{url}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for url in urls("https", closed_place, secret_path=False):
        say("models", "pull", "sface", "--from", url)
    assert [path for path, content in files_below(data).items() if shows(content)] == []
