"""Which cameras may be added over the network, where whoever adds one has no business on this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from facestream.address_check import Network, all_allowed, networks_of
from facestream.errors import UsageError
from facestream.settings_schema import ServeTable
from stream.camera_url import CameraUrl

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class CameraReach:
    """Where cameras may be.

    A name is looked up when it is given; that it leads elsewhere later is not noticed.

    Attributes:
        networks: Allowed although they are this machine's own, or those of its link.
        local: Whether devices of this machine, made-up cameras, and references to secrets that lie on this
            machine are allowed.
    """

    networks: Sequence[Network] = ()
    local: bool = False

    @classmethod
    def allowed_by(cls, serve: ServeTable) -> CameraReach:
        """What the settings `serve.camera_networks` and `serve.local_cameras` allow."""
        return cls(networks_of(serve.camera_networks or ""), serve.local_cameras)

    def check(self, url: CameraUrl) -> None:
        """Refuse a camera that is out of reach.

        Raises:
            UsageError: If it is; holds no secrets, and nothing that the host said.
        """
        if self.local and url.scheme not in _SCHEMES:
            return
        if url.scheme not in _SCHEMES:
            raise UsageError(
                f"cameras of this machine ({url.scheme}) can't be added here. Use `facestream camera add`, "
                "or set serve.local_cameras."
            )
        if url.references and not self.local:
            raise UsageError(
                "references such as {env:NAME} or {file:/path} can't be used here, as they would send "
                "secrets of this machine elsewhere. Write the password itself, which is sealed, or "
                "use `facestream camera add`."
            )
        if not all_allowed(_addresses(url), self.networks):
            raise UsageError(
                f"cameras can't be added at {url.host}: it leads to this machine or its link. Use "
                "`facestream camera add`, or set serve.camera_networks."
            )


def _addresses(url: CameraUrl) -> list[str]:
    """All addresses of the host of a URL.

    Raises:
        UsageError: If it has none.
    """
    try:
        found = socket.getaddrinfo(
            url.host.strip("[]"), url.port or _PORTS[url.scheme], type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise UsageError(f"the camera's host {url.host} can't be found. Check its name.") from None
    return [str(entry[4][0]) for entry in found]
