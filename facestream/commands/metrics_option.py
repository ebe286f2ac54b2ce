"""The option of commands that tell Prometheus how they get on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from facestream.configuration.setting_option import setting_option

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import MetricsTable


def metrics_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says on which port a command tells how it gets on."""
    return setting_option(
        "--metrics-port",
        setting="metrics.port",
        type=click.IntRange(0, 65535),
        default=0,
        show_default=True,
        metavar="PORT",
        help="Answer /metrics, /healthz and /readyz on this port of this machine; 0: don't.",
    )(command)


def metrics_table(port: int) -> MetricsTable:
    """Where to tell it: the port of the option, the address of the settings."""
    from facestream.configuration.settings_schema import MetricsTable

    if not port:
        return MetricsTable()
    from facestream.configuration.given_settings import settings

    return settings().metrics.model_copy(update={"port": port})
