"""A device for tests where none but the CPU is at hand."""

from __future__ import annotations

from workers.models.device import CPU_PROVIDER, Device


class LikeDevice(Device):
    """Is given what another device is, and runs on the CPU."""

    @property
    def provider(self) -> str:
        return CPU_PROVIDER

    def session_providers(self) -> list[tuple[str, dict[str, str]]]:
        return [(CPU_PROVIDER, {})]
