"""A password in every URL of a server that runs, with all processes beside it: nobody can see it anywhere."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from canary import PASSWORD, QUOTED, files_below, shows, values_of
from command_runs import PATIENCE_S, Cli, wait_until

from storage.connection import open_redis
from storage.errors import StorageError
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.server_binary import find_server_binary

pytestmark = pytest.mark.e2e


@pytest.fixture
def own_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server with the password."""
    folder = tmp_path_factory.mktemp("own")
    url = f"unix://:{QUOTED}@{folder}/own.sock"
    # From standard input, as its own command line would show it.
    settings = f'port 0\nunixsocket {folder}/own.sock\ndir {folder}\nsave ""\nrequirepass "{PASSWORD}"\n'
    words = [str(find_server_binary()), "-"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(settings.encode())
    process.stdin.close()

    def answers() -> bool:
        try:
            with open_redis(url, None):
                return True
        except StorageError:
            return False

    try:
        wait_until(answers, "the server")
        yield url
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def gets(client: httpx2.Client) -> list[httpx2.Response]:
    """What can be read without naming anybody, of all that there is."""
    document: dict[str, Any] = client.get("openapi.json").json()
    paths = [
        path
        for path, operations in document["paths"].items()
        if "get" in operations and "{" not in path and not path.endswith("/events")
    ]
    assert len(paths) > 10
    return [client.get(path) for path in paths]


def test_nobody_sees_it_while_all_of_it_runs(cli: Cli, own_url: str) -> None:
    with open_redis(own_url, None) as handle:
        IdentityStore(handle.client, Keys("default")).claim_model("dlib-resnet29-v1", {"pack": "open"})
    serving = cli.start(
        *("serve", "--port", "0", "-vv", "--debug", "--log-format", "json", "--redis", own_url),
        # Not preloaded: what is on the command line of such a process is not its own.
        PYTHONUNBUFFERED="1",
        FACESTREAM_SERVE_CAMERA_NETWORKS="127.0.0.0/8",
        FACESTREAM_SERVE_WEBHOOK_NETWORKS="127.0.0.1",
        HTTPS_PROXY=f"http://admin:{QUOTED}@127.0.0.1:1",
    )
    serving.wait_for("openapi.json")
    (page,) = re.findall(r"^Page: (http\S+)$", serving.stdout, re.MULTILINE)
    process = psutil.Process(serving.process.pid)
    with httpx2.Client(base_url=f"{page}/api/v1/", timeout=60) as client:
        camera = {"name": "door", "url": f"rtsp://admin:{QUOTED}@127.0.0.1:1/{QUOTED}?token={QUOTED}"}
        hook = {"url": f"http://admin:{QUOTED}@127.0.0.1:1/{QUOTED}?x={QUOTED}"}
        answers = [client.post("cameras", json=camera), client.post("webhooks", json=hook)]
        assert [answer.status_code for answer in answers] == [201, 201], answers[1].text
        hook_id = answers[1].json()["id"]

        def watched() -> bool:
            (door,) = client.get("cameras").json()["items"]
            return len(process.children()) == 2 and bool(door["last_error"])

        wait_until(watched, "a worker that can't reach the camera, and a cluster worker")
        answers += [
            client.post(f"webhooks/{hook_id}/test"),
            client.get("cameras/door/snapshot"),
            client.patch("cameras/door", json={"url": f"rtsp://admin:{PASSWORD}@127.0.0.1:99999/x"}),
            client.post("cameras", json=camera | {"name": "x", "url": f"no://{PASSWORD}"}),
            client.post("webhooks", json=hook | {"url": f"http://{PASSWORD}@127.0.0.1"}),
            client.get("people", params={"token": PASSWORD}),
            client.post("session", json={"token": PASSWORD}),
            client.post("jobs", json={"path": f"rtsp://admin:{QUOTED}@127.0.0.1:1/x"}),
            *gets(client),
        ]
    words = {each.pid: " ".join(each.cmdline()) for each in (process, *process.children(recursive=True))}
    done = serving.interrupt()

    assert [answer.url for answer in answers if shows(answer.text + str(answer.headers))] == []
    assert len(words) >= 3
    assert [line for line in words.values() if shows(line)] == []
    assert done.code == 0, done
    assert not shows(done.said), done.said
    with open_redis(own_url, None) as handle:
        assert [key for key, value in values_of(handle.client).items() if shows(value)] == []
    kept = files_below(Path(cli.data_dir).parent)
    assert kept
    assert [path for path, content in kept.items() if shows(content)] == []
