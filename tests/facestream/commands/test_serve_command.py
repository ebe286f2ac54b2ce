"""facestream serve."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable

import httpx2
import psutil
import pytest
from command_runs import Cli, Done, Started

Here = Callable[..., Done]

# A machine that does other work as well gets its time; nobody would wait for as long by accident.
SOON_S = 30.0


def address(serving: Started) -> str:
    serving.wait_for("openapi.json")
    return re.findall(r"^Page: (http://127\.0\.0\.1:[0-9]+)$", serving.stdout, re.MULTILINE)[0]


@pytest.mark.e2e
def test_serves_until_it_is_ended_also_while_somebody_is_in_the_middle_of_something(cli: Cli) -> None:
    serving = cli.start("serve", "--port", "0", "-v")
    url = address(serving)
    about = httpx2.get(f"{url}/api/v1/about", timeout=SOON_S, verify=False).json()
    assert (about["name"], about["people"], about["scope"]) == ("facestream", 0, "admin")
    assert httpx2.get(f"{url}/api/v1/people?q=1", timeout=SOON_S, verify=False).status_code == 200
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        # A body of which the rest never comes.
        connection.sendall(
            b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        time.sleep(0.3)
        began_s = time.monotonic()
        serving.process.send_signal(signal.SIGTERM)
        done = serving.end(SOON_S)
    assert time.monotonic() - began_s < SOON_S
    assert done.code == 0
    assert "Traceback" not in done.said
    assert "'default' is empty so far" in done.stderr
    assert "GET '/api/v1/about' 200" in done.stderr
    assert "q=1" not in done.said
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url, verify=False)


@pytest.mark.e2e
def test_asks_others_for_a_token_and_ends_with_ctrl_c(cli: Cli) -> None:
    token = cli("token", "add", "tablet").stdout.strip()
    serving = cli.start("serve", "--host", "0.0.0.0", "--port", "0", "--json")
    serving.wait_for("}")
    url = json.loads(serving.stdout)["page"]
    assert httpx2.get(f"{url}/healthz", verify=False).json() == {"status": "ok"}
    assert httpx2.get(f"{url}/api/v1/about", verify=False).status_code == 401
    bearing = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{url}/api/v1/about", headers=bearing, verify=False).json()["scope"] == "read"
    cli("token", "remove", "tablet")
    assert httpx2.get(f"{url}/api/v1/about", headers=bearing, verify=False).status_code == 401
    done = serving.interrupt()
    assert done.code == 0
    assert "Everybody needs a token" in done.stderr
    assert "over plain HTTP" in done.stderr
    assert token not in done.said


def test_a_port_that_is_taken_is_said(here: Here) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = here("serve", "--port", str(port), code=1).stderr
    assert f"port {port} of 127.0.0.1 is in use" in said
    assert "--port 0" in said


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no.such.name.invalid", "is no address to listen on"),
        ("203.0.113.1", "can't listen on 203.0.113.1"),
        ("", "is no address"),
    ],
)
def test_an_address_of_somebody_else_is_said(here: Here, host: str, says: str) -> None:
    assert says in here("serve", "--host", host, "--port", "0", code=2).stderr


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"FACESTREAM_SERVE_HOST": "0.0.0.0"}, "0.0.0.0 can be reached from other machines"),
        ({"FACESTREAM_SERVE_HOST": "::"}, ":: can be reached"),
        ({"FACESTREAM_SERVE_REQUIRE_TOKEN": "true"}, "the settings ask for tokens"),
        ({"FACESTREAM_SERVE_ALLOWED_HOSTS": "faces.example"}, "the settings ask for tokens"),
        ({"FACESTREAM_SERVE_TRUSTED_PROXIES": "127.0.0.1"}, "the settings ask for tokens"),
    ],
)
def test_without_any_token_others_are_not_served(
    here: Here, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], why: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = here("serve", "--port", "0", code=2).stderr
    assert why in said
    assert "token add NAME" in said


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALLOWED_HOSTS", "https://faces.example", "no name of a host|serve.allowed_hosts"),
        ("ALLOWED_HOSTS", "*", "serve.allowed_hosts|ALLOWED_HOSTS"),
        ("TRUSTED_PROXIES", "proxy.example", "TRUSTED_PROXIES"),
        ("PORT", "70000", "PORT"),
        ("UPLOAD_GB", "0", "UPLOAD_GB"),
    ],
)
def test_settings_are_checked(
    here: Here, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"FACESTREAM_SERVE_{name}", value)
    assert re.search(says, here("serve", code=2).stderr)


@pytest.mark.e2e
def test_an_embedded_server_that_was_killed_is_started_again_and_told_of_once(cli: Cli) -> None:
    serving = cli.start("serve", "--port", "0")
    url = address(serving)

    def status() -> int:
        return httpx2.get(f"{url}/api/v1/people", timeout=SOON_S, verify=False).status_code

    assert status() == 200
    servers = [psutil.Process(pid) for pid in cli.server_processes()]
    (killed,) = (process for process in servers if "guardian.py" not in " ".join(process.cmdline()))
    killed.kill()

    serving.wait_for("answers again after")
    assert status() == 200
    serving.process.send_signal(signal.SIGTERM)
    done = serving.end(SOON_S)
    assert done.code == 0
    told = [line for line in done.stderr.splitlines() if "has ended while it was needed" in line]
    assert told
    # Once by each part that noticed.
    assert len({line.split("WARNING ")[1].split(":")[0] for line in told}) == len(told)
