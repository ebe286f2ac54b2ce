"""A real browser without a window, driven over WebDriver with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
# No reply takes longer; a loaded machine starts a browser slowly.
_PATIENCE_S = 120.0
# Its own server must be reached, whatever proxy is set.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def browser_is_missing() -> str:
    """Why there is no browser, or nothing."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not on the PATH" if missing else ""


class Browser:
    """Chromium showing local files; a context manager that ends it.

    Args:
        profile: New folder for what it stores.
        width_px: Width of its window, as on a phone or a desk.
        height_px: Height of it.
    """

    def __init__(self, profile: Path, width_px: int, height_px: int) -> None:
        self._profile = profile
        self._screen = {"width": width_px, "height": height_px, "pixelRatio": 1, "touch": width_px < 600}

    def __enter__(self) -> Self:
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            self._address = f"http://127.0.0.1:{self._port()}"
            options = {
                "binary": shutil.which("chromium"),
                "args": [*_FLAGS, f"--user-data-dir={self._profile}"],
                # Chromium's own window is never as narrow as a phone.
                "mobileEmulation": {"deviceMetrics": self._screen},
            }
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            reply = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._session = f"/session/{reply['sessionId']}"
        except BaseException:
            self._end_driver()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._call("DELETE", self._session)
        finally:
            self._end_driver()

    def _end_driver(self) -> None:
        self._driver.terminate()
        self._driver.communicate(timeout=_PATIENCE_S)

    def _port(self) -> int:
        assert self._driver.stdout
        for line in self._driver.stdout:
            if "started successfully on port" in line:
                return int(line.rstrip(".\n").rpartition(" ")[2])
        raise AssertionError("chromedriver ended")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self._address + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        with _OPENER.open(request, timeout=_PATIENCE_S) as reply:
            return json.load(reply)["value"]

    def show(self, page: Path) -> None:
        """Open a file, and wait until it is there."""
        self._call("POST", f"{self._session}/url", {"url": page.as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript, as the body of a function."""
        return self._call(
            "POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)}
        )

    def complaints(self) -> list[str]:
        """What was written to the console since the last call."""
        log = self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in log]

    def screenshot(self) -> bytes:
        """PNG of what the window shows."""
        return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))
