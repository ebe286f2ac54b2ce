"""docker/users.acl and docker/make-secrets.sh, with a real server: who may do what in Redis."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from command_runs import Done, wait_until
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.server_binary import find_server_binary

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
Here = Callable[..., Done]


@dataclass(frozen=True)
class Deployed:
    port: int
    password: str
    settings: Path

    def client(self, user: str, password: str) -> redis.Redis:
        # Refused once is refused: nothing is tried again.
        return redis.Redis(
            port=self.port, username=user, password=password, protocol=2, retry=Retry(NoBackoff(), 0)
        )

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client("health", "none").ping())
        return False


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A server as docker/ runs it, with secrets of its own."""
    folder = tmp_path_factory.mktemp("docker")
    for name in ("make-secrets.sh", "users.acl"):
        shutil.copy(DOCKER / name, folder)
    for _ in range(2):
        # Once more changes nothing.
        subprocess.run(["sh", folder / "make-secrets.sh"], check=True)
    secrets = folder / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shipped = (DOCKER / "kubernetes" / "valkey.conf").read_text()
    config = re.sub(r"^(port|dir) .*$", "", shipped, flags=re.MULTILINE)
    (folder / "valkey.conf").write_text(f"{config}\nport {port}\nbind 127.0.0.1\ndir {folder}\n")
    words = [str(find_server_binary()), str(folder / "valkey.conf"), "--aclfile", str(secrets / "users.acl")]
    with (folder / "log").open("wb") as log, subprocess.Popen(words, stdout=log) as server:
        try:
            written = (secrets / "facestream.toml").read_text()
            settings = folder / "facestream.toml"
            settings.write_text(written.replace("@redis:6379", f"@127.0.0.1:{port}"))
            found = re.search(r"facestream:(\w{64})@redis", written)
            assert found is not None
            made = Deployed(port, found[1], settings)
            wait_until(lambda: server.poll() is not None or made.answers(), "the server")
            assert server.poll() is None, (folder / "log").read_text()
            yield made
        finally:
            server.kill()


def test_who_has_no_password_may_do_nothing_and_admin_everything(deployed: Deployed) -> None:
    nobody = redis.Redis(port=deployed.port, protocol=2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.AuthenticationError):
        nobody.get("fs:{default}:meta")
    with pytest.raises(redis.AuthenticationError):
        deployed.client("facestream", "guessed").ping()
    health = deployed.client("health", "none")
    assert health.ping()
    admin = (deployed.settings.parent / "secrets" / "admin.password").read_text().strip()
    assert deployed.client("admin", admin).config_get("appendfsync")["appendfsync"] == "always"
    with pytest.raises(redis.exceptions.NoPermissionError):
        health.get("fs:{default}:meta")


@pytest.mark.parametrize(
    "words",
    [
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("CONFIG", "SET", "dir", "elsewhere"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("BGREWRITEAOF",),
        ("MONITOR",),
        ("REPLICAOF", "host", "1"),
        ("PUBLISH", "somewhere", "x"),
        ("GET", "others:key"),
        ("SET", "others:key", "x"),
        ("EVAL", "return redis.call('GET', 'others:key')", "0"),
        ("COPY", "fs:{a}:b", "others:key"),
    ],
    ids=" ".join,
)
def test_facestream_may_do_no_more_than_it_needs(deployed: Deployed, words: tuple[str, ...]) -> None:
    client = deployed.client("facestream", deployed.password)
    client.set("fs:{a}:b", "x")
    with pytest.raises(redis.ResponseError, match=r"permission|ACL failure|can't run|NOPERM"):
        client.execute_command(*words)


def test_facestream_has_the_rights_that_are_documented() -> None:
    # That these are enough for everything, and none too much, is tested where they are documented.
    page = (ROOT / "docs" / "redis.md").read_text()
    ours, theirs = (
        re.findall(r"^user facestream on \S+ (.*)$", text, re.MULTILINE)
        for text in ((DOCKER / "users.acl").read_text(), page)
    )
    assert ours == theirs
    assert len(ours) == 1


def test_facestream_works_with_the_secrets_as_they_are_mounted(
    deployed: Deployed, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_CONFIG", str(deployed.settings))
    monkeypatch.setenv("FACESTREAM_SECRET_KEY_FILE", str(deployed.settings.parent / "secrets" / "camera.key"))
    here("token", "add", "me", "--scope", "admin")
    here("camera", "add", "door", "rtsp://ada:secret@127.0.0.1:9/door")
    assert "door" in here("camera", "list").stdout
    monkeypatch.setenv("FACESTREAM_DATA_KEY_FILE", str(deployed.settings.parent / "secrets" / "data.key"))
    here("encryption", "on", "--yes")
    assert json.loads(here("encryption", "--json").stdout)["encrypted"]
    # No container has a key of its own, with which the others could open nothing.
    assert not [path.name for path in (tmp_path / "data").glob("*.key")]
    here("collections", "drop", "default", "--yes")
