"""Settings of the HTTP API and the web page."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from facestream.configuration.setting_field import TABLE_CONFIG, Text, setting


def listed(written: str | None) -> tuple[str, ...]:
    """The parts of a setting that are separated by commas."""
    return tuple(part for part in (piece.strip() for piece in (written or "").split(",")) if part)


def _hosts(written: str) -> str:
    for name in listed(written):
        if not re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?", name):
            raise ValueError(f"{name[:80]!r} is no name of a host, which has no scheme, port or *")
    return written


def _addresses(written: str) -> str:
    for part in listed(written):
        ipaddress.ip_network(part, strict=False)
    return written


def _networks(written: str) -> str:
    from facestream.network.address_check import networks_of

    networks_of(written)
    return written


class ServeTable(BaseModel):
    """Table [serve]: the HTTP API and the web page."""

    model_config = TABLE_CONFIG

    host: Text = setting(
        "127.0.0.1", "Address to listen on. Any but this machine's own needs tokens.", "an address or a name"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = setting(
        8765, "Port to listen on; 0 takes a free one.", "a whole number from 0 to 65535"
    )
    require_token: bool = setting(
        False, "Whether callers on this machine need a token as well.", "true or false"
    )
    allowed_hosts: Annotated[str, AfterValidator(_hosts)] | None = setting(
        None,
        "Names by which the server is reached beside this machine's own, such as that of a reverse proxy. "
        "Where there are some, everybody needs a token.",
        'host names, such as "faces.example.org, nas.local"',
    )
    trusted_proxies: Annotated[str, AfterValidator(_addresses)] | None = setting(
        None,
        "Reverse proxies that are believed whom they ask for (X-Forwarded-For, X-Forwarded-Proto). Where "
        "there are some, everybody needs a token.",
        'addresses or networks, such as "127.0.0.1, 10.0.0.0/8"',
    )
    session_hours: Annotated[float, Field(gt=0, le=8760)] = setting(
        168.0, "How long a login of the page lasts.", "a number of hours above 0 and at most 8760"
    )
    workers: Literal["auto", "none"] = setting(
        "auto",
        "Whether `serve` keeps a cluster worker beside it, and a worker while there are cameras.",
        '"auto" or "none"',
    )
    jobs: Annotated[int, Field(ge=0, le=64)] = setting(
        1, "Videos that are processed at the same time; 0: none here.", "a whole number from 0 to 64"
    )
    folders: Text | None = setting(
        None,
        "Folders of which files may be processed by path, separated by : (; on Windows).",
        "paths of folders",
    )
    upload_gb: Annotated[float, Field(gt=0, le=10000)] = setting(
        16.0, "Largest file that may be uploaded.", "a number of gigabytes above 0"
    )
    local_cameras: bool = setting(
        False, "Whether devices of this machine may be added as cameras through the API.", "true or false"
    )
    camera_networks: Annotated[str, AfterValidator(_networks)] | None = setting(
        None,
        "Networks in which cameras may be added through the API though they are of this machine or of its "
        "link.",
        'networks, such as "127.0.0.0/8, fd00::/8"',
    )
    event_clients: Annotated[int, Field(ge=1, le=10000)] = setting(
        500, "Clients that may listen to live events at once.", "a whole number from 1 to 10000"
    )
    webhook_networks: Annotated[str, AfterValidator(_networks)] | None = setting(
        None,
        "Networks that webhooks may be sent into, although they are private, of this machine or of its link.",
        'networks, such as "192.168.1.0/24, 127.0.0.1"',
    )
