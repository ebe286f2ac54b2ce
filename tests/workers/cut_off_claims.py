"""A server that goes away while cameras are claimed."""

from __future__ import annotations

import pytest
import redis

from storage.camera_leases import CameraLeases
from storage.lease import Lease


def cut_off_at(monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Let the claim of this number, from 1, meet a broken connection; gives the cameras asked for."""
    claim, asked = CameraLeases.claim, list[str]()

    def cut_off(leases: CameraLeases, name: str) -> Lease | None:
        asked.append(name)
        if len(asked) == number:
            raise redis.exceptions.ConnectionError("cut off")
        return claim(leases, name)

    monkeypatch.setattr(CameraLeases, "claim", cut_off)
    return asked
