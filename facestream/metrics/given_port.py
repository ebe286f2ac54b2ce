"""The port on which a command tells how it gets on, and who said so."""

from __future__ import annotations

from facestream.configuration.settings_schema import MetricsTable


class GivenPort(MetricsTable):
    """Where a command tells it.

    Attributes:
        typed: Whether the port stands on the command line, and not just in the settings.
    """

    typed: bool = False
