"""The option of commands that tell Prometheus how they get on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from facestream.configuration.setting_option import setting_option, was_typed

if TYPE_CHECKING:
    from facestream.metrics.given_port import GivenPort


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


def metrics_table(port: int) -> GivenPort:
    """Where to tell it: the port of the option, the address of the settings."""
    from facestream.metrics.given_port import GivenPort

    if not port:
        return GivenPort()
    from facestream.configuration.given_settings import settings

    typed = was_typed(click.get_current_context(), "metrics_port")
    return GivenPort(port=port, host=settings().metrics.host, typed=typed)
