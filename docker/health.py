#!/opt/facestream/bin/python
"""Asks the process of this container how it is: the health check of the image.

`facestream-health` asks whether it is alive, `facestream-health readyz` whether it is ready for work. Which
port it is on follows from the command of the container and from FACESTREAM_SERVE_PORT or
FACESTREAM_METRICS_PORT; ports that are typed as options are not seen. A command without a port (`run`,
`token`) is taken for well: its exit code tells.
"""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path

_TIMEOUT_S = 4.0
_SERVE_PORT = "8765"


def port_of(words: list[str], environ: dict[str, str]) -> int:
    """The port that a command line answers on, 0 for none."""
    if "serve" in words:
        return int(environ.get("FACESTREAM_SERVE_PORT") or _SERVE_PORT)
    return int(environ.get("FACESTREAM_METRICS_PORT") or 0)


def ask(port: int, path: str) -> str:
    """What is wrong, or nothing where all is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace").strip()
    except OSError as error:
        return f"port {port} doesn't answer: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else text


def main() -> int:
    """Exit code 0 where all is well, else 1 and the reason, which `docker inspect` shows."""
    words = Path("/proc/1/cmdline").read_text(encoding="utf-8").split("\0")
    port = port_of(words, dict(os.environ))
    trouble = ask(port, f"/{(sys.argv[1:] or ['healthz'])[0]}") if port else ""
    if trouble:
        sys.stdout.write(f"{trouble}\n")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
