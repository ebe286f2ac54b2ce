"""docker/users.acl and docker/make-secrets.sh, with a real server: who may do what in Redis."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from processes import Done, wait_until
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


def test_all_commands_that_the_code_names_are_allowed(deployed: Deployed) -> None:
    code = "".join(path.read_text() for path in (ROOT / "storage").glob("*.py"))
    called = r"redis\.call\('(\w+)'|\b(?:client|pipe|commands|self\._client|self\._commands)\.(\w+)\("
    named = {(found[1] or found[2]).lower() for found in re.finditer(called, code)}
    # Asked of the embedded server alone, and a method of Python's.
    named -= {"bgrewriteaof", "config_get", "pipeline"}
    rights = (DOCKER / "users.acl").read_text().splitlines()[-1].split()
    granted = {word[1:] for word in rights if word.startswith("+")}
    refused = {word[1:] for word in rights if word.startswith("-")} - {"@all"}
    facts = deployed.client("facestream", deployed.password).execute_command("COMMAND")
    categories = {name: {str(word) for word in fact["acl_categories"]} for name, fact in facts.items()}
    used = named & set(categories)
    assert {"hgetall", "xadd", "time", "exists"} <= used
    for name in used - {"xgroup", "xinfo", "memory"}:
        of = categories[name]
        assert name in granted or (of & granted and not of & refused), f"{name} {of}"


def test_facestream_does_all_its_work_with_that(
    deployed: Deployed, here: Here, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_CONFIG", str(deployed.settings))
    monkeypatch.setenv("FACESTREAM_SECRET_KEY_FILE", str(deployed.settings.parent / "secrets" / "camera.key"))
    here("token", "add", "me", "--scope", "admin")
    here("camera", "add", "door", "rtsp://ada:secret@127.0.0.1:9/door")
    assert "door" in here("camera", "list").stdout
    assert not (tmp_path / "data" / "camera.key").exists()
    run = here("run", "--json", media / "photos")
    people = here("people", "--json").json()
    assert len(people) == len(run.json()["people"]) == 7
    here("people", "name", "p1", "Ada")
    here("people", "merge", "p2", "p3")
    here("people", "undo")
    here("stats")
    here("dead", "list")
    here("retention", "--dry-run")
    here("backup", tmp_path / "backup.fsb")
    here("people", "forget", "p4", "--yes")
    here("collections")
    here("collections", "drop", "default", "--yes")
    here("restore", tmp_path / "backup.fsb")
    assert len(here("people", "--json").json()) == 7
