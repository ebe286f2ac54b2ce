"""Which cameras may be added over the network, where whoever adds one has no business on this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from facestream.configuration.serve_table import ServeTable
from facestream.errors import UsageError
from facestream.network.address_check import Network, all_allowed, networks_of
from stream.camera_url import PORTS, CameraUrl
from stream.errors import CameraRefusedError, CameraUnreachableError


@dataclass(frozen=True, slots=True)
class CameraReach:
    """Where cameras may be.

    A name is looked up when it is given, and again before every connection. What connects looks it up once
    more: a name server that answers otherwise within these milliseconds is not noticed.

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
        if self.local and url.scheme not in PORTS:
            return
        if url.scheme not in PORTS:
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
        try:
            within = self._reaches(url.host, url.port or PORTS[url.scheme])
        except (OSError, UnicodeError):
            raise UsageError(f"the camera's host {url.host} can't be found. Check its name.") from None
        if not within:
            raise UsageError(
                f"cameras can't be added at {url.host}: it leads to this machine or its link. Use "
                "`facestream camera add`, or set serve.camera_networks."
            )

    def check_host(self, host: str, port: int) -> None:
        """Refuse a connection that is out of reach by now: `stream.live_settings.LiveSettings.check_host`.

        Raises:
            CameraRefusedError: If it is.
            CameraUnreachableError: If the host can't be found.
        """
        try:
            within = self._reaches(host, port)
        except (OSError, UnicodeError):
            raise CameraUnreachableError(f"the host {host} can't be found") from None
        if not within:
            raise CameraRefusedError(
                f"{host} leads to this machine or its link by now, and the camera was added over the network."
                " Set serve.camera_networks where that is meant"
            )

    def _reaches(self, host: str, port: int) -> bool:
        """Whether all addresses of a host are in reach; `OSError` or `UnicodeError` if it has none."""
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        return all_allowed([str(entry[4][0]) for entry in found], self.networks)
